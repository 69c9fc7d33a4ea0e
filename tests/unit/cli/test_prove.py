"""``ringfence prove``: what is refused before any host is asked."""

import ringfence.cli


def test_a_sample_is_no_proof_to_be_recorded(sealed_site, capsys):
    code = ringfence.cli.run(["prove", str(sealed_site), "--sample", "--record"])
    assert code == 4
    assert "--record keeps whole proofs: leave --sample out" in capsys.readouterr().err
