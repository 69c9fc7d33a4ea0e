import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ringfence.errors import UsageError
from ringfence.site import House, Problem, Site, SiteError, find_house, load_site
from ringfence.site.sampling import SAMPLE

Writer = Callable[..., Path]
TODAY = date(2026, 11, 21)
FILES = {name: (SAMPLE / f"{name}.yml").read_text() for name in ("hosts", "policy", "waivers")}


def outcome(folder: Path, house: House) -> list[Problem]:
    """Return a site's problems, none if it is loaded; nothing else may be raised."""
    problems: list[Problem] = []
    try:
        site = load_site(folder, house=house, known_controls={"TOY-01"}, today=TODAY)
    except SiteError as error:
        problems = error.problems
    else:
        assert len(site.digest) == 64
        return []
    assert problems
    for problem in problems:
        assert Path(problem.file).parent == folder
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message
        assert "\n" not in str(problem)
        str(problem).encode("utf-8")
    return problems


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def checkout() -> House:
    return find_house(Path(__file__))


def put(folder: Path, **files: bytes | str) -> Path:
    for name, content in {**FILES, **files}.items():
        data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        (folder / f"{name}.yml").write_bytes(data)
    return folder


def test_the_sample_is_loaded(folder: Path, checkout: House) -> None:
    assert outcome(put(folder), checkout) == []


def test_everything_wrong_in_all_files_is_told_at_once_in_their_order(write: Writer) -> None:
    folder = write(
        hosts="name: small\nname: x\n",
        policy="organisation: 3\nflows:\n  - {form: a}\n",
        waivers="waivers:\n  - {}\n",
    )
    with pytest.raises(SiteError) as error:
        load_site(folder, today=TODAY)
    files = [Path(problem.file).name for problem in error.value.problems]
    assert files == sorted(files)
    assert set(files) == {"hosts.yml", "policy.yml", "waivers.yml"}
    assert len(files) > 10
    assert error.value.exit_code == 4
    assert len(str(error.value).splitlines()) == len(files)


def test_missing_files_are_problems(write: Writer) -> None:
    folder = write()
    for name in FILES:
        (folder / f"{name}.yml").unlink()
    with pytest.raises(SiteError) as error:
        load_site(folder)
    assert len(error.value.problems) == 3


def test_a_site_is_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", Path(__file__)):
        with pytest.raises(UsageError, match="is not a folder"):
            load_site(path)


def test_a_key_works_through_its_last_day(write: Writer) -> None:
    folder = write()
    assert load_site(folder, today=date(2027, 6, 30))
    warnings = load_site(folder, today=date(2027, 7, 1)).warnings
    assert any("no longer works: replace it" in str(warning) for warning in warnings)


def by_file(load: Callable[..., Site]) -> Site:
    return load(("- key: KEY2 deploy", "- key_file: deploy.pub"))


def test_a_key_file_that_is_not_there_is_a_warning(load: Callable[..., Site]) -> None:
    (warning,) = by_file(load).warnings
    assert warning.key == "deploy_access[0].key_file"
    assert warning.message == "the file deploy.pub isn't there yet"


def test_a_key_file_is_judged_like_a_key(load: Callable[..., Site], key: str) -> None:
    site = by_file(load)
    (site.path / "deploy.pub").write_text(f"{key} deploy\n")
    assert load_site(site.path, today=TODAY).warnings == []
    for content, sentence in {
        "-----BEGIN OPENSSH PRIVATE KEY-----": "the file holds a PRIVATE key",
        "nonsense": "the file must be one line",
        "x" * 20000: "the file is too large",
    }.items():
        (site.path / "deploy.pub").write_text(content)
        with pytest.raises(SiteError, match=sentence):
            load_site(site.path, today=TODAY)
    (site.path / "deploy.pub").unlink()
    (site.path / "deploy.pub").mkdir()
    with pytest.raises(SiteError, match="the file can't be read: Is a directory"):
        load_site(site.path, today=TODAY)


