from pathlib import Path
from xml.etree import ElementTree

import pytest

from ringfence.report.flows_svg import flows_svg
from ringfence.site import Site, load_site
from ringfence.site.flows import Line, matrix

SVG = "{http://www.w3.org/2000/svg}"
EXAMPLE = Path(__file__).parents[3] / "inventories" / "example"


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(EXAMPLE)


def texts(picture: str, kind: str) -> list[str]:
    root = ElementTree.fromstring(picture)
    found = (e for e in root.iter(f"{SVG}text") if kind in e.get("class", "").split())
    return ["".join(e.itertext()) for e in found]


def test_every_group_is_a_node_and_every_port_a_row(site: Site) -> None:
    picture = flows_svg(site, matrix(site))
    names = {name.replace(" ", "_") for name in texts(picture, "name")}
    assert set(site.groups) | {"internet"} <= names
    ports = {f"{flow.port}/{flow.protocol}" for flow in site.policy.flows}
    assert ports <= set(texts(picture, "port"))


def test_flows_that_share_a_port_and_an_end_share_a_row(site: Site) -> None:
    picture = flows_svg(site, matrix(site))
    assert texts(picture, "quiet").count("administration") == 1
    assert len(texts(picture, "port")) < len(site.policy.flows)


def test_what_people_write_is_text(site: Site) -> None:
    line = Line("pbx", "pbx", "1", "tcp", "<script>alert(1)</script> & \"'", "flows[0]")
    picture = flows_svg(site, [line])
    assert "<script>" not in picture
    assert ElementTree.fromstring(picture).tag == f"{SVG}svg"


def test_the_picture_says_itself_in_words(site: Site) -> None:
    root = ElementTree.fromstring(flows_svg(site, matrix(site)))
    described = root.find(f"{SVG}desc")
    assert described is not None
    assert "pbx to database: 5432/tcp, campaigns and call records" in (described.text or "")


def test_it_is_the_same_each_time(site: Site) -> None:
    assert flows_svg(site, matrix(site)) == flows_svg(site, matrix(site))


def test_no_flow_is_a_picture_too(site: Site) -> None:
    assert ElementTree.fromstring(flows_svg(site, [])) is not None
