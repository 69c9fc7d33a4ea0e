"""A site's secrets: kept encrypted in `secrets.yml.age`, opened in memory alone."""

from pydantic import SecretStr

from ringfence.secrets.content import Secrets
from ringfence.secrets.vault import Vault, load

__all__ = ["SecretStr", "Secrets", "Vault", "load"]
