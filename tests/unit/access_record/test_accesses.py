"""Each kind of access, allowed and denied, as the kernel records it."""

from datetime import timedelta

import pytest

CALL = "/srv/recordings/2026/call.wav"
O_WRITE, O_CREATE = "1", "241"


def row(access):
    return (access.person, access.kind, access.path, access.result)


def one(archive, noon, records):
    archive.write(records, noon)
    accesses, doubts = archive.ask()
    assert doubts == []
    assert len(accesses) == 1
    return accesses[0]


@pytest.mark.parametrize(
    ("call", "items", "kind"),
    [
        ({"number": 257, "a2": "0"}, [(CALL, "NORMAL")], "read"),
        ({"number": 257, "a2": O_WRITE}, [(CALL, "NORMAL")], "write"),
        ({"number": 257, "a2": "2"}, [(CALL, "NORMAL")], "read+write"),
        ({"number": 257, "a2": O_CREATE}, [("/srv/", "PARENT"), (CALL, "NORMAL")], "write"),
        ({"number": 257, "a2": O_CREATE}, [("/srv/", "PARENT"), (CALL, "CREATE")], "create"),
        ({"number": 2, "a1": O_WRITE}, [(CALL, "NORMAL")], "write"),
        ({"number": 85}, [(CALL, "NORMAL")], "write"),
        ({"number": 76}, [(CALL, "NORMAL")], "write"),
        ({"number": 87}, [("/srv/", "PARENT"), (CALL, "DELETE")], "delete"),
        ({"number": 263}, [("/srv/", "PARENT"), (CALL, "DELETE")], "delete"),
        ({"number": 84}, [("/srv/", "PARENT"), (CALL, "DELETE", "040750")], "delete"),
        ({"number": 83}, [("/srv/", "PARENT"), (CALL, "CREATE", "040750")], "create"),
        ({"number": 268}, [(CALL, "NORMAL")], "attributes"),
        ({"number": 188}, [(CALL, "NORMAL")], "attributes"),
        ({"number": 191}, [(CALL, "NORMAL")], "read"),
        ({"number": 5, "arch": "40000003", "a1": O_WRITE}, [(CALL, "NORMAL")], "write"),
        ({"number": 56, "arch": "c00000b7", "a2": O_WRITE}, [(CALL, "NORMAL")], "write"),
        ({"number": 9999}, [(CALL, "NORMAL")], "syscall 9999"),
    ],
)
@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        ({"success": "yes", "exit": 0}, ("allowed", "")),
        ({"success": "no", "exit": -13, "key": "access-denied"}, ("denied", "EACCES")),
        ({"success": "no", "exit": -1, "key": "access-denied"}, ("denied", "EPERM")),
        ({"success": "no", "exit": -2}, ("failed", "ENOENT")),
        ({"success": "no", "exit": -999}, ("failed", "-999")),
    ],
)
def test_kind_and_result(archive, noon, event, item, call, items, kind, outcome, result):
    records = event(noon, 1, *(item(*parts) for parts in items), enriched=False, **call, **outcome)
    access = one(archive, noon, records)
    assert (access.kind, access.path) == (kind, CALL)
    assert (access.result, access.error) == result
    assert access.at == noon


def test_openat2_tells_its_flags_in_a_record_of_its_own(archive, noon, event):
    access = one(archive, noon, event(noon, 1, CALL, number=437, how="0102"))
    assert access.kind == "read+write"


@pytest.mark.parametrize("number", [82, 264, 316])
def test_a_rename_has_both_names(archive, noon, event, item, number):
    items = [
        item("/srv/recordings/", "PARENT"),
        item("/srv/other/", "PARENT"),
        item("/srv/recordings/a", "DELETE"),
        item("/srv/other/b", "DELETE"),  # what it replaces
        item("/srv/other/b", "CREATE"),
    ]
    call = {"number": number, "a2": "ffffff9c"}
    access = one(archive, noon, event(noon, 1, *items, **call))
    assert (access.kind, access.path, access.target) == (
        "rename", "/srv/recordings/a", "/srv/other/b",
    )  # fmt: skip


def test_a_rename_that_was_denied_below_a_closed_directory(archive, noon, event, item):
    items = [item("/srv/recordings/b", "UNKNOWN", "0"), item("/srv/recordings/a", "UNKNOWN", "0")]
    call = {"number": 82, "success": "no", "exit": -13, "key": "access-denied"}
    access = one(archive, noon, event(noon, 1, *items, **call))
    assert (access.result, access.path, access.target) == (
        "denied", "/srv/recordings/a", "/srv/recordings/b",
    )  # fmt: skip


def test_a_hard_link_names_the_file_and_its_new_name(archive, noon, event, item):
    items = [item(CALL), item("/tmp/", "PARENT"), item("/tmp/copy", "CREATE")]
    access = one(archive, noon, event(noon, 1, *items, number=86))
    assert (access.kind, access.path, access.target) == ("create", CALL, "/tmp/copy")


