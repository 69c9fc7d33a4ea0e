"""Break each control on a hardened lab host, see its test fail, repair it, see it pass."""

from ringfence.proof.proving import CaseOutcome, prove_host
from ringfence.proof.sabotages import Case, Sabotage, load_sabotages

__all__ = ["Case", "CaseOutcome", "Sabotage", "load_sabotages", "prove_host"]
