import pytest

from ringfence.catalogue import Catalogue
from ringfence.proof.sabotages import load_sabotages
from ringfence.site.house import House
from ringfence.site.problems import SiteError

ROLES_OF = {"LOG-04": ["audit", "logging"], "LOG-01": ["audit"], "LOG-06": ["logging"]}
CATALOGUE = Catalogue(dict.fromkeys(ROLES_OF), ROLES_OF, {})
ENTRY = """\
  - control: {control}
    cases:
      - {{name: {name}, kind: add, does: x, run: 'true', fails: [test_x], because: x}}
"""


@pytest.fixture
def make_house(tmp_path):
    """Makes a house of these roles: of each the controls that it breaks, with a case's name."""

    def make(**roles):
        for role, cases in roles.items():
            (tmp_path / "roles" / role).mkdir(parents=True)
            (tmp_path / "roles" / role / "__init__.py").touch()
            entries = "".join(ENTRY.format(control=control, name=name) for control, name in cases)
            path = tmp_path / "tests/sabotage" / f"{role}.yml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"sabotages:\n{entries}")
        (tmp_path / "roles/roles.yml").write_text("".join(f"{role}: [all]\n" for role in roles))
        return House(tmp_path)

    return make


def refused(house):
    with pytest.raises(SiteError) as caught:
        load_sabotages(house, CATALOGUE)
    return str(caught.value)


def test_the_cases_of_all_its_roles_are_those_of_a_control(make_house):
    house = make_house(
        audit=[("LOG-04", "stopped"), ("LOG-01", "off")],
        logging=[("LOG-04", "masked"), ("LOG-06", "silent")],
    )
    found = load_sabotages(house, CATALOGUE)
    assert {control: [case.name for case in each.cases] for control, each in found.items()} == {
        "LOG-04": ["stopped", "masked"],
        "LOG-01": ["off"],
        "LOG-06": ["silent"],
    }


def test_a_role_breaks_no_control_of_others(make_house):
    told = refused(make_house(logging=[("LOG-01", "off")]))
    assert told == (
        "tests/sabotage/logging.yml:2:14: sabotages[0].control: 'LOG-01' is of role audit, "
        "which role logging doesn't join"
    )


def test_a_control_stands_in_a_file_once(make_house):
    told = refused(make_house(audit=[("LOG-01", "off"), ("LOG-01", "stopped")]))
    assert "'LOG-01' stands in this file already" in told


def test_an_unknown_control_is_told_with_the_nearest(make_house):
    told = refused(make_house(audit=[("LOG-10", "off")]))
    assert "'LOG-10' is no control; did you mean 'LOG-0" in told
