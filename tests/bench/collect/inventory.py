"""This site as a pyinfra inventory: its hosts and groups come from hosts.yml beside this file."""

from ringfence.site.pyinfra_inventory import groups

globals().update(groups(__file__))
