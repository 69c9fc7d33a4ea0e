# Tells of each folder of an archive of logs what its newest file, and the one before it, show; a line of
# JSON a folder: lines, newest and heartbeat (seconds ago; null for never), holes, foreign, broken.
# perl-base has all of it.
use strict;
use warnings;

my ($archive, $most, @hosts) = @ARGV;
my $now = time;

sub ago {    # seconds since a moment in UTC, by days since 1970 (RFC 3339)
    my ($y, $m, $d, $h, $min, $s) = $_[0] =~ /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)/ or return;
    ($y, $m) = ($y - 1, $m + 12) if $m < 3;
    my $days = 365 * $y + int($y / 4) - int($y / 100) + int($y / 400) + int((153 * ($m - 3) + 2) / 5) + $d - 719469;
    return $now - ((($days * 24 + $h) * 60 + $min) * 60 + $s);
}

sub last_heartbeat {    # of a file, in what lies before a place in it; as far back as an hour
    my ($file, $end) = @_;
    my $longest = 524_288;    # more bytes than a line has
    open my $handle, '<', $file or return;
    while ($end > 0) {
        my $from = $end > $most ? $end - $most : 0;
        seek $handle, $from, 0;
        read $handle, my $block, $end - $from + $longest;
        # In a message each quotation mark has a backslash before it.
        my $at = rindex $block, '"program":"ringfence-heartbeat",';
        my $line = $at < 0 ? 0 : rindex($block, "\n", $at) + 1;
        return $1 if $at >= 0 && substr($block, $line, 100) =~ /^\{"received":"([^"]+)"/;
        return if $block =~ /^\{"received":"([^"]+)"/m && (ago($1) // 0) > 3600;
        $end = $from;
    }
    return;
}

for my $host (@hosts) {
    my @files = sort glob "$archive/$host/????-??-??.jsonl";
    my ($lines, $newest, $heartbeat, $first, %seen, @unused, %foreign) = (0);
    my $broken = 0;
    for my $file (grep { -s } @files > 2 ? @files[-2, -1] : @files) {
        open my $handle, '<', $file or next;
        if (-s $file > $most) {    # what lies before is not read: nor is a hole told between that and the day before
            seek $handle, -$most, 2;
            <$handle>;
            ($first, %seen) = ();
        }
        while (my $line = <$handle>) {
            last if $line !~ /\n\z/;    # is being written
            if ($line !~ /^\{"received":"([^"]+)","sent":"[^"]*","host":"([^"]*)","sequence":(\d+),"facility":"[^"]*","severity":"[^"]*","program":"((?:[^"\\]|\\.)*)",/) { $broken++; next }
            my ($received, $name, $number, $program) = ($1, $2, $3, $4);
            $lines++;
            $newest = $received if !defined $newest || $received gt $newest;
            $heartbeat = $received if $program eq 'ringfence-heartbeat' && (!defined $heartbeat || $received gt $heartbeat);
            $foreign{$name} = 1 if $name ne $host;
            if ($number) { $first //= $number; $seen{$number} = 1 }    # 0: its sender doesn't count
            push @unused, [$1, $2] if $program eq 'ringfence-logging' && $line =~ /numbers (\d+) to (\d+) that are missing were never used/;
        }
    }
    for my $file (reverse grep { (-s $_) > $most } @files) {    # so much came since that it isn't among the last
        last if defined $heartbeat;
        $heartbeat = last_heartbeat($file, (-s $file) - $most);
    }
    my @numbers = sort { $a <=> $b } grep { $_ >= ($first // 0) } keys %seen;
    my @holes;
    for my $at (1 .. $#numbers) {
        my ($from, $to) = ($numbers[$at - 1] + 1, $numbers[$at] - 1);
        push @holes, "$from-$to" if $to >= $from && !grep { $_->[0] <= $from && $_->[1] >= $to } @unused;
    }
    splice @holes, 20;
    printf qq({"host":"%s","lines":%d,"newest":%s,"heartbeat":%s,"holes":[%s],"foreign":[%s],"broken":%d}\n),
        $host, $lines, (map { defined $_ ? ago($_) : 'null' } $newest, $heartbeat),
        join(',', map { qq("$_") } @holes), join(',', map { qq("$_") } sort keys %foreign), $broken;
}
