"""The authority at work: a site's inventory, its secrets and its register come together here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from ringfence.errors import UsageError
from ringfence.pki.authority import Authority, Reason, names
from ringfence.pki.keys import checked_key, key_digest
from ringfence.pki.lifetime import LIST_RENEWED_FROM_DAY, is_due, utc_now
from ringfence.pki.register import PEM, Files, Issued, Register
from ringfence.secrets import Vault, content
from ringfence.site import Host, Site
from ringfence.site.problems import nearest

KEY = "pki.authority_key"
"""The secret that is the authority's key."""


@dataclass(frozen=True)
class Held:
    """What a site's authority has for one host; telling it takes no secret."""

    authority: str
    """PEM of its certificate"""
    revoked: str
    """PEM of the list of revoked certificates; empty when there is none"""
    list_is_due: bool
    certificate: str = ""
    """PEM of the host's certificate; empty when it needs another"""
    key: str = ""
    """SHA-256 (hex) of that certificate's public key"""
    known_keys: frozenset[str] = frozenset()
    """digests of the keys that were certified for the host, and may be again"""


class Issuing:
    """The authority of one site. What it does is noted before anybody has it."""

    def __init__(self, site: Site, identity_files: Iterable[Path] = ()) -> None:
        """Use a site's folder, and the identities in some files to open its secrets."""
        self._site = site
        self._vault = Vault(site.path, identity_files)
        self.files = Files(site.path)

    def begin(self) -> None:
        """Make the authority: its key among the site's secrets, its certificate beside them.

        The certificate is written last: where there is none, a call that was interrupted is
        simply made again. A key that is among the secrets already stays.

        Raises:
            UsageError: the site has an authority or has lost its certificate, or nobody may open
                its secrets.
        """
        self._vault.demand_recipients()
        with self.files.locked():
            self.files.refuse_a_second_beginning()
            sealed = self._vault.sealed() if self._vault.path.exists() else None
            plain = self._vault.read() if sealed is not None else content.SAMPLE
            source = str(self._vault.path)
            known = content.parse(plain, source) if sealed is not None else {}
            key = known[KEY].get_secret_value() if KEY in known else None
            authority = Authority.new(self._site.name, utc_now(), key)
            if key is None:
                changed = content.with_value(plain, KEY, authority.key_text(), source)
                self._vault.write(changed, replacing=sealed)
            self._publish(authority, Register())
            self.files.save_authority(authority.certificate)

    def issue(self, host: Host, request: bytes) -> x509.Certificate:
        """Return a certificate for a host of the site, and note it.

        Raises UsageError as `Authority.issue` does, and when the authority can't be used.
        """
        with self.files.locked():
            authority, register = self._authority(), self.files.register()
            certificate = authority.issue(request, host.name, host.address, utc_now())
            noted = Issued.of(certificate, host.name)
            _refuse_a_key_of_others(register, noted)
            register.issued.append(noted)
            self._publish(authority, register)
            self.files.save_certificate(host.name, certificate)
            return certificate

    def demand_key(self) -> None:
        """Raise UsageError when the authority's key can't be opened, or isn't the authority's."""
        self._authority()

    def held(self, host: Host) -> Held:
        """Return what there is for a host. Opens no secret, writes nothing.

        A certificate is held while it is the latest, counts, is not due, names what the inventory
        does, and is the authority's.

        Raises UsageError when the site has no authority, or its register is missing or damaged.
        """
        register, now, shown = self.files.register(), utc_now(), self._list_shown()
        authority = self.files.demand_authority()
        certificate = self._good(host, register, authority, now)
        return Held(
            authority=authority.decode(),
            revoked="" if shown is None else shown.public_bytes(PEM).decode(),
            list_is_due=shown is None
            or _number(shown) != register.list_number
            or _is_old(shown, now),
            certificate="" if certificate is None else certificate.public_bytes(PEM).decode(),
            key="" if certificate is None else key_digest(certificate),
            known_keys=frozenset(register.keys_of(host.name)),
        )

    def _good(
        self, host: Host, register: Register, authority: bytes, now: datetime
    ) -> x509.Certificate | None:
        latest = register.latest().get(host.name)
        if latest is None or latest.state(now) != "good":
            return None
        if latest.names != names(host.name, host.address):
            return None
        if (found := self.files.kept(latest)) is None:
            return None
        try:
            found.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))
        except (ValueError, TypeError, InvalidSignature):
            return None
        return found

    def renew(self, hosts: Iterable[Host], *, early: bool = False) -> list[Issued]:
        """Certify the keys of hosts once more, and make an old list of revoked ones anew.

        A host whose certificate is due or has ended gets another, and one that is named otherwise
        by now; with `early` any does. One that has none, or whose latest was revoked, must ask
        with a request: it is passed over. The hosts get them with the next apply.

        Raises UsageError when the authority can't be used.
        """
        with self.files.locked():
            authority, register, now = self._authority(), self.files.register(), utc_now()
            made = []
            for host in hosts:
                latest = register.latest().get(host.name)
                if latest is None or latest.state(now) == "revoked":
                    continue
                is_named = latest.names == names(host.name, host.address)
                if latest.state(now) == "good" and is_named and not early:
                    continue
                if (
                    kept := self.files.kept(latest)
                ) is None or latest.key in register.compromised():
                    continue
                certificate = authority.certify(checked_key(kept), host.name, host.address, now)
                made.append((certificate, Issued.of(certificate, host.name)))
            register.issued += [noted for _, noted in made]
            self._publish(authority, register)
            for certificate, noted in made:
                self.files.save_certificate(noted.host, certificate)
            return [noted for _, noted in made]

    def revoke(self, which: str, reason: Reason) -> list[Issued]:
        """Revoke one certificate by its serial, or all of a host that count.

        Returns their new entries.

        Raises UsageError when there is none such.
        """
        with self.files.locked():
            authority, register, now = self._authority(), self.files.register(), utc_now()
            chosen = [
                one
                for one in register.issued
                if which in (one.host, one.serial) and one.state(now) in ("good", "due")
            ]
            if not chosen:
                hint = nearest(which, {one.host for one in register.issued})
                raise UsageError(f"{which}: no certificate of that host or serial counts{hint}")
            revoked = [register.revoke(one, reason, now) for one in chosen]
            self._publish(authority, register, anew=True)
            return revoked

    def _authority(self) -> Authority:
        certificate = self.files.demand_authority()
        key = self._vault.secrets()[KEY].get_secret_value()
        return Authority.load(key, certificate, str(self.files.authority))

    def _publish(self, authority: Authority, register: Register, *, anew: bool = False) -> None:
        """Write the register, then the list of revoked certificates if it is another or old."""
        now, shown = utc_now(), self._list_shown()
        number = 0 if shown is None else _number(shown)
        is_current = (
            shown is not None and number == register.list_number and not _is_old(shown, now)
        )
        if is_current and not anew:
            self.files.save(register)
            return
        register.list_number = max(register.list_number, number) + 1
        revoked = authority.revoked(register.revocations(now), register.list_number, now)
        self.files.save(register)
        self.files.save_revoked(revoked)

    def _list_shown(self) -> x509.CertificateRevocationList | None:
        try:
            return x509.load_pem_x509_crl(self.files.revoked.read_bytes())
        except (FileNotFoundError, ValueError):
            return None


def _refuse_a_key_of_others(register: Register, noted: Issued) -> None:
    if noted.key in register.compromised():
        raise UsageError(
            f"{noted.host}: a certificate of the request's key was revoked, because others "
            "may have the key: make another"
        )
    others = {one.host for one in register.issued if one.key == noted.key} - {noted.host}
    if others:
        raise UsageError(
            f"{noted.host}: the request's key is that of {', '.join(sorted(others))}, and each "
            "host has its own: make another"
        )


def _number(shown: x509.CertificateRevocationList) -> int:
    return shown.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def _is_old(shown: x509.CertificateRevocationList, now: datetime) -> bool:
    return is_due(shown.last_update_utc, now, LIST_RENEWED_FROM_DAY)
