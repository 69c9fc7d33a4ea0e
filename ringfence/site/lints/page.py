"""The reference of all lints, made from their functions: docs/reference/lints.md.

`python -m ringfence.site.lints.page` writes it.
"""

from pathlib import Path

from ringfence.site.checks import CHECKS
from ringfence.site.lints import LINTS
from ringfence.site.lints.lint import SOON_DAYS, Lint

PAGE = Path("docs/reference/lints.md")

OPENING = f"""\
# What `ringfence check` tells

Made from the code by `make docs`.

A lint finds what is right by itself and wrong together: controls and policy that fight one
another, or the service. Each message names the file, the line, the key, and what to do, and ends
with the lint's name in brackets:

    policy.yml:101:3: firewall.egress: no name server can be reached … [no-name-server]

- **refuses**: a control, or the law, would surely be broken. `check` leaves with 4, and no command
  takes the site.
- **warns**: people or calls may be cut off. `check` and `doctor` print it; every command takes the
  site, which may have its reasons: nothing silences a warning, and nothing depends on it.

What depends on the day is never refused, for the night after a key ended every host must still be
judged. *Soon* means within {SOON_DAYS} days. Lints look at a site whose files are sound; what makes
them so stands at the [end](#mistakes-in-the-files). A lint about a role looks at the hosts that
`roles/roles.yml` gives it. In a site with a `lab.yml` nothing outside is to be reached, so name
servers, time and mirrors aren't missed.
"""

MISTAKES = """\
## Mistakes in the files

These refuse a site before the lints look at it, all at once, beside values that are of the wrong
kind ([site-files.md](site-files.md)). Their messages have no name.

"""


def page() -> str:
    """Return the page as Markdown: the lints by what they are about, then the checks."""
    parts = [OPENING]
    for about, lints in LINTS.items():
        rows = [_row(lint) for lint in lints]
        parts.append(f"## {about}\n\n| lint | | what it tells | why |\n|---|---|---|---|\n")
        parts[-1] += "\n".join(rows) + "\n"
    sentences = [(check.__doc__ or "").strip().splitlines()[0] for check in CHECKS]
    parts.append(MISTAKES + "\n".join(f"- {sentence}" for sentence in sentences) + "\n")
    return "\n".join(parts)


def _row(lint: Lint) -> str:
    level = "refuses" if lint.refuses else "warns"
    return f"| `{lint.name}` | {level} | {lint.says} | {lint.why} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
