import subprocess

from ringfence.facts.shell import call, library

STANDS_IN = """\
systemctl() {
    printf '%s\\n' Id=rests.service ActiveState=inactive StateChangeTimestamp=@1700000000 '' \\
        ReloadResult=success Id=runs.service StateChangeTimestamp=@1700000000 \\
        ActiveState=active '' StateChangeTimestamp=@1700000000 ActiveState=failed Id=fell.service
}
"""
"""A manager of Debian 12 after `systemctl daemon-reload`."""


def test_a_reload_of_the_manager_changes_no_answer_about_units_that_do_not_run() -> None:
    text = library("services") + STANDS_IN + call("units", "any")
    ended = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=True)
    blocks = [set(block.split("\n")) for block in ended.stdout.split("\n\n")]
    assert "StateChangeTimestamp=" in blocks[0]
    assert "StateChangeTimestamp=@1700000000" in blocks[1]
    assert "StateChangeTimestamp=" in blocks[2]
    assert ["Id=fell.service" in block for block in blocks[:3]] == [False, False, True]
