"""Kamailio, rtpengine and PostgreSQL as both Debians ship them do their work in their sandboxes.

Neither Debian has Asterisk or FreeSWITCH. rtpengine forwards without its kernel module, which a
container can't load.
"""

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from ringfence import lab as labs

from . import of_debian

CLUSTERS = {"bastion1": "17", "agent1": "15"}
"""Debian 13 and Debian 12, each with its PostgreSQL, which runs in postgresql@17-main.service."""
LIMIT = ",".join(CLUSTERS)
PACKAGES = ("kamailio", "postgresql", "rtpengine-daemon")
CALLS = ("rtpengine-daemon.service", "kamailio.service")
WORKS = ["answers OPTIONS", "registers", "answers pings", "calls", "carries voices"]
"""What phones.py says."""
SET_UP = """\
set -e
cat >/etc/kamailio/kamailio-local.cfg <<'END'
#!define WITH_NAT
#!define WITH_RTPENGINE
END
sed -i '/^\\[rtpengine\\]/a scheduling = rr\\npriority = 10' /etc/rtpengine/rtpengine.conf
mkdir -p /etc/systemd/system/kamailio.service.d
cat >/etc/systemd/system/kamailio.service.d/priority.conf <<'END'
[Service]
CPUSchedulingPolicy=rr
CPUSchedulingPriority=10
END
systemctl daemon-reload
systemctl restart rtpengine-daemon.service
systemctl restart kamailio.service # which passes over an rtpengine for a minute that isn't there
cd /
runuser -u postgres -- psql -qv ON_ERROR_STOP=1 <<'END'
CREATE ROLE acd LOGIN PASSWORD 'of a test';
CREATE DATABASE calls OWNER acd;
END
"""
ASKS = 'cd / && PGPASSWORD="of a test" psql -XAtqv ON_ERROR_STOP=1 -h 127.0.0.1 -U acd calls'
WRITES = f"""\
{ASKS} <<'END'
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS calls (id serial PRIMARY KEY, agent text NOT NULL);
INSERT INTO calls (agent) SELECT 'ana' FROM generate_series(1, 20000);
END
"""
COUNTS = f'{ASKS} -c "SELECT count(*) FROM calls"'
COMPILES = f"""\
{ASKS} <<'END'
SET jit_above_cost = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (ANALYZE) SELECT sum(length(agent)) FROM calls;
END
"""
"""A query for which PostgreSQL writes machine code, and shares memory with more processes."""
SEES_HOMES = """\
cd /
runuser -u postgres -- psql -XAtqc "SELECT pg_ls_dir('/home')" 2>/dev/null || true
"""
CONFINED = """\
set -e
filters() { sed -n 's/^Seccomp_filters:[[:space:]]*//p'; }
for unit in "$@"; do
    group=$(systemctl show -p ControlGroup --value "$unit")
    seen=0
    for process in $(cat "/sys/fs/cgroup$group/cgroup.procs"); do
        status=$(cat "/proc/$process/status" 2>/dev/null) || continue # ended meanwhile
        mounts=$(cut -d' ' -f5,6 "/proc/$process/mountinfo" 2>/dev/null)
        [ -n "$mounts" ] || continue
        echo "$status" | grep -q '^NoNewPrivs:.1'
        [ "$(echo "$status" | filters)" -gt "$(filters </proc/1/status)" ]
        echo "$mounts" | grep -q '^/usr ro'
        seen=$((seen + 1))
    done
    [ "$seen" -gt 0 ]
    systemctl show -p Id --value "$unit"
done
"""
"""Fails at a process of a service that may gain privileges, ask the kernel all, or write /usr."""
BY_REAL_TIME = "ps -eLo user:20=,cls=,rtprio=,comm= | sort -u | tr -s ' '"
"""Who runs what by which schedule, and how urgently."""


@pytest.fixture(scope="module")
def served(lab):
    """The containers with the daemons, and nothing of ours; as they were again at the end."""
    labs.reset(lab.path, list(CLUSTERS), say=print)
    with ThreadPoolExecutor() as both:
        list(both.map(lambda host: of_debian.install(lab.path, host, PACKAGES), CLUSTERS))
    for host in CLUSTERS:
        lab.run_on(host, SET_UP)
    yield lab
    labs.reset(lab.path, list(CLUSTERS), say=print)


def works(lab, host):
    """Have both phones call, and PostgreSQL compute."""
    address = yaml.safe_load((lab.path / "hosts.yml").read_text())["hosts"][host]["address"]
    phones = [sys.executable, str(Path(__file__).with_name("phones.py")), address]
    assert of_debian.in_network(lab.path, host, phones).splitlines() == WORKS
    shown = lab.run_on(host, COMPILES)
    assert re.search("Workers Launched: [1-9]", shown), shown
    assert "JIT:" in shown


def test_real_daemons_work_in_their_sandboxes(served):
    for host in CLUSTERS:
        served.run_on(host, WRITES)
        assert "deploy" in served.run_on(host, SEES_HOMES)
        works(served, host)
    applied = served.ringfence(
        *("apply", str(served.path), "--limit", LIMIT),
        *("--role", "identity,confinement", "--no-verify"),
    )
    assert applied.returncode == 0, applied.stdout + applied.stderr
    for host, version in CLUSTERS.items():
        assert f"restarted: postgresql@{version}-main.service" in applied.stdout
        assert served.run_on(host, SEES_HOMES) == ""
    assert "restarted: kamailio" not in applied.stdout
    code, verdicts = served.verify("--limit", LIMIT, "--control", "SYS-05")
    assert (code, set(verdicts.values())) == (1, {"fail"}), "calls go on outside the sandbox"

    for host, version in CLUSTERS.items():
        served.run_on(host, f"pg_createcluster --start {version} later >/dev/null")
        clusters = [f"postgresql@{version}-{name}.service" for name in ("main", "later")]
        units = [*CALLS, *clusters]
        for unit in CALLS:
            served.run_on(host, f"systemctl restart {unit}")
        works(served, host)
        assert served.run_on(host, f"set -- {' '.join(units)}\n{CONFINED}").split() == units
        served.run_on(host, WRITES)
        served.run_on(host, "systemctl restart postgresql.service kamailio.service")
        served.run_on(host, "systemctl reload postgresql.service")
        works(served, host)
        assert served.run_on(host, f"set -- {' '.join(units)}\n{CONFINED}").split() == units
        assert served.run_on(host, COUNTS) == "40000\n"
    code, verdicts = served.verify("--limit", LIMIT, "--control", "SYS-05")
    assert (code, set(verdicts.values())) == (0, {"pass"}), served.results()

    chosen = ("--limit", LIMIT, "--role", "confinement")
    planned = served.ringfence("plan", str(served.path), *chosen)
    assert planned.returncode == 0, planned.stdout

    for host in CLUSTERS:
        told = served.run_on(host, BY_REAL_TIME).splitlines()
        assert [line for line in told if line.startswith("kamailio ")] == [
            "kamailio RR 10 kamailio"
        ]
        assert "rtpengine RR 10 poller" in told
