"""A dated, owned exception turns a failure into ``waived``, and keeps what was found."""

from dataclasses import replace
from datetime import date

from ringfence.site import Host, Site
from ringfence.verify.results import TestResult
from ringfence.verify.verdicts import Verdict


def waived(result: TestResult, site: Site, host: Host, today: date) -> TestResult:
    """Return ``result``, waived if it is a failure that a waiver in force covers.

    A waiver that ended is named beside the failure; only ``fail`` can be waived: a host that
    could not be asked has shown nothing that an owner could have accepted.
    """
    if result.verdict is not Verdict.FAIL:
        return result
    for waiver in site.waivers_for(host, result.control):
        if waiver.expired(today):
            ended = f"{result.message} (its waiver by {waiver.owner} ended on {waiver.expires})"
            result = replace(result, message=ended)
            continue
        return replace(
            result,
            verdict=Verdict.WAIVED,
            original=result.verdict,
            waiver={
                "owner": waiver.owner,
                "reason": waiver.reason,
                "expires": waiver.expires.isoformat(),
            },
        )
    return result
