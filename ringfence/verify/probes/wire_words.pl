# Asks the services of this host what they speak, on the wire. Without words: every TCP port of the host that
# others reach. With a path: whoever is at that socket of the file system; `tls` after it says what is spoken there.
# Prints a line a service, its fields parted by tabs: address, port, process, kind, name, versions, weak suites, which
# wire_words.py explains.
# TLS is offered by records made here, byte by byte (RFC 8446, RFC 5246): a library would refuse old versions on its
# own side, which looks like the server's refusal. perl-base has all of it.
use strict;
use warnings;
use Socket qw(:all);

my ($BANNER, $ANSWER, $ASK, $TALK, $LATE) = (1.5, 3, 2, 5, 15);    # seconds that are waited for words
my $MOST = 80;    # suites
my %VERSION = (0x0300 => 'SSL 3.0', 0x0301 => 'TLS 1.0', 0x0302 => 'TLS 1.1', 0x0303 => 'TLS 1.2');
my @GOOD = (0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9);    # RFC 9325, 4.2: AEAD by ECDHE
my @KNOWN = (0x0001 .. 0x00c5, 0xc001 .. 0xc0af, 0xcca8 .. 0xccae);
my $LINE = qr/^(?:\d{3} |a [A-Z]|[+-]).*\n/m;    # the end of an answer in SMTP, FTP, IMAP and POP3
$SIG{PIPE} = 'IGNORE';
$ENV{LC_ALL} = 'C';

# Connections

sub reach {    # place: a connection, or nothing
    my ($place) = @_;
    socket my $to, $place->[0], SOCK_STREAM, 0 or return;
    my $done = eval {
        local $SIG{ALRM} = sub { die "late\n" };
        alarm 5;
        my $connected = connect $to, $place->[1];
        alarm 0;
        $connected;
    };
    return $done ? $to : undef;
}

sub hear {    # connection, seconds, what ends it sooner: what came
    my ($from, $left, $ends) = @_;
    my $said = '';
    vec(my $bits = '', fileno $from, 1) = 1;
    while ($left > 0) {
        (my $found, $left) = select my $ready = $bits, undef, undef, $left;
        last unless $found > 0 && sysread $from, $said, 65536, length $said;
        last if $ends->($said);
    }
    return $said;
}

sub whole_record { my ($said) = @_; return length $said > 5 && length $said >= 5 + unpack 'n', substr $said, 3, 2 }

sub talk {    # way, lines: the answers to each, after the greeting
    my ($way, @lines) = @_;
    my $to = $way->() or return ('') x @lines;
    hear($to, $TALK, sub { $_[0] =~ /^(?:\d{3} |[*+]).*\n/m });
    my @said;
    for my $line (@lines) {
        syswrite $to, "$line\r\n";
        push @said, hear($to, $TALK, sub { $_[0] =~ $LINE });
    }
    return @said;
}

sub once {    # way, bytes: the answer
    my ($way, $bytes) = @_;
    my $to = $way->() or return '';
    syswrite $to, $bytes;
    return hear($to, $ASK, sub { 1 });
}

# TLS

sub block { my ($size, $text) = @_; return substr(pack('N', length $text), 4 - $size) . $text }

sub extension { my ($type, $text) = @_; return pack('n', $type) . block(2, $text) }

sub hello {    # version, suites: a record with a ClientHello
    my ($version, @suites) = @_;
    my $newest = $version == 0x0304;
    my $more = extension(10, block(2, pack 'n*', 29, 23, 24, 25, 256)) . extension(11, "\1\0");
    my @signed = (0x0403, 0x0503, 0x0603, 0x0804 .. 0x080b, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201, 0x0202);
    $more .= extension(13, block(2, pack 'n*', @signed)) if $version >= 0x0303;
    # Without the share of a key: who speaks TLS 1.3 asks for one, and so says it (RFC 8446, 4.1.4).
    $more .= extension(43, "\2\3\4") . extension(51, "\0\0") if $newest;
    my $body = pack('n', $newest ? 0x0303 : $version) . join '', map { chr int rand 256 } 1 .. 32;
    $body .= block(1, $newest ? 'r' x 32 : '') . block(2, pack 'n*', @suites, 0x00ff) . "\1\0";
    $body .= block(2, $more) if $version > 0x0300;
    return pack('Cn', 22, $version == 0x0300 ? $version : 0x0301) . block(2, "\1" . block(3, $body));
}

