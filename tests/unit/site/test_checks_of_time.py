from ringfence.site.checks_of_time import CHECKS
from ringfence.site.loader import parse
from ringfence.site.plain import Documents

HOSTS = """\
hosts:
  log1: {groups: [log_collector]}
  pbx1: {groups: [pbx]}
"""


def problems(policy: str) -> list[str]:
    documents = Documents(
        parse(HOSTS.encode(), "hosts.yml"), parse(policy.encode(), "policy.yml"), None
    )
    return [str(problem) for check in CHECKS for problem in check(documents)]


def test_a_server_that_is_no_host_is_named_with_the_nearest():
    assert problems("time:\n  servers: [log1, log2]\n") == [
        "policy.yml:2:19: time.servers[1]: 'log2' is not a host; did you mean 'log1'?"
    ]


def test_a_group_that_does_not_exist_is_named_with_the_nearest():
    assert problems("time:\n  local_time: [agents, agent]\n") == [
        "policy.yml:2:24: time.local_time[1]: 'agent' is not a group; did you mean 'agents'?"
    ]