@pytest.mark.parametrize(
    ("cwd", "name", "path"),
    [
        ("/srv/recordings/2026", "call.wav", CALL),
        ("/srv/recordings/2026/inner", "../call.wav", CALL),
        ("/srv/recordings", "./2026//call.wav", CALL),
        ("/srv/with space", "caña \n.wav", "/srv/with space/caña \n.wav"),
        ("/home/ana", "//srv/recordings/2026/call.wav", CALL),
    ],
)
def test_a_relative_path_begins_in_the_working_directory(archive, noon, event, cwd, name, path):
    access = one(archive, noon, event(noon, 1, name, cwd=cwd))
    assert access.path == path


def test_the_person_stays_behind_sudo(archive, noon, event):
    access = one(archive, noon, event(noon, 1, CALL, uid=0))
    assert (access.person, access.uid, access.acting) == ("ana", 1201, "root")


def test_roots_own_login_and_nobodys(archive, noon, event):
    archive.write(event(noon, 1, CALL, auid=0, uid=0), noon)
    archive.write(event(noon, 2, CALL, auid=4294967295, uid=0, session=4294967295), noon)
    (root, nobody), _ = archive.ask()
    assert (root.person, root.uid) == ("root", 0)
    assert (nobody.person, nobody.uid, nobody.session, nobody.acting) == ("", None, "", "root")


def test_a_name_is_known_from_records_that_have_it(archive, noon, event):
    archive.write(event(noon, 1, CALL, enriched=False), noon)
    archive.write(event(noon, 2, CALL), noon)
    archive.write(event(noon, 3, CALL, enriched=False), noon)
    accesses, _ = archive.ask()
    assert [access.person for access in accesses] == ["uid 1201", "ana", "ana"]


def test_events_of_other_rules_are_no_accesses(archive, noon, event):
    archive.write(event(noon, 1, "/etc/passwd", key="identity"), noon)
    archive.write(event(noon, 2, CALL), noon, program="logger")
    assert archive.ask() == ([], [])


class TestDescriptors:
    """Files that are named relative to an open directory."""

    DIRECTORY = "/srv/recordings/2026"

    @pytest.fixture
    def opened(self, archive, noon, event, item):
        directory = item(self.DIRECTORY, "NORMAL", "042750", 77)
        archive.write(event(noon, 1, directory, a2="90800", exit=5), noon)

    def test_the_directory_is_the_one_that_was_opened(self, opened, archive, noon, event, item):
        archive.write(event(noon, 2, item("call.wav"), a0="5", cwd="/home/ana"), noon)
        accesses, _ = archive.ask()
        assert accesses[1].path == CALL
        assert accesses[1].notes == ("directory by descriptor",)

    def test_a_deletion_that_names_the_inode_must_fit(self, opened, archive, noon, event, item):
        for serial, inode in ((2, 77), (3, 78)):
            items = [item("/home/ana", "PARENT", "042750", inode), item("call.wav", "DELETE")]
            archive.write(event(noon, serial, *items, number=263, a0="5"), noon)
        (_, fitting, other), _ = archive.ask()
        assert fitting.path == CALL
        assert other.path == "…/call.wav"
        assert other.notes == ("the record doesn't tell the directory",)

    @pytest.mark.parametrize("change", [{"pid": 9}, {"session": 8}, {"auid": 1202}])
    def test_another_process_has_other_descriptors(
        self, opened, archive, noon, event, item, change
    ):
        archive.write(event(noon, 2, item("call.wav"), a0="5", **change), noon)
        accesses, _ = archive.ask()
        assert accesses[1].path == "…/call.wav"

    def test_a_file_without_a_name(self, opened, archive, noon, event, item):
        archive.write(event(noon, 2, item(CALL, inode=99), exit=6), noon)
        archive.write(event(noon, 3, item(None, inode=99), number=91, a0="6"), noon)
        archive.write(event(noon, 4, item(None, inode=98), number=91, a0="6"), noon)
        archive.write(event(noon, 5, number=77, a0="6"), noon)
        accesses, _ = archive.ask()
        assert [(one.kind, one.path) for one in accesses[2:]] == [
            ("attributes", CALL),
            ("attributes", "…/(inode 98 of fd:01)"),
            ("write", CALL),
        ]


def test_two_different_records_of_the_kernel_are_told(archive, noon, event):
    records = event(noon, 1, CALL)
    forged = event(noon, 1, CALL, auid=1202)[0]
    (access,), _ = _ask(archive, noon, [records[0], forged, *records[1:]])
    assert access.person == "ana"
    assert access.notes[0].startswith("contradicted")


def test_a_message_that_came_twice_is_one_access(archive, noon, event):
    records = event(noon, 1, CALL)
    (access,), _ = _ask(archive, noon, records * 2)
    assert access.notes == ()


def test_an_event_without_all_its_records_says_so(archive, noon, event):
    records = event(noon, 1, CALL, "/srv/other")
    accesses, doubts = _ask(archive, noon, [one for one in records if "item=1" not in one])
    assert [access.path for access in accesses] == [CALL]
    assert "1 of its paths" in accesses[0].notes[0]
    assert doubts == ["recordings1: 1 events lack records; their rows say so"]


def _ask(archive, noon, records):
    archive.write(records, noon + timedelta(seconds=1))
    return archive.ask()