sub offer {    # way, version, suites: the version and the suite that were taken, or nothing
    my ($way, $version, @suites) = @_;
    my $to = $way->() or return;
    syswrite $to, hello($version, @suites);
    my $said = hear($to, $ANSWER, \&whole_record);
    my ($chosen, $id) = $said =~ /^\x16\x03.{3}\x02.{3}(..).{32}(.)/s or return;
    my $suite = substr $said, 44 + ord $id, 2;
    return unless length $suite == 2;
    my $name = $VERSION{ unpack 'n', $chosen } // sprintf '0x%04x', unpack 'n', $chosen;
    return ($version == 0x0304 ? 'TLS 1.3' : $name, unpack 'n', $suite);
}

sub of_tls {    # way: the versions that are taken, and the weak suites of TLS 1.2
    my ($way) = @_;
    my (%taken, @weak);
    for my $version (sort { $a <=> $b } keys %VERSION) {
        my ($chosen) = offer($way, $version, @KNOWN);
        $taken{$chosen} = 1 if $chosen;
    }
    $taken{'TLS 1.3'} = 1 if offer($way, 0x0304, 0x1301 .. 0x1305);
    my %left = map { $_ => 1 } @KNOWN;
    delete @left{@GOOD};
    while ($taken{'TLS 1.2'} && @weak < $MOST) {
        my ($spoken, $suite) = offer($way, 0x0303, sort { $a <=> $b } keys %left);
        last unless $spoken && $spoken eq 'TLS 1.2' && delete $left{$suite};
        push @weak, sprintf '0x%04X', $suite;
    }
    return (join(',', sort keys %taken), join ',', @weak);
}

# What begins in the clear: kind, name, and what its TLS takes if it has any

sub begun {    # name, whether TLS is demanded, way to where TLS begins
    my ($name, $demanded, $way) = @_;
    my @tls = $way ? of_tls($way) : ('', '');
    return ($demanded && $tls[0] ? 'demands TLS' : 'clear', $name, @tls);
}

sub switched {    # way, lines, what the last is answered if TLS may begin: a way to there
    my ($way, $lines, $well) = @_;
    return sub {
        my $to = $way->() or return;
        my @said = talk(sub { return $to }, @$lines);
        return $said[-1] =~ $well ? $to : undef;
    };
}

sub mail_or_files {
    my ($way) = @_;
    my ($offers, $taken) = talk($way, 'EHLO ringfence.invalid', 'MAIL FROM:<>');
    if ($offers =~ /^250/m) {
        my $to = $offers =~ /STARTTLS/i && switched($way, ['EHLO ringfence.invalid', 'STARTTLS'], qr/^220/);
        return begun('SMTP', $taken =~ /^530/, $to);
    }
    my ($secured) = talk($way, 'AUTH TLS');
    my ($admitted) = talk($way, 'USER nobody');
    return begun('FTP', $admitted =~ /^5|^421/, $secured =~ /^234/ && switched($way, ['AUTH TLS'], qr/^234/));
}

sub imap {
    my ($way) = @_;
    my ($said) = talk($way, 'a CAPABILITY');
    return begun('IMAP', $said =~ /LOGINDISABLED/, $said =~ /STARTTLS/ && switched($way, ['a STARTTLS'], qr/^a OK/m));
}

sub pop3 {
    my ($way) = @_;
    my ($secured) = talk($way, 'STLS');
    my ($admitted) = talk($way, 'USER nobody');
    return begun('POP3', $admitted =~ /^-/, $secured =~ /^\+/ && switched($way, ['STLS'], qr/^\+/));
}

