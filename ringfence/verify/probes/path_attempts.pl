# Tries connections. `here PID HERE… -- AWAY… -- PORT…`: between two network namespaces, in both directions;
# prints `in|out tcp|udp PEER PORT open|closed`. `peers ADDRESS,PORT…`: to other hosts; prints
# `peer ADDRESS PORT reached|closed here|closed there|no answer`. perl-base has all of it.
use strict;
use warnings;
use Errno qw(EINPROGRESS ECONNREFUSED ENETUNREACH EHOSTUNREACH EACCES);
use Fcntl;
use IO::Select;
use Socket qw(:all);

$| = 1;

sub place {    # every address as one of IPv6, so that one kind of socket serves both
    my ($address, $port) = @_;
    $address = "::ffff:$address" if $address !~ /:/;
    return pack_sockaddr_in6($port, inet_pton(AF_INET6, $address));
}

sub fresh {
    my ($type) = @_;
    socket(my $socket, AF_INET6, $type, 0) or die "socket: $!";
    setsockopt($socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1);
    fcntl($socket, F_SETFL, O_NONBLOCK);
    return $socket;
}

sub servers {    # datagrams are answered from the address that they came to
    my ($own, $ports) = @_;
    my (@answering, @listening);
    for my $port (@$ports) {
        my $stream = fresh(SOCK_STREAM);
        bind($stream, place('::', $port)) && listen($stream, 512) or die "port $port: $!";
        push @listening, $stream;
        for my $address (@$own) {
            my $datagram = fresh(SOCK_DGRAM);
            bind($datagram, place($address, $port)) or die "$address port $port: $!";
            push @answering, $datagram;
        }
    }
    return (\@answering, \@listening);
}

sub attempts {    # direction, own addresses, others, ports: sockets that are on their way
    my ($direction, $own, $others, $ports) = @_;
    my %open;
    for my $from (@$own) {
        for my $to (@$others) {
            next if ($from =~ /:/) != ($to =~ /:/);
            my $peer = $direction eq 'in' ? $from : $to;
            for my $port (@$ports) {
                for my $protocol ('tcp', 'udp') {
                    my $socket = fresh($protocol eq 'tcp' ? SOCK_STREAM : SOCK_DGRAM);
                    bind($socket, place($from, 0)) or die "$from: $!";
                    my $name = "$direction $protocol $peer $port";
                    connect($socket, place($to, $port));
                    send($socket, 'x', 0) if $protocol eq 'udp';
                    $open{$name} = [$socket, $protocol];
                }
            }
        }
    }
    return %open;
}

sub settle {    # what is on its way, until nothing has happened for a while
    my ($answering, %open) = @_;
    my %outcome = map { $_ => 'closed' } keys %open;
    my ($quiet, $end) = (0, time + 15);
    while ($quiet < 9 && time < $end) {    # tenths of a second in which nothing happens
        my ($read, $write) = ('', '');
        vec($read, fileno($_), 1) = 1 for @$answering;
        for (values %open) {
            vec($_->[1] eq 'tcp' ? $write : $read, fileno($_->[0]), 1) = 1;
        }
        if (select($read, $write, undef, 0.1) <= 0) { $quiet++; next }
        $quiet = 0;
        for my $server (@$answering) {
            next unless vec($read, fileno($server), 1);
            while (defined(my $from = recv($server, my $text, 16, 0))) {
                send($server, 'y', 0, $from);
            }
        }
        for my $name (keys %open) {
            my ($socket, $protocol) = @{ $open{$name} };
            next unless vec($protocol eq 'tcp' ? $write : $read, fileno($socket), 1);
            if ($protocol eq 'tcp') {
                $outcome{$name} = 'open' if getpeername($socket);
            }
            else {
                my $got = recv($socket, my $text, 16, 0);
                $outcome{$name} = 'open' if defined $got && $text eq 'y';
            }
            delete $open{$name};
        }
    }
    return %outcome;
}

sub peers {
    my (@wanted) = @_;
    my (%open, %outcome, $begun);
    for my $name (@wanted) {
        # The kernel answers 50 packets at once that were rejected, and then a thousand a second.
        select undef, undef, undef, 0.05 if ++$begun % 40 == 0;
        my ($address, $port) = split /,/, $name;
        my $socket = fresh(SOCK_STREAM);
        $outcome{$name} = 'no answer';
        if (connect($socket, place($address, $port)) || $! == EINPROGRESS) { $open{$name} = $socket }
        else { $outcome{$name} = told($!) }
    }
    my $quiet = 0;
    while (%open && $quiet < 15) {
        my $write = '';
        vec($write, fileno($_), 1) = 1 for values %open;
        if (select(undef, $write, undef, 0.1) <= 0) { $quiet++; next }
        for my $name (keys %open) {
            next unless vec($write, fileno($open{$name}), 1);
            $! = unpack 'i', getsockopt($open{$name}, SOL_SOCKET, SO_ERROR);
            $outcome{$name} = told($!);
            delete $open{$name};
        }
    }
    my $lost = join '', `ip neighbour show`;
    for my $name (@wanted) {
        my ($address, $port) = split /,/, $name;
        # A host that is off is also told as unreachable, by this kernel, some seconds after it was asked for.
        $outcome{$name} = 'no answer'
            if $outcome{$name} eq 'closed there' && $lost =~ /^\Q$address\E .*(FAILED|INCOMPLETE)/m;
        print "peer $address $port $outcome{$name}\n";
    }
}

sub told {    # what an error says of who closed the path (see docs/decisions/firewall.md)
    my ($error) = @_;
    return 'reached'      if $error == 0 || $error == ECONNREFUSED;
    return 'closed here'  if $error == ENETUNREACH;
    return 'closed there' if $error == EHOSTUNREACH || $error == EACCES;
    return 'no answer';
}

my $part = shift @ARGV;
if ($part eq 'peers') { peers(@ARGV); exit }
my $pid = shift @ARGV;
my @lists = ([], [], []);
my $list = 0;
for my $word (@ARGV) {
    if ($word eq '--') { $list++ }
    else { push @{ $lists[$list] }, $word }
}
my ($here, $away, $ports) = @lists;
my ($own, $others) = $part eq 'here' ? ($here, $away) : ($away, $here);
my ($answering, $listening) = servers($own, $ports);
my $direction = $part eq 'here' ? 'out' : 'in';

if ($part eq 'away') {
    print "ready\n";
    my $go = <STDIN>;
    my %outcome = settle($answering, attempts($direction, $own, $others, $ports));
    print "$_ $outcome{$_}\n" for keys %outcome;
    exit;
}
pipe(my $go_read, my $go_write);
pipe(my $told_read, my $told_write);
my $child = fork;
if (!$child) {
    open STDIN,  '<&', $go_read;
    open STDOUT, '>&', $told_write;
    close $go_write;
    close $told_read;
    exec 'nsenter', "--net=/proc/$pid/ns/net", 'perl', '-e', $ENV{script}, 'away', $pid, @ARGV;
    exit 1;
}
close $told_write;
close $go_read;
defined(my $ready = <$told_read>) or die "the other namespace can't be entered";
syswrite $go_write, "go\n";
my %outcome = settle($answering, attempts($direction, $own, $others, $ports));
my @lines = map { "$_ $outcome{$_}\n" } keys %outcome;
push @lines, <$told_read>;
print sort @lines;
