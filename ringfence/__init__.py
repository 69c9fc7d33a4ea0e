"""Ringfence hardens the Linux hosts of a contact center as code, and proves it."""

from importlib.metadata import version

__version__ = version("ringfence")
