import json
from types import SimpleNamespace

from ringfence.verify.probes import filter_management


def listing(handle: int, packets: int, *, elements: bool) -> str:
    base = {"family": "inet", "table": "t"}
    members = {"elem": ["10.0.0.1"]} if elements else {}
    rule = [{"counter": {"packets": packets, "bytes": 1}}, {"drop": None}]
    objects = [
        {"metainfo": {"version": str(handle)}},
        {"table": {"family": "inet", "name": "t", "handle": handle}},
        {"set": {**base, "name": "s", "handle": handle, **members}},
        {"rule": {**base, "chain": "c", "handle": handle, "expr": rule}},
    ]
    return json.dumps({"nftables": objects})


def host(**answers: str) -> SimpleNamespace:
    def answer(command: str, *_words: str) -> str:
        return next(text for start, text in answers.items() if command.startswith(start))

    return SimpleNamespace(
        check_output=answer,
        run=lambda command, *_words: SimpleNamespace(stdout="", rc=0),
    )


def test_handles_counters_and_elements_make_no_difference() -> None:
    one = filter_management.running(host(nft=listing(1, 0, elements=True)))
    other = filter_management.running(host(nft=listing(9, 7, elements=False)))
    assert one == other
    assert set(one) == {"inet t", "inet t c"}


def test_the_files_are_those_of_the_unit() -> None:
    started = "ExecStart={ path=/usr/sbin/nft ; argv[]=/usr/sbin/nft -f /etc/a.conf ; x }\n"
    shown = f"LoadState=loaded\n{started}ExecStop=\n"
    assert filter_management.files(host(systemctl=shown)) == ["/etc/a.conf"]
    assert filter_management.unit(host(systemctl=shown))["ExecStop"] == ""


def test_only_firewalls_that_run_or_will_are_told() -> None:
    shown = (
        "Id=ufw.service\nActiveState=inactive\nUnitFileState=enabled\n\n"
        "Id=ferm.service\nActiveState=active\nUnitFileState=disabled\n\n"
        "Id=docker.service\nActiveState=inactive\nUnitFileState=\n"
    )
    found = filter_management.other_managers(host(systemctl=shown))
    assert found == ["ufw.service", "ferm.service"]


def test_the_last_line_about_a_switch_wins() -> None:
    text = (
        "# /etc/sysctl.d/a.conf\nnet.ipv4.ip_forward = 1\n-net/ipv6/conf/all/forwarding=1\n"
        "net.ipv4.ip_forward=0\nkernel.x = 1\n;net.ipv4.ip_forward=1\n"
    )
    assert filter_management.forwarding_at_boot(host(**{"/usr/lib": text})) == {
        "net.ipv4.conf.all.forwarding": "0",
        "net.ipv6.conf.all.forwarding": "1",
    }
