from ringfence.pyinfra_steps import READY, Heard
from ringfence.steps import part

PREPARING = ["    [a] Connected", "    [b] Connected", "    [a] Ready: deploys/site.py"]
RUNNING = [
    *PREPARING,
    "    [b] Ready: deploys/site.py",
    "--> Operations: 2",
    "--> Starting operation: ssh | SSH-01 x",
    "    [a] Success",
    "    [b] No changes",
    "    [stranger] Success",
    "--> Starting operation: ssh | SSH-02 y",
    "    [a] Error: executed 0 commands",
]


def hear(lines, dry):
    told = []
    heard = Heard(
        ["a", "b"],
        dry,
        lambda host, step, share=None, failed=False: told.append((host, step, share)),
    )
    for line in lines:
        heard.line(line)
    return told


def test_a_plan_is_over_when_operations_are_prepared():
    assert hear(PREPARING, dry=True) == [
        ("a", "connected", 0.1),
        ("b", "connected", 0.1),
        ("a", "prepared", 1.0),
    ]


def test_an_apply_goes_on_by_the_operations_that_each_host_has_done():
    told = hear(RUNNING, dry=False)
    half = READY + (1 - READY) / 2
    assert ("a", "ssh | SSH-01 x", READY) in told
    assert told[-2:] == [("a", "ssh | SSH-02 y", half), ("b", "ssh | SSH-02 y", half)]
    assert "stranger" not in {host for host, _, _ in told}


def test_a_part_of_the_work_goes_from_its_beginning_to_its_end():
    told = []
    say = part(lambda host, step, share=None, failed=False: told.append((share, failed)), 0.2, 0.6)
    say("a", "x")
    say("a", "x", 0.5)
    say("a", "x", 1.0, failed=True)
    assert [failed for _, failed in told] == [False, False, True]
    assert told[0][0] is None
    assert [round(share, 9) for share, _ in told[1:]] == [0.4, 0.6]
