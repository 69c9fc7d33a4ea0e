import subprocess

import pytest

from ringfence.facts.shell import answers, call, decoded, library, without_comments


def coded(*texts: str) -> list[str]:
    """Have the shell code texts as the facts do."""
    coding = library("kernel").split("LC_ALL=C")[0] + "LC_ALL=C\n"
    lines = "".join(f"printf '%s\\n' \"$({call('coded', text)})\"\n" for text in texts)
    return subprocess.check_output(["sh", "-c", coding + lines], text=True).splitlines()


def test_words_are_quoted() -> None:
    assert call("describe", "0", "/etc/$(id) 'x'") == "describe 0 '/etc/$(id) '\"'\"'x'\"'\"''"


def test_noise_before_the_marker_is_no_answer() -> None:
    assert answers(["Welcome!", "marker", "a b", ""], "marker") == [["a", "b"], [""]]


def test_without_the_marker_there_is_no_answer() -> None:
    assert answers(["Welcome!", "a b"], "marker") == []


def test_comments_go_and_code_stays() -> None:
    assert without_comments("# one\na # two\n  # three\nb '#'\n") == "a # two\nb '#'\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/etc/sysctl.d/99-a_b.conf",
        "net.ipv4.conf.*.rp_filter",
        "=",
        "a=b",
        "two words",
        "a line\nanother",
        "tab\t",
        "$(id)",
        "Ünïcode",
        "a\\b",
        "[!x]",
    ],
)
def test_a_text_that_is_coded_breaks_no_answer_and_comes_back(text: str) -> None:
    (line,) = coded(text)
    assert line.isascii()
    assert len(line.split()) == 1
    assert decoded(line) == text


def test_a_text_that_breaks_nothing_costs_no_process() -> None:
    assert coded("/etc/motd", "a b", "a\tb") == ["=/etc/motd", "=a\\b", "YQli"]


def test_what_is_neither_is_refused() -> None:
    with pytest.raises(ValueError, match="padding"):
        decoded("abc")
