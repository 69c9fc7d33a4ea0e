import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from ringfence.report.html import anchor, column_groups, html_page, html_parts, never_red
from ringfence.verify.results import Results
from ringfence.verify.verdicts import Verdict

VOID = {"meta", "br", "use", "path", "circle"}
CSS = files("ringfence.report").joinpath("templates/run.css").read_text()


class Page(HTMLParser):
    """A page read strictly: every element that opens is closed, in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.headings, self.elements = [], [], [], [], []
        self.words = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.note(tag, attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.note(tag, attributes)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words += data.split()

    def note(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names))
        self.elements.append((tag, dict(attributes)))
        values = dict(attributes)
        if "id" in values:
            self.ids.append(values["id"])
        if "href" in values:
            self.links.append(values["href"])
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))

    @property
    def text(self):
        return " ".join(self.words)


@pytest.fixture(params=["run", "green_run", "hostile_run", "nothing"])
def page(request, make_run):
    if request.param == "nothing":
        return Page(html_page(make_run(Results(), hosts={}, controls={})))
    return Page(html_page(request.getfixturevalue(request.param)))


def test_ids_are_unique_and_every_link_leads_to_one(page):
    assert len(set(page.ids)) == len(page.ids)
    for link in page.links:
        assert link.startswith("#")
        assert link[1:] in page.ids


def test_it_needs_no_script_and_no_other_file(page):
    for tag, attributes in page.elements:
        assert tag not in {"script", "link", "img", "iframe", "object", "form", "input", "base"}
        assert not {"src", "srcset", "action", "data"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in CSS
    assert "@import" not in CSS


def test_headings_never_skip_a_level(page):
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    for before, after in zip(page.headings, page.headings[1:], strict=False):
        assert after <= before + 1


def test_table_headers_have_a_scope(page):
    headers = [attributes for tag, attributes in page.elements if tag == "th"]

    assert all("scope" in attributes for attributes in headers)


def test_the_title_says_site_date_and_run(run):
    title = "<title>lab, 2026-11-21 09:12:03 UTC, run 20261121T091203Z-4f2a91</title>"

    assert title in html_page(run)


def test_the_verdict_comes_first(run):
    text = Page(html_page(run)).text

    assert "fail: 3 fail, 1 error, 4 unreachable, of 25 outcomes" in text
    assert "5 hosts: 4 tested, 1 unreachable. 5 controls on 5 hosts: 25 outcomes." in text
    assert "Coverage: 16 of 21 (76.1 %)" in text
    assert "Score: 12 of 16 (75.0 %)" in text
    assert text.index("fail: 3 fail") < text.index("Worst first")


def test_a_finding_says_all_that_is_needed_to_repair_it(run):
    text = Page(html_page(run)).text
    finding = text[text.index("Worst first", text.index("Provenance")) :]

    for part in (
        "fail pbx1 SSH-01 Key-only SSH, no root, no passwords critical",
        "passwords are refused Asked PasswordAuthentication Expected no Observed yes",
        "1 command asked sshd -T -C user=root,host=localhost,addr=127.0.0.1",
        "repair ringfence apply sites/lab --role ssh --limit pbx1",
        "Note not allowed: aes128-ctr; its waiver by Ana Ruiz ended on 2026-10-31",
        "Reason ValueError: /etc/ringfence/host holds no owner line",
        "unreachable db1 4 controls not measured",
        "try ssh -o BatchMode=yes 192.0.2.30 true",
    ):
        assert part in finding


def test_a_control_says_why_what_it_answers_and_when_it_was_seen_red(run):
    text = Page(html_page(run)).text

    for part in (
        "Passwords are guessed and shared",
        "PCI DSS 4.0.1 2.2.7, 8.3.1, 8.3.2",
        "last seen failing on 2026-11-20 (Debian 12, Debian 13); not seen red: passwords are",
        "Proof never seen red",
        "Verifies after reboot",
    ):
        assert part in text


def test_exceptions_and_gaps_have_their_own_sections(run):
    text = Page(html_page(run)).text

    assert "The vendor's support tool retries; ticket 4711 2026-12-31 40 days left" in text
    assert "a virtual host has no door pbx2" in text
    assert "Connection timed out 4 unreachable, 1 not applicable" in text
    assert "Site digest sha256:5f5f" in text


def test_every_verdict_is_a_word_and_a_sign_beside_its_colour(run):
    page = html_page(run)

    for verdict in Verdict:
        assert f'id="v-{verdict}"' in page
        assert f'<use href="#v-{verdict}"/></svg><span class="hidden">' in page
        assert re.search(rf"--{verdict}: ", CSS)


def test_a_green_page_has_nothing_to_repair(green_run):
    text = Page(html_page(green_run)).text

    assert "Worst first" not in text
    for part in ("No failure is waived.", "Every control applies", "Every host answered."):
        assert part in text


def test_what_a_host_sent_is_text_and_nothing_else(hostile_run):
    page = html_page(hostile_run)

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\\x1b[2J\\x00\\x07\\u202etxt.exe\\u2066\\ufffe\\xff\\ud800" in page
    assert "{{7*7}}" in page
    assert not set("\x00\x07\x1b\u202e\u2066\ufffe\udcff\ud800") & set(page)
    page.encode("utf-8")


def test_the_tables_of_the_matrix_fit_a_page():
    sizes = [len(group) for group in column_groups([f"AA-{n:02d}" for n in range(30)])]

    assert sizes == [10, 10, 10]
    assert list(column_groups([])) == []


def test_anchor_makes_a_plain_and_distinct_id():
    assert anchor("SSH-01") == "SSH-01"
    assert anchor("a b") != anchor("a_b")
    assert re.fullmatch("[A-Za-z0-9_.-]+", anchor('<é">'))


def test_never_red_is_silent_without_a_proof():
    assert never_red([], None) == []


def luminance(colour):
    digits = colour.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    channels = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("number", [0, 1, 2], ids=["light", "dark", "print"])
def test_every_colour_of_text_has_the_contrast_of_wcag_aa(number):
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", blocks[number]))

    for name in ("ink", "quiet", "link", *Verdict):
        for ground in ("paper", "raised", f"{name}-wash"):
            if ground in colours:
                assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)


def test_the_page_is_written_piece_by_piece(run):
    pieces = list(html_parts(run))
    assert "".join(pieces) == html_page(run)
    assert max(map(len, pieces)) < len(html_page(run)) / 2
