from types import SimpleNamespace

from ringfence.verify.probes import time_keeping

SOCKETS = """\
UNCONN 0 0 0.0.0.0:123 0.0.0.0:* users:(("chronyd",pid=15385,fd=3))
ESTAB 0 0 10.0.0.3:40112 192.0.2.1:123 users:(("ntpdig",pid=9,fd=3))
UNCONN 0 0 127.0.0.1:53 0.0.0.0:* users:(("unbound",pid=7,fd=3))
UNCONN 0 0 [::]:323 [::]:*
"""
SOURCES = """\
source,^,*,10.0.0.1,10,4,17,3,0.000000649,0.000000648,0.000003882
source,^,?,time.example.org,0,6,0,4294967295,0.000000000,0.000000000,0.000000000
"""
AUTHENTICATION = """\
authdata,10.0.0.1,-,0,0,0,4294967295,0,0,0,0
authdata,time.example.org,NTS,1,15,256,48m,0,0,8,100
"""
FOLLOWS = (
    "tracking,0A000001,10.0.0.1,11,1795740392.337045649,-0.700000650,-3600.25,0.000000001,-0.177,-0.035,"
    "9.819,0.000007666,0.000031986,2.0,Normal\n"
)


class Host:
    def __init__(self, **answers):
        self.answers = answers

    def run(self, command, *_arguments):
        found = next((text for words, text in self.answers.items() if words in command), "")
        return SimpleNamespace(stdout=found, rc=0)

    def check_output(self, command, *arguments):
        return self.run(command, *arguments).stdout


def test_programs_are_told_by_their_units():
    host = Host(find="chrony.service /usr/sbin/chronyd\n /opt/ntpd\n")
    assert time_keeping.programs(host) == {
        "chrony.service": "/usr/sbin/chronyd",
        "no unit": "/opt/ntpd",
    }


def test_who_speaks_ntp_is_told_by_either_end():
    assert time_keeping.users_of(Host(ss=SOCKETS), 123) == ["chronyd", "ntpdig"]
    assert time_keeping.users_of(Host(ss=SOCKETS), 323) == ["unknown"]


def test_only_own_ends_are_listeners():
    assert time_keeping.listeners_at(Host(ss=SOCKETS), 123) == ["0.0.0.0:123"]
    assert time_keeping.listeners_at(Host(ss=SOCKETS), 323) == ["[::]:323"]


def test_units_have_their_states():
    host = Host(systemctl="ntp.service masked enabled\nptp4l@.service enabled -\n")
    assert time_keeping.other_units(host) == {"ntp.service": "masked", "ptp4l@.service": "enabled"}


def test_the_state_of_the_clock():
    state = time_keeping.tracking(Host(tracking=FOLLOWS))
    assert state.reference == "10.0.0.1"
    assert state.stratum == 11
    assert state.offset == -0.70000065
    assert state.leap == "Normal"


def test_a_daemon_that_only_measures_tells_the_offset_that_it_found():
    assert time_keeping.tracking(Host(tracking=f"measures\n{FOLLOWS}")).offset == -3600.25


def test_the_kernel_is_asked_in_the_same_moment():
    assert time_keeping.kernel_is_kept(Host(tracking=f"{FOLLOWS}kernel,yes\n")) == "yes"
    assert time_keeping.kernel_is_kept(Host()) == ""


def test_a_daemon_that_does_not_answer_has_no_state():
    assert time_keeping.tracking(Host()) is None


def test_sources_are_followed_reached_and_authenticated():
    near, far = time_keeping.asked(Host(sources=AUTHENTICATION + SOURCES))
    assert (str(near), near.followed, near.reached) == ("10.0.0.1", True, True)
    assert (str(far), far.followed, far.reached) == ("time.example.org by NTS", False, False)


def test_addresses_that_may_ask():
    host = Host(accheck="10.0.0.3 208 Access allowed\n192.0.2.77 209 Access denied\n::1 \n")
    assert time_keeping.may_ask(host, ["10.0.0.3", "192.0.2.77", "::1"]) == ["10.0.0.3"]
