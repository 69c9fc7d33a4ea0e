from ringfence.facts.shell import answers, call, without_comments


def test_words_are_quoted() -> None:
    assert call("describe", "0", "/etc/$(id) 'x'") == "describe 0 '/etc/$(id) '\"'\"'x'\"'\"''"


def test_noise_before_the_marker_is_no_answer() -> None:
    assert answers(["Welcome!", "marker", "a b", ""], "marker") == [["a", "b"], [""]]


def test_without_the_marker_there_is_no_answer() -> None:
    assert answers(["Welcome!", "a b"], "marker") == []


def test_comments_go_and_code_stays() -> None:
    assert without_comments("# one\na # two\n  # three\nb '#'\n") == "a # two\nb '#'\n"
