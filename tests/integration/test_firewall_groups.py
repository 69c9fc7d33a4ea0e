"""What the groups of a host add to its packet filter, by real packets: a gateway, a pbx."""

import pytest

CONTAINERS = "bastion1,agent1"
FLOWS = """\
  - {from: agents, to: pbx, port: "10000-10020", protocol: udp, purpose: voices (RTP)}
"""
# Two namespaces play an agent and the pbx machine; the host between them is the gateway.
WORLD = """\
set -eu
for end in agent pbx; do
    ip netns add $end
    ip link add at-$end type veth peer name eth0 netns $end
    ip link set at-$end up
    ip netns exec $end ip link set eth0 up
done
ip netns exec agent ip address add 10.77.0.14/32 dev eth0
ip netns exec pbx ip address add 10.77.0.12/32 dev eth0
for end in agent pbx; do
    ip netns exec $end ip route add 10.77.0.13 dev eth0
    ip netns exec $end ip route add default via 10.77.0.13
done
ip route add 10.77.0.14/32 dev at-agent
ip route add 10.77.0.12/32 dev at-pbx
for port in 5061 5062; do
    systemd-run --quiet --unit=listener-$port ip netns exec pbx perl -MIO::Socket::INET -e '
        $s = IO::Socket::INET->new(LocalPort => shift, Listen => 9) or die;
        $s->accept while 1' $port
done
sleep 1
"""
END_OF_WORLD = """\
systemctl stop listener-5061 listener-5062
ip netns delete agent; ip netns delete pbx
"""
TRY = """\
ip netns exec {} timeout 2 bash -c 'exec 3<>/dev/tcp/{}/{}' 2>/dev/null && echo open || echo closed
"""
LISTEN = """\
cat >/run/pbx.pl <<'END'
use strict; use IO::Socket::INET; use IO::Select;
my $sip = IO::Socket::INET->new(LocalPort => 5061, Listen => 500) or die;
my @voices = map { IO::Socket::INET->new(LocalPort => $_, Proto => "udp") or die }
    10000, 10020, 10021;
my $select = IO::Select->new($sip, @voices);
while (1) {
    for my $ready ($select->can_read) {
        if ($ready == $sip) { $select->add(scalar $sip->accept) }
        elsif (grep { $ready == $_ } @voices) {
            my $from = recv($ready, my $text, 64, 0);
            send($ready, $text, 0, $from);
        }
        elsif (sysread $ready, my $text, 64) { syswrite $ready, $text }
        else { $select->remove($ready); close $ready }
    }
}
END
systemd-run --quiet --unit=pbx perl /run/pbx.pl
sleep 1
"""
VOICES = """\
perl -MIO::Socket::INET -e '
    for my $port (@ARGV) {
        my $socket = IO::Socket::INET->new(
            PeerAddr => "10.77.0.13", PeerPort => $port, Proto => "udp");
        $socket->send("x"); local $SIG{ALRM} = sub { die }; alarm 2;
        my $heard = eval { defined $socket->recv(my $text, 9) }; alarm 0;
        print "$port ", $heard ? "heard" : "silent", "\\n";
    }' 10000 10020 10021
"""
# One call that lasts, and then two hundred that only begin.
FLOOD = """\
perl -MIO::Socket::INET -e '
    my @pbx = (PeerAddr => "10.77.0.13", PeerPort => 5061);
    my $call = IO::Socket::INET->new(@pbx) or die "no call";
    my @calls = map { IO::Socket::INET->new(@pbx, Blocking => 0) } 1 .. 200;
    sleep 1; syswrite $call, "still here"; alarm 5; sysread $call, my $text, 64; print "$text\\n"'
timeout 2 bash -c 'exec 3<>/dev/tcp/10.77.0.13/5061' 2>/dev/null && echo open || echo closed
"""


@pytest.fixture
def gateway(regrouped):
    site = regrouped({"bastion1": ["vpn_gateway"]})
    applied = site.ringfence("apply", str(site.path), "--limit", "bastion1")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    return site


@pytest.fixture
def pbx(regrouped):
    site = regrouped({"bastion1": ["pbx"]}, FLOWS)
    applied = site.ringfence("apply", str(site.path), "--limit", CONTAINERS)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    site.run_on("bastion1", LISTEN)
    yield site
    site.run_on("bastion1", "systemctl stop pbx; nft flush set inet ringfence banned4")


def test_a_gateway_passes_on_what_a_flow_allows_and_nothing_else(gateway):
    gateway.run_on("bastion1", WORLD)
    try:
        tried = {
            (source, port): gateway.run_on("bastion1", TRY.format(source, to, port)).strip()
            for source, to, port in [
                ("agent", "10.77.0.12", 5061),
                ("agent", "10.77.0.12", 5062),
                ("pbx", "10.77.0.14", 22),
            ]
        }
    finally:
        gateway.run_on("bastion1", END_OF_WORLD)
    assert tried == {("agent", 5061): "open", ("agent", 5062): "closed", ("pbx", 22): "closed"}


def test_a_gateway_that_passes_on_more_is_red(gateway):
    gateway.run_on("bastion1", "nft insert rule inet ringfence forward ip daddr 10.77.0.12 accept")
    _, verdicts = gateway.verify("--limit", "bastion1", "--control", "FW-03")
    assert verdicts == {("bastion1", "FW-03"): "fail"}
    assert any("not allowed: to 10.77.0.12" in test["message"] for test in gateway.results())


def test_the_voices_of_calls_come_in_by_their_range_alone(pbx):
    heard = pbx.run_on("agent1", VOICES).split()
    assert heard == ["10000", "heard", "10020", "heard", "10021", "silent"]


def test_who_floods_the_pbx_with_calls_is_shut_out_and_calls_go_on(pbx):
    said = pbx.run_on("agent1", FLOOD).split("\n")
    assert said[:2] == ["still here", "closed"]
    assert "10.77.0.14" in pbx.run_on("bastion1", "nft list set inet ringfence banned4")
    assert "10.77.0.254" not in pbx.run_on("bastion1", "nft list set inet ringfence banned4")