sub mysql {    # its greeting, way, and one over the loopback: it shuts addresses out whose handshakes fail too often
    my ($said, $way, $near) = @_;
    return ('clear', 'MySQL, which hears nobody from here') if substr($said, 4, 1) eq "\xff";
    my $packet = sub { my ($number, $text) = @_; return substr(pack('V', length $text), 0, 3) . chr($number) . $text };
    my $opening = sub { return pack 'VVCx23', 0x00088200 | $_[0], 1 << 24, 33 };
    my $after = sub {
        my $to = $_[0]->() or return;
        hear($to, $TALK, sub { 1 });
        syswrite $to, $_[1];
        return $to;
    };
    my $plain = $after->($way, $packet->(1, $opening->(0) . "nobody\0\0mysql_native_password\0"));
    my $answer = $plain ? hear($plain, $TALK, sub { 1 }) : '';
    my $demanded = $answer =~ /^.{4}\xff(..)/s && unpack('v', $1) == 3159;    # ER_SECURE_TRANSPORT_REQUIRED
    my $secured = unpack('v', $said =~ /^.{5}[^\0]*\0.{13}(..)/s ? $1 : "\0\0") & 0x0800;
    return begun('MySQL', $demanded, $secured && sub { $after->($near, $packet->(1, $opening->(0x0800))) });
}

sub postgresql {
    my ($way, $secured) = @_;
    my $words = pack('N', 196608) . "user\0nobody\0database\0postgres\0\0";
    my $answer = once($way, pack('N', 4 + length $words) . $words);
    my $to = $secured && sub {
        my $to = $way->() or return;
        syswrite $to, pack 'NN', 8, 80877103;
        return hear($to, $TALK, sub { 1 }) eq 'S' ? $to : undef;
    };
    return begun('PostgreSQL', $answer =~ /^E.*\0C28000\0/s, $to);    # pg_hba.conf has no line without TLS
}

sub web {    # way: nothing when it speaks no HTTP
    my ($way) = @_;
    my $elsewhere = 1;
    for my $path ('/', '/ringfence-asks') {
        my $said = once($way, "GET $path HTTP/1.1\r\nHost: ringfence.invalid\r\nConnection: close\r\n\r\n");
        return unless $said =~ m{^HTTP/\d};
        $elsewhere &&= $said =~ m{^HTTP/\S+ 30[12378] .*^Location: *https://}msi;
    }
    return ($elsewhere ? 'redirects' : 'clear', 'HTTP');
}

sub greeted {    # what came, way, way over the loopback: nothing when it is no greeting that is known
    my ($said, $way, $near) = @_;
    return ('ssh', '') if $said =~ /^SSH-2\.0-/;
    return mail_or_files($way) if $said =~ /^220[ -]/;
    return imap($way) if $said =~ /^\* (?:OK|PREAUTH)/;
    return pop3($way) if $said =~ /^\+OK/;
    return mysql($said, $way, $near) if $said =~ /^(..)\0\0[\x0a\xff]/s && unpack('v', $1) + 4 == length $said;
    my @others = (
        ['SSH 1', qr/^SSH-/], ['telnet', qr/^\xff[\xfb-\xfe]/], ['VNC', qr/^RFB \d/], ['rsync', qr/^\@RSYNCD:/],
        ["Asterisk's manager", qr/^Asterisk Call Manager/], ["FreeSWITCH's event socket", qr{^Content-Type: (?:auth/request|text/rude)}],
        ['Redis', qr/^-(?:ERR|DENIED|NOAUTH)/], ['memcached', qr/^(?:ERROR|VERSION)/], ['RELP', qr/^\d+ (?:rsp|serverclose)/],
        ['SIP', qr{^SIP/2\.0 }],
    );
    for my $other (@others) {
        return ('clear', $other->[0]) if $said =~ $other->[1];
    }
    return;
}

sub asked {    # way, way over the loopback: of what says nothing by itself
    my ($way, $near) = @_;
    my $to = $way->() or return ('closed', '');
    syswrite $to, hello(0x0303, @GOOD, @KNOWN);
    my $said = hear($to, $ANSWER, sub { 1 });
    close $to;
    return ('tls', '', of_tls($way)) if $said =~ /^[\x15\x16]\x03/;
    my @later = length $said ? greeted($said, $way, $near) : ();    # a busy server greets late
    return @later if @later;
    # A server of TLS 1.3 alone, or of a suite alone, may close without a word.
    return ('tls', '', of_tls($way)) if $said eq '' && offer($way, 0x0304, 0x1301 .. 0x1305);
    my @found = web($way);
    return @found if @found;
    my $secured = once($way, pack 'NN', 8, 80877103);
    return postgresql($way, $secured eq 'S') if $secured =~ /^[SN]$/;
    my $options = "OPTIONS sip:ringfence.invalid SIP/2.0\r\nVia: SIP/2.0/TCP ringfence.invalid;branch=z9hG4bKr\r\nMax-Forwards: 0\r\n"
        . "From: <sip:r\@ringfence.invalid>;tag=r\r\nTo: <sip:r\@ringfence.invalid>\r\nCall-ID: r\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    for my $words ("version\r\n", "1 open 15 relp_version=0\n\n", $options) {
        my $answer = once($way, $words);
        my @known = length $answer ? greeted($answer, $way, $near) : ();
        return @known if @known;
        $said ||= $answer;
    }
    return ('clear', shown($said)) if length $said;
    my $late = $way->() or return ('closed', '');
    syswrite $late, hello(0x0303, @GOOD, @KNOWN);    # a busy server is silent to who doesn't wait
    my $last = hear($late, $LATE, sub { 1 });
    return ('tls', '', of_tls($way)) if $last =~ /^[\x15\x16]\x03/;
    @later = length $last ? greeted($last, $way, $near) : ();
    return @later ? @later : length $last ? ('clear', shown($last)) : ('silent', '');
}

