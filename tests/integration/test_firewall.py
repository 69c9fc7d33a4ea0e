"""What a firewall must not do to those who are allowed: real streams through real reloads."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ringfence import lab as labs

ROOT = Path(__file__).parents[2]
HOSTS = "bastion1,agent1"  # Debian 13 and Debian 12
FLOWS = """\
  - {from: agents, to: bastion, port: "7000-7001", protocol: tcp, purpose: streams of the test}
  - {from: agents, to: bastion, port: 7000, protocol: udp, purpose: datagrams of the test}
"""
ADMINISTRATION = "administration: [10.0.2.2/32, 10.77.0.254/32]"
SERVER = """\
use strict; use IO::Socket::INET; use IO::Select;
my $echo = IO::Socket::INET->new(LocalPort => 7000, Listen => 1, ReuseAddr => 1) or die;
my $push = IO::Socket::INET->new(LocalPort => 7001, Listen => 1, ReuseAddr => 1) or die;
my $udp = IO::Socket::INET->new(LocalPort => 7000, Proto => "udp") or die;
my $select = IO::Select->new($echo, $push, $udp); my ($speaker, $number) = (undef, 0);
while (1) {
    for my $ready ($select->can_read(0.1)) {
        if ($ready == $udp) { my $from = recv($udp, my $text, 64, 0); send($udp, $text, 0, $from) }
        elsif ($ready == $echo) { $select->add(scalar $echo->accept) }
        elsif ($ready == $push) { $speaker = $push->accept; $speaker->autoflush(1) }
        elsif (sysread $ready, my $text, 64) { syswrite $ready, $text }
        else { exit }
    }
    select undef, undef, undef, 0.05;
    print $speaker $number++, "\\n" if $speaker;
}
"""
CLIENT = """\
use strict; use IO::Socket::INET; use IO::Select;
my $echo = IO::Socket::INET->new(PeerAddr => "10.77.0.13", PeerPort => 7000) or die "echo";
my $push = IO::Socket::INET->new(PeerAddr => "10.77.0.13", PeerPort => 7001) or die "push";
my $udp = IO::Socket::INET->new(PeerAddr => "10.77.0.13", PeerPort => 7000, Proto => "udp") or die;
my ($sent, $answered, $heard, $last) = (0, 0, 0, -1);
my $select = IO::Select->new($udp);
while (1) {
    syswrite $echo, sprintf "%08d", $sent or die "echo is broken";
    my $text = "";
    alarm 20;
    while (length $text < 8) { sysread $echo, $text, 8 - length $text, length $text or die "echo" }
    die "echo told $text" if $text != $sent;
    my $line = <$push>;
    die "push told $line after $last" if $line != $last + 1;
    $last = $line;
    alarm 0;
    $udp->send($sent++);
    while ($select->can_read(0.1)) { defined $udp->recv(my $back, 64) or last; $answered++ }
    open my $log, ">", "/run/stream"; print $log "$sent $answered\\n"; close $log;
}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A lab of two stock containers, whose site has flows for the streams."""
    path = tmp_path_factory.mktemp("firewall") / "site"
    shutil.copytree(ROOT / "inventories/lab", path, ignore=shutil.ignore_patterns(".lab", "runs"))
    site = Site(path)
    site.change("flows:\n", f"flows:\n{FLOWS}")
    try:
        labs.up(path, HOSTS.split(","), say=print)
        yield site
    finally:
        labs.down(path, say=print)


class Site:
    """A site to which the role `firewall` alone is applied."""

    def __init__(self, path):
        self.path, self.policy = path, path / "policy.yml"

    def ringfence(self, *words):
        return subprocess.run(
            [sys.executable, "-c", "from ringfence.cli import main; main()", *words],
            capture_output=True,
            text=True,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def apply(self, limit=HOSTS):
        words = ("--role", "firewall", "--no-verify", "--limit", limit)
        return self.ringfence("apply", str(self.path), *words)

    def applied(self, limit=HOSTS):
        ended = self.apply(limit)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended

    def run_on(self, host, script):
        ended = labs.run_on(self.path, host, script)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def change(self, old, new):
        text = self.policy.read_text()
        assert old in text
        self.policy.write_text(text.replace(old, new))


def start(site, host, name, program):
    site.run_on(host, f"cat > /run/{name}.pl <<'END'\n{program}END\n")
    site.run_on(host, f"systemd-run --quiet --unit={name} perl /run/{name}.pl")


def streamed(site):
    """Return how many datagrams were sent and answered; fail when a stream has broken."""
    shown = site.run_on("agent1", "systemctl is-active sender; journalctl -u sender -o cat -n 3")
    assert shown.startswith("active"), shown
    sent, answered = site.run_on("agent1", "cat /run/stream").split()
    return int(sent), int(answered)


def test_streams_survive_the_first_load_and_every_reload(site):
    start(site, "bastion1", "receiver", SERVER)
    time.sleep(1)
    start(site, "agent1", "sender", CLIENT)
    time.sleep(3)
    before = streamed(site)
    assert before[0] > 0
    site.applied()
    assert "policy drop" in site.run_on("bastion1", "nft list ruleset")
    first = streamed(site)
    site.change(ADMINISTRATION, f"{ADMINISTRATION}\n  log_burst: 21")
    site.applied()
    assert "burst 21" in site.run_on("bastion1", "nft list ruleset")
    time.sleep(2)
    after = streamed(site)
    assert before[0] < first[0] < after[0]
    lost = (after[0] - after[1]) - (before[0] - before[1])
    assert lost <= 3, f"{lost} datagrams were lost of {after[0] - before[0]}"
    site.run_on("agent1", "systemctl stop sender")


def test_who_is_shut_out_stays_so(site):
    site.applied("bastion1")
    site.run_on("bastion1", "nft add element inet ringfence banned4 '{ 203.0.113.9 timeout 1h }'")
    site.change("log_burst: 21", "log_burst: 22")
    site.applied("bastion1")
    assert "203.0.113.9" in site.run_on("bastion1", "nft list set inet ringfence banned4")
    # A set that the file doesn't have makes the whole table be replaced.
    site.run_on("bastion1", "nft add set inet ringfence other '{ type ipv4_addr; }'")
    site.applied("bastion1")
    listed = site.run_on("bastion1", "nft list ruleset")
    assert "203.0.113.9" in listed
    assert "set other" not in listed


def test_the_second_run_changes_nothing(site):
    site.applied("agent1")
    assert "0 changed" in site.applied("agent1").stdout


def test_who_would_lock_himself_out_is_refused(site):
    site.applied("agent1")
    before = site.run_on("agent1", "nft -s list ruleset; cat /etc/nftables.conf")
    elsewhere = "administration: [192.0.2.1]"
    site.change(ADMINISTRATION, elsewhere)
    ended = site.apply("agent1")
    site.change(elsewhere, ADMINISTRATION)
    assert ended.returncode != 0
    said = " ".join((ended.stdout + ended.stderr).split())
    assert "10.77.0.254" in said
    assert "firewall.administration" in said
    assert site.run_on("agent1", "nft -s list ruleset; cat /etc/nftables.conf") == before


def test_the_rules_are_there_after_a_boot(site):
    site.applied("agent1")
    before = site.run_on("agent1", "nft -s list ruleset")
    labs.reboot(site.path, ["agent1"], say=print)
    assert site.run_on("agent1", "nft -s list ruleset") == before
    # Stopping the service leaves them too.
    site.run_on("agent1", "systemctl stop nftables")
    assert site.run_on("agent1", "nft -s list ruleset") == before
