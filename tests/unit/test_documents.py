"""What documents tell people to do: commands that there are, files that exist, sites that load."""

import re
import shlex
from datetime import date
from itertools import takewhile
from pathlib import Path

import click
import pytest
from markdown_it import MarkdownIt

from ringfence.cli import ringfence
from ringfence.site import load_site
from ringfence.site.sampling import write_sample

CHECKOUT = Path(__file__).parents[2]
CONTRIBUTING = CHECKOUT / "CONTRIBUTING.md"
FIRST_HOST = CHECKOUT / "docs/how-to/first-host.md"
INDEX = CHECKOUT / "docs/README.md"
DOCUMENTS = sorted([*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")])
KEYS = {
    "AAAA… ana": "AAAAC3NzaC1lZDI1NTE5AAAAIOxIRUt5X5QNgLvaIV3i/so2eaGFhZydiCwVCdl7fPyv ana",
    "AAAA… deploy": "AAAAC3NzaC1lZDI1NTE5AAAAICAlwgcLXFemlDhE4mfCnIHDRolpiQZJilKjsk7djVcA deploy",
}
"""What a reader fills in."""


def blocks(document):
    tokens = MarkdownIt().parse(document.read_text())
    return [token for token in tokens if token.type in ("fence", "code_block")]


def commands(document):
    """Return the commands of Ringfence's in a document's blocks, each as its words.

    What a shell would put in is a day; where the output goes is left out.
    """
    lines = [line for block in blocks(document) for line in block.content.splitlines()]
    parts = [part.strip().removeprefix("$ ") for line in lines for part in line.split(" && ")]
    filled = [re.sub(r'"\$\(.*\)"', "2026-03-01", part) for part in parts]
    told = [shlex.split(part, comments=True) for part in filled if part.startswith("ringfence ")]
    return [list(takewhile(lambda word: word not in ("|", ">"), words)) for words in told]


def parsed(words):
    """Have click read a command as it would be called, without calling it."""
    command, context = ringfence, click.Context(ringfence, info_name="ringfence")
    while isinstance(command, click.Group):
        name, *words = words
        command = command.get_command(context, name)
        assert command is not None, f"there is no command {name}"
        settings = command.context_settings
        context = click.Context(command, parent=context, info_name=name, **settings)
    command.parse_args(context, list(words))


@pytest.fixture
def nothing_is_there(monkeypatch):
    """Have click take files and folders by their names: the documents' are a reader's."""
    for kind in (click.Path, click.File):
        monkeypatch.setattr(kind, "convert", lambda _self, value, *_others: value)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_command_is_one_with_options_that_there_are(document, nothing_is_there):
    for _, *words in commands(document):
        try:
            parsed(words)
        except click.UsageError as error:
            pytest.fail(f"ringfence {shlex.join(words)}: {error.format_message()}")


def test_commands_are_found_and_wrong_ones_told(nothing_is_there):
    assert len(commands(CONTRIBUTING)) >= 8
    assert ["ringfence", "check", "my-site"] in commands(FIRST_HOST)
    with pytest.raises(click.UsageError):
        parsed(["plan", "my-site", "--rol", "toy"])
    with pytest.raises(AssertionError):
        parsed(["lab", "start"])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_link_leads_to_a_file_and_its_heading(document):
    for name, heading in re.findall(r"\]\(([^)#:]*)#?([^):]*)\)", document.read_text()):
        target = (document.parent / name).resolve() if name else document
        assert target.exists(), name
        if heading:
            assert heading in headings(target), f"{name}#{heading}"


def headings(document):
    titles = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


# docs/README.md: the index


def listed():
    """Return the pages that the index links, by the heading under which they stand, in order."""
    _, *parts = re.split(r"^## (.*)$", INDEX.read_text(), flags=re.MULTILINE)
    entries = {
        title: re.findall(r"^- \[[^]]+\]\(([^)#]+)\): \S", text, re.MULTILINE)
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    }
    return {
        title: [(INDEX.parent / name).resolve() for name in of] for title, of in entries.items()
    }


def test_every_page_is_in_the_index_once_with_a_phrase():
    pages = {page for page in INDEX.parent.rglob("*.md") if page != INDEX}
    found = [page for of in listed().values() for page in of]
    assert sorted(found) == sorted(pages)


def test_the_index_has_a_page_under_the_heading_of_its_folder():
    folders = {"How to": {"how-to"}, "Decisions": {"decisions"}, "Reference": {"reference", "docs"}}
    found = {title: {page.parent.name for page in of} for title, of in listed().items()}
    assert found == folders


def test_readme_leads_to_the_index():
    assert f"({INDEX.relative_to(CHECKOUT)})" in (CHECKOUT / "README.md").read_text()


# CONTRIBUTING.md: its commands are run by tests/integration/test_contributing.py


def test_whoever_adds_a_role_is_told_of_files_and_tables_that_exist():
    text = CONTRIBUTING.read_text()
    code = "\n".join(path.read_text() for path in (CHECKOUT / "roles").rglob("settings.py"))
    code += (CHECKOUT / "tests/integration/conftest.py").read_text()
    for name in re.findall(r"`((?:roles|tests|ringfence|inventories|docs)/[\w/.]+)`", text):
        if name.endswith(("MODULE.OPERATION", "MODULE.FACT")):
            continue
        there = name.replace("/toy/", "/ssh/").replace("test_toy.py", "test_ssh.py")
        there = there.replace("toy.yml", "ssh.yml")
        assert (CHECKOUT / name).exists() or (CHECKOUT / there).exists(), name
    tables = re.findall(r"`([A-Z]+_[A-Z_]+|SANDBOXES)`", text)
    assert {"OWN_UNITS", "OWN_DROP_INS", "SANDBOXES"} <= set(tables)
    assert [name for name in tables if not re.search(rf"^{name}\b", code, re.MULTILINE)] == []


def test_whoever_adds_a_role_is_told_all_of_what_a_role_needs_in_its_order():
    _, block = CONTRIBUTING.read_text().split("Then see it red and green")
    told = re.findall(r"^    (\S.*)$", block, re.MULTILINE)
    wanted = ["echo 'toy: ", "make docs", " apply ", " prove .* --record$", "make check"]
    found = [next(at for at, line in enumerate(told) if re.search(one, line)) for one in wanted]
    assert found == sorted(set(found))
    assert found[0] == 0
    assert found[-1] == len(told) - 1


def test_the_lab_of_the_first_host_is_begun_as_contributors_begin_it():
    contributors = [words for words in commands(CONTRIBUTING) if words[1] != "lab"]
    first = [words for words in commands(FIRST_HOST) if any("/lab" in word for word in words)]
    assert [words[1] for words in first] == ["lab", "secrets", "pki", "apply"]
    assert first[1:] == contributors[:3]


# docs/how-to/first-host.md: its site


def pasted(folder):
    """Put the page's files in the place of the sample's."""
    write_sample(folder)
    found = re.findall(
        r"^`(\w+\.yml)`.*?^```yaml\n(.*?)^```", FIRST_HOST.read_text(), re.MULTILINE | re.DOTALL
    )
    for name, content in found:
        for placeholder, key in KEYS.items():
            content = content.replace(placeholder, key)
        (folder / name).write_text(content)
    return [name for name, _ in found]


def test_the_files_of_the_first_host_are_a_site(tmp_path):
    assert pasted(tmp_path / "my-site") == ["hosts.yml", "policy.yml", "waivers.yml"]
    site = load_site(tmp_path / "my-site", today=date(2026, 12, 1))
    assert list(site.hosts) == ["agent1"]
    assert [waiver.control for waiver in site.waivers] == ["LOG-06"]
    named = set(re.findall(r"\[([a-z-]+)\]$", "\n".join(map(str, site.warnings)), re.MULTILINE))
    assert named == {"no-bastion", "logs-go-nowhere"}
    assert all(f"`{name}`" in FIRST_HOST.read_text() for name in named)


@pytest.mark.parametrize("name", ["hosts.yml", "policy.yml", "waivers.yml"])
def test_readme_names_every_file_of_the_first_host(name):
    assert f"`{name}`" in (CHECKOUT / "README.md").read_text()


def test_readme_goes_the_way_of_the_first_host():
    """Its short form has the same commands in the same order."""
    readme = [words[1] for words in commands(CHECKOUT / "README.md")]
    page = [w[1] for w in commands(FIRST_HOST) if not any("/lab" in word for word in w)]
    short = readme[: readme.index("rollback") + 1]
    assert short == list(dict.fromkeys(page))


def test_what_the_linters_need_is_installed_before_they_run():
    rules = dict(re.findall(r"^(\w+):(.*)$", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    assert rules["lint"].split()[0] == rules["check"].split()[0] == "packages"
