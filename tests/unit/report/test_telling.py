from ringfence.report.telling import telling


def test_each_name_is_told_before_it_comes_with_the_share_before_it():
    heard = []
    for name in telling(["a", "b"], lambda *step: heard.append(step)):
        heard.append(name)
    assert heard == [("a", 0.0), "a", ("b", 0.5), "b"]
    assert list(telling([], lambda *step: heard.append(step))) == []
