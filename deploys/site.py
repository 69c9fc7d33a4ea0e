"""Applies the roles of each host's groups, in the order of roles/roles.yml.

pyinfra inventories/lab/inventory.py deploys/site.py --dry
pyinfra inventories/lab/inventory.py deploys/site.py --data roles=identity

Dangerous roles (those with a guard.yml, such as ssh) want `ringfence apply`, which sees to it that
a host that locks you out puts itself back. With --data guard=off pyinfra applies them without that.
"""

import sys
from pathlib import Path

from pyinfra.context import host

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import roles

roles.apply(only=host.data.get("roles"))
