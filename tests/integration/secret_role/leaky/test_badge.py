"""TOY-02, as nobody should write it: the evidence holds the secret."""

from ringfence.verify import control


@control("TOY-02")
def test_the_password_is_there(host, expect):
    expect("the password", host.run("cat /etc/badge/password").stdout, matches=".")
