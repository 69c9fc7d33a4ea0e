import pytest

from ringfence.catalogue import load_catalogue
from ringfence.site.problems import SiteError


def refused(house):
    with pytest.raises(SiteError) as caught:
        load_catalogue(house)
    return str(caught.value)


@pytest.mark.parametrize("order", [("audit", "logging"), ("logging", "audit")])
def test_a_control_has_the_role_that_declares_it_first_and_then_those_that_join_it(
    make_house, order
):
    roles = {"audit": (["LOG-01", "LOG-04"], []), "logging": (["LOG-06"], ["LOG-04"])}
    catalogue = load_catalogue(make_house(**{role: roles[role] for role in order}))
    assert catalogue.roles_of == {
        "LOG-01": ["audit"],
        "LOG-04": ["audit", "logging"],
        "LOG-06": ["logging"],
    }
    told = catalogue.describe("LOG-04")
    assert (told["role"], told["joined_by"]) == ("audit", ["logging"])
    assert catalogue.describe("LOG-06")["joined_by"] == []


def test_a_control_that_nobody_declares_cannot_be_joined(make_house):
    house = make_house(logging=(["LOG-06"], ["ACR-04"]))
    assert refused(house) == (
        "roles/logging/controls.yml:1:9: joins[0]: 'ACR-04' is declared by no role of "
        "roles/roles.yml: add the line of the role that declares it"
    )


def test_a_mistyped_control_is_told_with_the_nearest(make_house):
    house = make_house(audit=(["LOG-04"], []), logging=(["LOG-06"], ["LOG-40"]))
    assert refused(house).endswith(
        "add the line of the role that declares it; did you mean 'LOG-06'?"
    )


def test_a_role_joins_neither_its_own_control_nor_one_twice(make_house):
    house = make_house(audit=(["LOG-04"], []), logging=(["LOG-06"], ["LOG-06", "LOG-04", "LOG-04"]))
    told = refused(house)
    assert "joins[0]: 'LOG-06' is this role's already: leave it out here" in told
    assert "joins[2]: 'LOG-04' is this role's already: leave it out here" in told


def test_what_is_joined_is_an_id(make_house):
    house = make_house(audit=(["LOG-04"], []), logging=(["LOG-06"], ["auditd"]))
    assert "'auditd' must be" in refused(house)


def test_two_roles_that_declare_one_control_learn_how_both_can_serve_it(make_house):
    house = make_house(audit=(["LOG-04"], []), logging=(["LOG-04"], []))
    assert refused(house) == (
        "roles/logging/controls.yml:2:9: controls[0].id: role audit has a control of this id "
        "already; where both serve it, one declares it and the other has `joins: [LOG-04]`"
    )
