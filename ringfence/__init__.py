"""Ringfence hardens the Linux hosts of a contact center as code, proves it, and hands out evidence."""

from importlib.metadata import version

__version__ = version("ringfence")
