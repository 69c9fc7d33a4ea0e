import json
import subprocess
from types import SimpleNamespace

from ringfence.verify.probes import drop_log


def rule(*expressions: dict) -> dict:
    return {"rule": {"family": "inet", "table": "t", "chain": "c", "expr": list(expressions)}}


def count(packets: int) -> dict:
    return {"counter": {"packets": packets, "bytes": 0}}


def test_packets_count_that_reach_a_statement_that_logs() -> None:
    logs = {"log": {"prefix": "OUTDROP "}}
    objects = [
        {"table": {"family": "inet", "name": "t"}},
        rule({"limit": {}}, count(20), logs),
        rule(count(3), logs, {"drop": None}),
        rule(count(300), {"drop": None}),
    ]
    text = json.dumps({"nftables": objects})
    assert drop_log.counted_of_a_flood(SimpleNamespace(check_output=lambda _: text)) == 23


def test_a_host_without_nft_logs_nothing() -> None:
    assert drop_log.counted_of_a_flood(SimpleNamespace(check_output=lambda _: "")) == 0


def test_a_counter_comes_before_each_statement_that_logs_and_nowhere_else() -> None:
    rules = (
        "set banned { elements = { 1.2.3.4,\n5.6.7.8 } }\n"
        'limit rate 5/second log prefix "log it " level info\nlog\n'
        'tcp dport 514 accept comment "flows[3]: the log of calls"\n'
    )
    counted = subprocess.run(
        ["perl", "-ne", drop_log.COUNT_WHAT_IS_LOGGED.replace("\\\n", "")],
        input=rules,
        capture_output=True,
        text=True,
        check=True,
    )
    assert counted.stdout == (
        'limit rate 5/second counter log prefix "log it " level info\ncounter log\n'
        "tcp dport 514 accept\n"
    )
