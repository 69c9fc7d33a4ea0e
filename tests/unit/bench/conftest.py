"""The bench is a package below tests/, beside these."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
