import json
from types import SimpleNamespace

from ringfence.verify.probes.confinement import properties, sudo_commands


def rule(user, *commands):
    named = [{"command": command} for command in commands]
    return {"User_List": [user], "Cmnd_Specs": [{"Commands": named}]}


RULES = {
    "User_Specs": [
        rule({"username": "root"}, "ALL"),
        rule({"usergroup": "sudo"}, "/bin/all-of-sudo"),
        rule({"username": "robot"}, '/bin/ask ""'),
        rule({"username": "ALL"}, "/bin/everybody"),
        rule({"username": "robot", "negated": True}, "/bin/others"),
    ]
}


def host(groups="robot", text="", account_is_there=True):
    def check_output(command, *_arguments):
        return json.dumps(RULES) if "cvtsudoers" in command else groups

    def run(command, *_arguments):
        found = "id" not in command.split() or account_is_there
        return SimpleNamespace(rc=0 if found else 1, stdout=groups if "id" in command else text)

    return SimpleNamespace(check_output=check_output, run=run)


def test_rules_for_the_account_its_groups_and_everybody_count():
    assert sudo_commands(host(), "robot") == ['/bin/ask ""', "/bin/everybody"]
    assert "/bin/all-of-sudo" in sudo_commands(host("robot sudo"), "robot")


def test_an_account_that_is_not_there_may_do_nothing():
    assert sudo_commands(host(account_is_there=False), "robot") == []


def of(text):
    return properties(host(text=text), "/bin/ask")


def test_properties_are_read_over_broken_lines_however_they_are_quoted():
    text = "systemd-run -p User=robot \\\n -p A='b c' --property=D=e"
    text += ' --property="F=g h" -pI="j k" -- x'
    assert of(text) == {"User": "robot", "A": "b c", "D": "e", "F": "g h", "I": "j k"}


def test_what_is_given_twice_is_never_its_first_value_alone():
    assert of("systemd-run -p User=robot -p User=root x\n") == {"User": "robot root"}
    assert of("systemd-run -p A=/a -p A= -p A=/b --property='A=/c /d' x\n") == {"A": "/b /c /d"}
    assert of('systemd-run -p User=robot "-pUser=root" x\n') == {"User": "robot root"}
