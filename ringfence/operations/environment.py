"""What the process that starts pyinfra says to operations; it needs no pyinfra for that."""

EFFECTS = "RINGFENCE_EFFECTS"
"""The environment's name for the number of an open file to which effects are added, one a line. The
file has no name: what would be written on a host may hold a secret that its role gives away."""
