"""The controls that the roles of a house bring, and the standards that they refer to."""

from ringfence.catalogue.controls import Catalogue, Control, Severity, load_catalogue
from ringfence.catalogue.frameworks import framework_ids

__all__ = ["Catalogue", "Control", "Severity", "framework_ids", "load_catalogue"]
