# Runs on the host, as root, at the far end of one ssh channel: answers commands until its input
# ends. It writes no file, so a full or read-only disk does not silence it. perl-base is essential
# on Debian, so it needs nothing installed.
#
# in:  first line = token; then frames: length (32 bit, network order), command
# out: "\n<token>\n", so that whatever start-up files print before is told apart;
#      then a frame each: exit status, length of stdout, length of stderr (32 bit), both texts
# Answers to quick commands go together: each packet costs the asking side more than its content.
use strict;
use warnings;

my $timeout = 120;
my $patience = 0.1;      # seconds of a command without output, after which those before it are sent
my $most_held = 32768;
$ENV{PATH} = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';    # sudo may leave a user's own
$ENV{SYSTEMD_BUS_TIMEOUT} = '110s';    # systemctl gives up after 25 seconds; a busy host may need more
binmode STDIN;
binmode STDOUT;
$| = 1;

sub read_exactly {
    my ($length) = @_;
    my $data = '';
    while (length $data < $length) {
        my $got = sysread STDIN, $data, $length - length $data, length $data;
        return undef unless $got;
    }
    return $data;
}

sub write_all {
    my ($data) = @_;
    while (length $data) {
        my $done = syswrite STDOUT, $data;
        exit 1 unless $done;
        substr $data, 0, $done, '';
    }
}

my $held = '';
my $held_since = 0;

sub hold {
    my ($data) = @_;
    $held_since = time unless length $held;
    $held .= $data;
}

sub send_held {
    write_all($held);
    $held = '';
}

sub has_input {
    my $bits = '';
    vec($bits, fileno STDIN, 1) = 1;
    return select $bits, undef, undef, 0;
}

sub answer {
    my ($command) = @_;
    pipe my $out_read, my $out_write or die "pipe: $!";
    pipe my $err_read, my $err_write or die "pipe: $!";
    my $child = fork;
    die "fork: $!" unless defined $child;
    if (!$child) {
        setpgrp;
        open STDIN,  '<',  '/dev/null';
        open STDOUT, '>&', $out_write;
        open STDERR, '>&', $err_write;
        # A program and plain words need no shell. What no program is, as `command`, is the shell's own, and so
        # is echo, whose program reads -e and -E.
        if ($command =~ m{^(?!echo )[\w/.,:\@%+-]+(?: [\w/.,:=\@%+-]+)+$}) {
            no warnings 'exec';
            exec split / /, $command;
        }
        exec '/bin/sh', '-c', $command;
        exit 127;
    }
    close $out_write;
    close $err_write;
    my %text = (fileno $out_read => '', fileno $err_read => '');
    my %open = (fileno $out_read => $out_read, fileno $err_read => $err_read);
    my $deadline = time + $timeout;
    while (%open) {
        my $bits = '';
        vec($bits, $_, 1) = 1 for keys %open;
        my $left = $deadline - time;
        if (length $held) {
            my $ready = $bits;
            if (!select $ready, undef, undef, $patience) {
                send_held();
                next;
            }
        }
        if ($left <= 0 or !select $bits, undef, undef, $left) {
            kill 'KILL', -$child;
            $text{ fileno $err_read } .= "no answer within $timeout seconds\n";
            waitpid $child, 0;
            return (124, $text{ fileno $out_read }, $text{ fileno $err_read });
        }
        for my $number (keys %open) {
            next unless vec $bits, $number, 1;
            my $got = sysread $open{$number}, $text{$number}, 65536, length $text{$number};
            delete $open{$number} unless $got;
        }
    }
    waitpid $child, 0;
    my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    return ($status, $text{ fileno $out_read }, $text{ fileno $err_read });
}

my $token = '';
while (sysread STDIN, my $character, 1) {
    last if $character eq "\n";
    $token .= $character;
}
write_all("\n$token\n");
while (1) {
    send_held() if length $held > $most_held or time > $held_since + 1 or !has_input();
    my $header = read_exactly(4);
    last unless defined $header;
    my $command = read_exactly(unpack 'N', $header);
    last unless defined $command;
    my ($status, $out, $err) = answer($command);
    hold(pack('NNN', $status, length $out, length $err) . $out . $err);
}
send_held();
