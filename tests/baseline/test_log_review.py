"""The daily review of logs: each day is reviewed, what must be noticed is, and somebody answers."""

from datetime import UTC, datetime, timedelta

import pytest

from ringfence.verify import control
from ringfence.verify.probes import host_inventory, log_chain, log_reviews, next_runs
from ringfence.verify.probes import log_folders as archive

NIGHT = 26  # hours: a day, and what a timer may be late
OUTSIDE = "203.0.113.77"  # of nobody (RFC 5737)
EXTERNAL, INTERNAL = "external", "internal"
DENIED = (
    "node=pbx1 type=SYSCALL msg=audit(1.000:1): "
    "arch=c000003e syscall=257 success=no exit=-13 items=1"
    ' auid=1200 uid=1200 comm="cat" key="access-record"\x1dARCH=x86_64 AUID="canary" UID="canary"'
)
CHANGED = (
    "node=pbx1 type=SYSCALL msg=audit(1.000:2): "
    "arch=c000003e syscall=257 success=yes exit=3 items=1"
    ' auid=1200 uid=0 comm="vi" key="identity"\x1dARCH=x86_64 AUID="canary" UID="root"'
)
STOPPED = (
    "node=pbx1 type=DAEMON_END msg=audit(1.000:3): "
    "op=terminate auid=1200 uid=0 ses=3 pid=9 res=success"
    '\x1dAUID="stopper" UID="root"'
)
CLOCK = (
    "node=pbx1 type=SYSCALL msg=audit(1.000:4): "
    "arch=c000003e syscall=227 success=yes exit=0 items=0"
    ' auid=1200 uid=0 comm="date" exe="/usr/bin/date" key="time-change"\x1dARCH=x86_64'
    ' SYSCALL=clock_settime AUID="canary" UID="root"'
)


