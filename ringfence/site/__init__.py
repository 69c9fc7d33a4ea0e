"""A site's files: YAML in, validated models out."""

from ringfence.site.access import Access, AccessKey
from ringfence.site.hosts import Host, SshAccess
from ringfence.site.house import House, find_house
from ringfence.site.loading import load_site
from ringfence.site.policy import BasePolicy as Policy
from ringfence.site.problems import Problem, SiteError
from ringfence.site.section import Classification, Section
from ringfence.site.site import Site
from ringfence.site.waivers import Waiver

__all__ = [
    "Access",
    "AccessKey",
    "Classification",
    "Host",
    "House",
    "Policy",
    "Problem",
    "Section",
    "Site",
    "SiteError",
    "SshAccess",
    "Waiver",
    "find_house",
    "load_site",
]
