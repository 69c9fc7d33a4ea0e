# Asks for the time by NTP (RFC 5905), whatever the host's own daemon does: `ADDRESS…`. Prints
# `ADDRESS LEAP STRATUM OFFSET DELAY`, or `ADDRESS silent`. perl-base has all of it; as it has no clock
# finer than a second, date(1) is asked, which delays an answer by milliseconds.
use strict;
use warnings;
use IO::Select;
use Socket qw(:all);

my $FROM_1900 = 2208988800;

sub now { my $now = `date +%s.%N`; return $now + 0 }

sub moment {    # of a timestamp of NTP: 32 bits of seconds since 1900, 32 bits of their fraction
    my ($seconds, $fraction) = @_;
    return $seconds - $FROM_1900 + $fraction / 4294967296;
}

sub answer {
    my ($name) = @_;
    my ($failed, $place) = getaddrinfo($name, 123, { socktype => SOCK_DGRAM });
    return 'silent' if $failed || !$place;
    for (1 .. 2) {
        socket(my $socket, $place->{family}, SOCK_DGRAM, IPPROTO_UDP) or return 'silent';
        connect($socket, $place->{addr}) or return 'silent';
        # The time that is sent is a number that comes back, so that no stranger's answer counts.
        my @mark = map { int(rand(4294967296)) } 1, 2;
        my $sent = now();
        send($socket, pack('C4 N11', 0x23, 0, 0, 0, (0) x 9, @mark), 0) or next;
        while (IO::Select->new($socket)->can_read(3)) {
            defined recv($socket, my $packet, 512, 0) or last;
            my $came = now();
            next if length($packet) < 48;
            my @word = unpack('N12', $packet);
            my ($leap, $mode, $stratum) = ($word[0] >> 30, $word[0] >> 24 & 7, $word[0] >> 16 & 255);
            next if $mode != 4 || $word[6] != $mark[0] || $word[7] != $mark[1];
            my ($taken, $given) = (moment(@word[8, 9]), moment(@word[10, 11]));
            my $offset = ($taken - $sent + $given - $came) / 2;
            return sprintf '%d %d %.3f %.3f', $leap, $stratum, $offset, $came - $sent - ($given - $taken);
        }
    }
    return 'silent';
}

print "$_ ", answer($_), "\n" for @ARGV;
