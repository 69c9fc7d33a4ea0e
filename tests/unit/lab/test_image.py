from dataclasses import replace

import pytest

from ringfence.errors import ToolError
from ringfence.lab import image

RECIPE = image.Recipe(
    release=13,
    sources=["deb http://mirror.example.org/debian trixie main"],
    apt_settings=['Acquire::Check-Date "false"'],
    role_packages=["auditd", "nftables"],
    with_tree=True,
    customize="exit 0",
    packages=("openssh-server", "sudo"),
)


@pytest.mark.parametrize(
    "change",
    [
        {"release": 12},
        {"sources": []},
        {"apt_settings": []},
        {"role_packages": ["auditd"]},
        {"with_tree": False},
        {"customize": "exit 1"},
        {"packages": ("sudo",)},
        {"disk_size": "7G"},
    ],
)
def test_every_input_changes_the_digest(change):
    assert replace(RECIPE, **change).digest != RECIPE.digest
    assert replace(RECIPE).digest == RECIPE.digest


def test_the_call_names_release_packages_sources_and_mode(tmp_path):
    call = image.mmdebstrap_command(RECIPE, tmp_path)
    assert call[-3:] == ["trixie", str(tmp_path), *RECIPE.sources]
    assert "--mode=root" in call
    assert "--include=openssh-server,sudo" in call
    assert '--aptopt=Acquire::Check-Date "false"' in call
    assert any("ROLE_PACKAGES='auditd nftables'" in word for word in call)
    call = image.mmdebstrap_command(replace(RECIPE, with_tree=False), tmp_path)
    assert "--mode=unshare" in call


def test_the_packages_of_all_roles_are_read_without_comments(tmp_path):
    for role, text in {"ssh": "openssh-server\n\n# why\nsudo # too\n", "audit": "auditd\n"}.items():
        (tmp_path / role).mkdir()
        (tmp_path / role / "packages.txt").write_text(text)
    assert image.role_packages(tmp_path) == ["auditd", "openssh-server", "sudo"]


def fake_build(monkeypatch, fail_in: str = ""):
    def run(command, log, lock, say=None):
        log.write_text(f"{command[0]}\n")
        if fail_in and fail_in in command:
            raise ToolError(f"{fail_in} failed; the log is {log}")
        if "mmdebstrap" in command:
            tree = command[command.index("trixie") + 1]
            boot = image.Path(tree) / "boot"
            boot.mkdir(parents=True)
            (boot / "vmlinuz-6").write_text("kernel")
            (boot / "initrd.img-6").write_text("initrd")
            (boot.parent / "vmlinuz").symlink_to("boot/vmlinuz-6")
            (boot.parent / "initrd.img").symlink_to("/boot/initrd.img-6")

    monkeypatch.setattr(image, "_run", run)


def test_an_image_is_built_once_and_complete(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fake_build(monkeypatch)
    steps: list[str] = []
    built = image.ensure_image(RECIPE, tmp_path / "log", steps.append)
    assert built == tmp_path / "ringfence/images" / RECIPE.digest
    assert (built / "initrd").read_text() == "initrd"
    assert steps == ["making the disk"]
    assert image.ensure_image(RECIPE, tmp_path / "log", steps.append) == built
    assert steps == ["making the disk"]


def test_a_failed_build_leaves_no_image_and_the_next_one_heals(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fake_build(monkeypatch, fail_in="mke2fs")
    with pytest.raises(ToolError, match="the log is"):
        image.ensure_image(RECIPE, tmp_path / "log", lambda _: None)
    cache = tmp_path / "ringfence/images"
    assert [path.name for path in cache.iterdir()] == [f"{RECIPE.digest}.lock"]
    fake_build(monkeypatch)
    assert image.ensure_image(RECIPE, tmp_path / "log", lambda _: None).is_dir()


def test_a_step_that_fails_names_its_log(tmp_path):
    with (
        (tmp_path / "lock").open("w") as lock,
        pytest.raises(ToolError, match=r"false failed.*log"),
    ):
        image._run(["false"], tmp_path / "log", lock.fileno())


def test_steps_of_mmdebstrap_are_told(tmp_path):
    steps: list[str] = []
    with (tmp_path / "lock").open("w") as lock:
        script = "echo 'I: extracting archives...'; echo 'I: chatter /x'; echo noise >&2"
        image._run(["sh", "-c", script], tmp_path / "log", lock.fileno(), steps.append)
    assert steps == ["extracting archives"]
    assert "noise" in (tmp_path / "log").read_text()


def test_another_architecture_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(image.platform, "machine", lambda: "aarch64")
    with pytest.raises(ToolError, match="aarch64"):
        image.make_recipe(13, tmp_path)
