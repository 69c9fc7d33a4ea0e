"""``ringfence prove``: what is refused before any host is asked, and which host tries what."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import ringfence.cli
from ringfence.cli import prove
from ringfence.proof.proving import CaseOutcome


@dataclass(frozen=True)
class Bench:
    host: SimpleNamespace
    folder: Path = Path("proofs")


def trial(name):
    return SimpleNamespace(control="SSH-01", roles=("ssh",), case=case(name), number=1)


def case(name):
    return SimpleNamespace(name=name, fails=[name], alone=True, reboot=False)


def test_a_sample_is_dealt_and_what_does_not_apply_is_tried_elsewhere(monkeypatch):
    tried = []

    def prove_on(bench, rounds):
        found = []
        for one in (each for trials in rounds for each in trials):
            reason = "no bastion" if (bench.host.name, one.case.name) == ("agent", "b") else ""
            found.append(CaseOutcome(bench.host.name, "SSH-01", one.case.name, [], [], reason))
            tried.append((bench.host.name, one.case.name, bench.folder.name))
        return found, ""

    monkeypatch.setattr(prove, "_prove", prove_on)
    benches = [Bench(SimpleNamespace(name=name)) for name in ("bastion", "agent")]
    shown = prove._deal(benches, [[trial("a")], [trial("b")], [trial("c")]], 4)
    dealt, elsewhere = [
        sorted(one[:2] for one in tried if one[2] == folder) for folder in ("proofs", "elsewhere")
    ]
    assert dealt == [("agent", "b"), ("bastion", "a"), ("bastion", "c")]
    assert elsewhere == [("agent", "b"), ("bastion", "b")]
    proven = {outcome.case for found, _ in shown for outcome in found if outcome.proven}
    assert proven == {"a", "b", "c"}


def test_a_sample_is_no_proof_to_be_recorded(sealed_site, capsys):
    code = ringfence.cli.run(["prove", str(sealed_site), "--sample", "--record"])
    assert code == 4
    assert "--record keeps whole proofs: leave --sample out" in capsys.readouterr().err