def test_a_wrong_house_is_told_before_the_site(write: Writer, house: House) -> None:
    folder = write()
    (house.root / "roles" / "roles.yml").write_text("nothing: [all]\n")
    with pytest.raises(SiteError, match="there is no folder roles/nothing"):
        load_site(folder)


names = st.sampled_from(sorted(FILES))
many = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])


@many
@given(name=names, content=st.binary(max_size=300))
@example(name="hosts", content=b"hosts: {a: {address: 1}}")
@example(name="hosts", content=b"ssh: {user: []}")
@example(name="hosts", content=b"verify: {user: {}}")
@example(name="hosts", content=b"hosts: {a: {ssh: {user: [], via: []}}}")
def test_any_bytes_are_a_site_or_its_problems(
    folder: Path, checkout: House, name: str, content: bytes
) -> None:
    outcome(put(folder, **{name: content}), checkout)


WORDS = """x no 012 ~ true -1 99999999999999999999999 1.5 '' 2027-06-30 [] {} [~] [[1]] "\\0"
    "\\ud800" *a 🙂 all internet 10.0.0.0/24 ::1 10-5 root"""
SCALARS = st.sampled_from(
    [*WORDS.split(), "&a x", "!!int 3", "{a: {b: [c]}}", "-----BEGIN PRIVATE KEY-----"]
)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, str]:
    """One of the sample's files after a few edits of the kinds that people and editors make."""
    name = draw(names)
    lines = FILES[name].splitlines()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        match draw(st.integers(0, 7)):
            case 0:
                lines.insert(at, line)
            case 1 if len(lines) > 1:
                del lines[at]
            case 2 if ":" in line:
                lines[at] = f"{line.partition(':')[0]}: {draw(SCALARS)}"
            case 3:
                lines[at] = " " * draw(st.integers(0, 8)) + line.lstrip()
            case 4:
                cut = draw(st.integers(0, len(line)))
                lines[at] = line[:cut] + draw(st.text(max_size=3)) + line[cut:]
            case 5:
                lines[at] = line[: draw(st.integers(0, len(line)))]
            case 6:
                lines[at] = line.replace("#", "", 1)
            case _:
                lines[at], lines[-1] = lines[-1], line
    return name, "\n".join(lines)


@many
@given(file=mutated())
def test_any_edit_of_the_sample_is_a_site_or_its_problems(
    folder: Path, checkout: House, file: tuple[str, str]
) -> None:
    name, text = file
    outcome(put(folder, **{name: text}), checkout)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
KEYS = st.sampled_from(
    ("name", "hosts", "ssh", "groups", "people", "access", "flows", "waivers", "key", "from", "to")
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@many
@given(name=names, tree=st.dictionaries(KEYS, TREES, max_size=6))
def test_any_data_of_any_shape_is_a_site_or_its_problems(
    folder: Path, checkout: House, name: str, tree: dict[str, object]
) -> None:
    outcome(put(folder, **{name: json.dumps(tree, ensure_ascii=False)}), checkout)


@pytest.mark.parametrize(
    "content",
    [
        b"hosts: " + b"[" * 100_000,
        b"hosts: " + b"{a: " * 50_000,
        b"a: &a [x]\n" + b"".join(b"b%d: [*a, *a]\n" % n for n in range(2000)),
        b"hosts:\n" + b"".join(b"  h%d: {}\n" % n for n in range(3000)),
        b"hosts: {" + b"a, " * 20_000 + b"}",
        b"x" * 500_000,
        b"name: '" + b"y" * 900_000 + b"'",
        b"name: " + b"9" * 500_000,
        b"#" * 2_000_000,
    ],
)
def test_large_and_hostile_files_are_refused(folder: Path, checkout: House, content: bytes) -> None:
    assert outcome(put(folder, hosts=content), checkout)
