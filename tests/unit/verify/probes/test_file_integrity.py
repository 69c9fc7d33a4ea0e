import base64
import hashlib
from types import SimpleNamespace

from ringfence.verify.probes import file_integrity

ONE, TWO = (base64.b64encode(hashlib.sha512(t).digest()).decode() for t in (b"one", b"two"))
REPORT = """{
  "outline": "AIDE found differences between database and filesystem!!",
  "number_of_entries": {"total": 4, "added": 1, "removed": 0, "changed": 1},
  "added": {"/etc/b c": "f+++"},
  "changed": {"/usr/bin/a": "f > ... H"}
}"""


class Host:
    def __init__(self, **answers):
        self.answers = answers

    def run(self, command, *arguments):
        words = " ".join([command, *arguments])
        found = next((text for part, text in self.answers.items() if part in words), "")
        return SimpleNamespace(stdout=found, rc=0)


def test_digests_are_found_by_the_column_that_the_database_names():
    database = (
        "@@db_spec name lname perm uid sha512 \n"
        f"/usr/bin/a%2Bb 0 100755 0 {ONE}\n/usr/bin/aab 0 100755 0 {TWO}\n"
        "/etc/passwd 0 100644 0 0\n"
    )
    found = file_integrity.in_the_baseline(Host(zcat=database), ["/usr/bin/a+b", "/etc/passwd"])
    assert found["/usr/bin/a+b"] == hashlib.sha512(b"one").hexdigest()
    assert "/usr/bin/aab" not in found
    assert len(found["/etc/passwd"]) != 128


def test_a_database_without_digests_has_none():
    assert file_integrity.in_the_baseline(Host(zcat="@@db_spec name perm \n/a 1\n"), ["/a"]) == {}
    assert file_integrity.in_the_baseline(Host(), ["/a"]) == {}
    assert file_integrity.entries(Host()) == 0


def test_differences_are_named_with_their_kind():
    found = file_integrity.differences(Host(report=REPORT))
    assert found.all == ["added /etc/b c", "changed /usr/bin/a"]
    assert found.outline.startswith("AIDE found differences")


def test_no_report_is_no_good_report():
    assert file_integrity.differences(Host(report="{")).outline == "no answer"


def test_what_is_missing_has_no_digest():
    assert file_integrity.digest(Host(), "/a") == "missing"
    assert file_integrity.digest(Host(sha256sum="aa  /a\n"), "/a") == "aa"
    assert file_integrity.compared_with(Host()) == "none"


def test_digests_on_the_disk():
    assert file_integrity.on_the_disk(Host(sha512sum="aa  /a b\nbb  /c\n"), ["/a b", "/c"]) == {
        "/a b": "aa",
        "/c": "bb",
    }