def when(policy, at_work):
    """A moment of the last week at which somebody works, or nobody does; None if there is none."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = policy.working_hours
    for ago in range(1, 7 * 24):
        moment = now - timedelta(hours=ago)
        if (hours.cover(moment) if hours else True) == at_work:
            return moment
    return None


@pytest.fixture
def timer(host, expect):
    """The timer of the review, enabled and active."""
    due = next_runs.due(host, log_reviews.TIMERS)
    expect("timers of the review that are enabled and active", len(due), at_least=1)
    return due[0]


@control("LOG-08")
def test_logs_are_reviewed_each_night(timer, expect):
    expect("hours until the next review", timer.hours, at_most=NIGHT)


@control("LOG-08")
def test_the_last_review_succeeded(host, expect):
    timers = host_inventory.timers(host, log_reviews.TIMERS)
    expect("timers of the review", len(timers), at_least=1)
    for one in timers:
        expect(f"last result of what {one.unit} starts", one.last_result, equals="success")


@control("LOG-08")
def test_every_day_that_is_over_is_reviewed(host, policy, expect):
    today, begun = archive.today(host), log_reviews.begun(host)
    expect("whether the day is known on which reviewing began", begun is not None, equals=True)
    expect("the day on which reviewing began", begun, at_most=today)
    first = max(begun, today - timedelta(days=log_reviews.LATELY))
    over = (log_reviews.first_open_day(host, policy) - first).days
    wanted = [str(first + timedelta(days=each)) for each in range(over)]
    there = {str(review.day) for review in log_reviews.kept(host)}
    missing = [day for day in wanted if day not in there]
    expect("days without a review", missing, nothing=True)


@control("LOG-08")
def test_people_are_told_of_each_review(host, expect):
    kept, told = log_reviews.kept(host), log_reviews.told(host)
    untold = [str(review.day) for review in kept if told is None or review.day > told]
    expect("days of whose review nobody was told", untold, nothing=True)


@control("LOG-08")
def test_the_last_reviews_are_what_the_collector_signed(host, site, declared, expect):
    keys, place = log_chain.trusted(site, declared, archive.public_key(host))
    expect("whence the keys are that count", place, differs_from="nowhere")
    whole = log_reviews.last(host)
    expect("reviews that can be read", len(whole), equals=len(log_reviews.kept(host)[-2:]))
    unsigned = [str(review.day) for review in whole if not review.is_signed(keys)]
    expect("reviews that the collector did not sign", unsigned, nothing=True)


@control("LOG-08")
def test_the_last_review_counts_every_message_of_its_day(host, site, expect):
    whole = log_reviews.last(host, 1)
    expect("last reviews that can be read", len(whole), equals=len(log_reviews.kept(host)[-1:]))
    for review in whole:
        missing = sorted(set(site.hosts) - set(review.messages))
        expect(f"hosts that the review of {review.day} leaves out", missing, nothing=True)
        for name, count in log_reviews.messages(host, review.day).items():
            counted = review.messages.get(name)
            expect(f"messages of {name} that were reviewed of {review.day}", counted, equals=count)


@control("LOG-08")
def test_somebody_answers_for_each_exception(host, site, policy, expect):
    today, known = archive.today(host), site.acknowledgements
    overdue = []
    for review in log_reviews.kept(host):
        last = log_reviews.last_day_for(review, policy)
        for name in review.exceptions:
            answered = name in known and known[name].who in policy.people
            if not answered and today > last:
                overdue.append(f"{name} of {review.day}")
    expect("exceptions that nobody acknowledged in time", overdue, nothing=True)


@control("LOG-08")
def test_what_must_be_noticed_is_noticed(host, timer, policy, expect):
    at = when(policy, at_work=True) or datetime.now(UTC)
    said = [
        ("sshd-session", f"Accepted publickey for strange from {OUTSIDE} port 2 ssh2: ED25519 x"),
        ("useradd", "new user: name=canary, UID=1999, GID=1999, home=/home/canary, shell=/bin/sh"),
        ("usermod", "add 'canary' to group 'sudo'"),
        ("audisp-syslog", CHANGED),
        ("audisp-syslog", STOPPED),
        ("audisp-syslog", CLOCK),
        ("permissions", "new program with privileges: 4755 root:root /canary"),
        ("alert", "rsyslog.service does not run: it is inactive"),
        ("kernel", "audit: audit_lost=3 audit_rate_limit=0 audit_backlog_limit=64"),
        ("ringfence-heartbeat", "up; audit records lost: 7"),
        ("clamd", "/srv/canary: Eicar-Test-Signature FOUND"),
    ]
    records = [log_reviews.record(program, message, at) for program, message in said]
    found = log_reviews.noticed(host, timer.timer, records)
    wanted = {
        "login-of-stranger strange": f"{EXTERNAL}, an exception",
        **dict.fromkeys(
            (
                *("account-made canary", "rights-given canary", "keys-changed canary"),
                *(
                    "new-privileged-program 4755 root:root /canary",
                    "audit-lost audit_lost",
                    "audit-lost lost",
                    "audit-lost stopper",
                    "clock-set canary",
                ),
                *("service-stopped rsyslog.service", "malware Eicar-Test-Signature"),
            ),
            f"{INTERNAL}, an exception",
        ),
    }
    for what, verdict in wanted.items():
        expect(f"what the review says of {what}", found.get(what, "nothing"), equals=verdict)


@control("LOG-08")
def test_what_is_too_much_is_noticed_and_what_is_not_is_counted(host, timer, policy, expect):
    at, limits = when(policy, at_work=True) or datetime.now(UTC), policy.log_review
    records = []
    for kind, program, message, limit in (
        ("login", "sshd", "Failed password for root from {} port 4 ssh2", limits.failed_logins),
        ("sudo", "sudo", "{} : command not allowed ; COMMAND=/bin/sh", limits.refused_commands),
        ("access", "audisp-syslog", DENIED, limits.refused_accesses),
    ):
        much, little = {
            "login": (OUTSIDE, "203.0.113.78"),
            "sudo": ("much", "little"),
            "access": ("much", "little"),
        }[kind]
        texts = [message.replace("{}", who).replace("canary", who) for who in (much, little)]
        records.append(log_reviews.record(program, texts[0], at, limit))
        records.append(log_reviews.record(program, texts[1], at, limit - 1))
    found = log_reviews.noticed(host, timer.timer, records)
    for name, scope, limit in (
        (f"login-failed {OUTSIDE}", EXTERNAL, limits.failed_logins),
        ("privilege-denied much", INTERNAL, limits.refused_commands),
        ("access-denied much", INTERNAL, limits.refused_accesses),
    ):
        what = f"what the review says of {limit} times {name}"
        expect(what, found.get(name, "nothing"), equals=f"{scope}, an exception")
    for name, scope, limit in (
        ("login-failed 203.0.113.78", EXTERNAL, limits.failed_logins),
        ("privilege-denied little", INTERNAL, limits.refused_commands),
        ("access-denied little", INTERNAL, limits.refused_accesses),
    ):
        if limit > 1:
            what = f"what the review says of {limit - 1} times {name}"
            expect(what, found.get(name, "nothing"), equals=f"{scope}, counted")


@control("LOG-08")
def test_log_ins_outside_working_hours_are_noticed(host, timer, policy, expect):
    names = sorted(policy.people)[:1]
    expect("people that policy.yml names", len(names), at_least=1)
    text = f"Accepted publickey for {names[0]} from {OUTSIDE} port 2 ssh2: ED25519 x"
    for at, kind, verdict in (
        (when(policy, at_work=True), "login", "counted"),
        (when(policy, at_work=False), "login-outside-hours", "an exception"),
    ):
        if at is not None:
            found = log_reviews.noticed(host, timer.timer, [log_reviews.record("sshd", text, at)])
            said = ", ".join(f"{name}: {value}" for name, value in found.items())
            what = f"what the review says of a log-in at {at:%A %H:%M} UTC"
            expect(what, said or "nothing", equals=f"{kind} {names[0]}: {EXTERNAL}, {verdict}")


@control("LOG-08")
def test_what_comes_from_inside_and_from_clients_is_told_from_outside(
    host, timer, site, policy, expect
):
    sources = {OUTSIDE: EXTERNAL}
    for one in site.hosts.values():
        if log_reviews.is_address(one.address):
            sources[one.address] = INTERNAL
            break
    for network in policy.log_review.internal[:1]:
        sources[network.partition("/")[0]] = INTERNAL
    for client, networks in policy.log_review.clients.items():
        for network in networks[:1]:
            sources[network.partition("/")[0]] = f"client:{client}"
    text = "NOTICE [sshd] Ban {}"
    records = [
        log_reviews.record("fail2ban-server", text.format(source), datetime.now(UTC))
        for source in sources
    ]
    found = log_reviews.noticed(host, timer.timer, records)
    for source, scope in sources.items():
        verdict = "an exception" if scope == INTERNAL else "counted"
        said = found.get(f"intruder {source}", "nothing")
        expect(
            f"what the review says of an intruder at {source}", said, equals=f"{scope}, {verdict}"
        )
