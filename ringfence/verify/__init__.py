"""What a baseline test needs: name its control, and say when it does not apply.

The fixtures ``host``, ``declared``, ``policy``, ``site`` and ``expect`` come from the plugin.
"""

from ringfence.verify.marking import NotApplicableError, control, not_applicable

__all__ = ["NotApplicableError", "control", "not_applicable"]
