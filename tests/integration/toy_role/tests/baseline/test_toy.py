"""TOY-01."""

from ringfence.verify import control


@control("TOY-01")
def test_the_words_of_the_day_are_told(host, policy, expect):
    expect("/etc/toy", host.run("cat /etc/toy").stdout.strip(), equals=policy.role("toy").message)
