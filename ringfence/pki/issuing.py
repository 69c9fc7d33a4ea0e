"""The authority at work: a site's inventory, its secrets and its register come together here."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from ringfence.errors import UsageError
from ringfence.pki.authority import Authority, Reason, utc_now
from ringfence.pki.register import Files, Issued, Register
from ringfence.secrets import Vault, content
from ringfence.site import Host, Site
from ringfence.site.problems import nearest

KEY = "pki.authority_key"
"""The secret that is the authority's key."""
LIST_RENEWED = timedelta(days=30)


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
            register.issued.append(Issued.of(certificate, host.name))
            self._publish(authority, register)
            self.files.save_certificate(host.name, certificate)
            return certificate

    def revoke(self, which: str, reason: Reason) -> list[Issued]:
        """Revoke one certificate by its serial, or all of a host that count; return them.

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
            for one in chosen:
                register.revoke(one, reason, now)
            self._publish(authority, register, anew=True)
            return chosen

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


def _number(shown: x509.CertificateRevocationList) -> int:
    return shown.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def _is_old(shown: x509.CertificateRevocationList, now: datetime) -> bool:
    return now >= shown.last_update_utc + LIST_RENEWED
