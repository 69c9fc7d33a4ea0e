import subprocess

import pytest

from ringfence.lab import accelerator


@pytest.fixture
def probe(monkeypatch):
    def answer(result):
        accelerator.kvm_works.cache_clear()
        monkeypatch.setattr(accelerator.Path, "exists", lambda _: True)

        def run(command, **options):
            assert options["timeout"] == accelerator.PATIENCE
            if isinstance(result, Exception):
                raise result
            return subprocess.CompletedProcess(command, result)

        monkeypatch.setattr(accelerator.subprocess, "run", run)
        return accelerator.kvm_works()

    yield answer
    accelerator.kvm_works.cache_clear()


@pytest.mark.parametrize(
    ("result", "works"),
    [
        (accelerator.EXPECTED, True),
        (1, False),
        (subprocess.TimeoutExpired("qemu", 2), False),
        (FileNotFoundError(), False),
    ],
)
def test_kvm_counts_only_when_a_boot_sector_runs_soon(probe, result, works):
    assert probe(result) is works


def test_the_boot_sector_is_one():
    assert len(accelerator.BOOT_SECTOR) == 512
    assert accelerator.BOOT_SECTOR.endswith(b"\x55\xaa")


def test_without_kvm_qemu_emulates():
    assert "kvm" in accelerator.flags(True)
    assert any(word.startswith("tcg") for word in accelerator.flags(False))