sub shown { my ($said) = @_; return 'something unknown: ' . substr($said, 0, 40) =~ s/[^ -~]/?/gr }

sub judged {    # place, place on the loopback: kind, name, versions, weak suites
    my ($place, $near) = @_;
    my $way = sub { return reach($place) };
    my $around = sub { return reach($near) };
    my $to = $way->() or return ('closed', '');
    my $said = hear($to, $BANNER, sub { 1 });
    close $to;
    return asked($way, $around) unless length $said;
    my @known = greeted($said, $way, $around);
    return @known ? @known : ('clear', shown($said));
}

# Where

sub place {    # address in numbers, port
    my ($failed, $found) = getaddrinfo($_[0], $_[1], { flags => AI_NUMERICHOST, socktype => SOCK_STREAM });
    return $found && [$found->{family}, $found->{addr}];
}

sub own {    # 4 or 6: an address of this host in that family that others reach, or the loopback's
    my ($found) = `ip -o -$_[0] address show up scope global 2>/dev/null` =~ /inet6? ([0-9a-f.:]+)/;
    return $found // ($_[0] == 4 ? '127.0.0.1' : '::1');
}

if (@ARGV) {
    my $place = [PF_UNIX, pack_sockaddr_un($ARGV[0])];
    for (1 .. 50) { last if reach($place); select undef, undef, undef, 0.1 }
    my @found = @ARGV > 1 ? ('tls', '', of_tls(sub { return reach($place) })) : judged($place, $place);
    print join("\t", $ARGV[0], 0, 'somebody', map { $_ // '' } @found[0 .. 3]), "\n";
    exit;
}
my @asked;
for my $line (`ss -Htlnp`) {
    my $local = (split ' ', $line)[3];
    my ($address, $port) = $local =~ /^(.*):(\d+)$/ or next;
    $address =~ tr/[]//d;
    my $process = $line =~ /users:\(\("([^"]+)"/ ? $1 : 'the kernel';
    next if $address =~ /^(?:127\.|::1$|::ffff:127\.)/;
    my %own = ('*' => 4, '0.0.0.0' => 4, '::' => 6);
    my $family = $own{$address};
    my $near = $family && $family == 6 ? '::1' : '127.0.0.1';
    my $place = place($family ? own($family) : $address, $port);
    my $child = open my $from, '-|';
    defined $child or die "no process: $!\n";
    if (!$child) {
        my @found = $place ? judged($place, $family ? place($near, $port) : $place) : ('closed', '');
        print join("\t", $address, $port, $process, map { $_ // '' } @found[0 .. 3]), "\n";
        exit;
    }
    push @asked, [$from, join "\t", $address, $port, $process, 'closed', '', '', ''];
}
for my $one (@asked) {
    my $said = readline $one->[0];
    print $said // "$one->[1]\n";
}
print "asked\n";
