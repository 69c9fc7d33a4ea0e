"""What a site lacks, known without asking a host: the one list of `check` and `doctor`."""

from ringfence.pki import readiness
from ringfence.secrets import second_factors
from ringfence.site import Site, inventory_file
from ringfence.site.problems import Problem


def warnings(site: Site) -> list[Problem]:
    """Return what its files warn of, and who could not log in to a bastion."""
    return [*site.warnings, *second_factors.warnings(site)]


def refusals(site: Site) -> list[Problem]:
    """Return what is missing without which every apply is refused."""
    return [*inventory_file.warnings(site), *readiness.warnings(site)]
