"""What is vendored is byte for byte what its VENDOR.txt says."""

import hashlib
from pathlib import Path

import pytest

from bin.licences import VENDORED_IN, vendor_head

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = sorted(folder for place in VENDORED_IN for folder in ROOT.glob(f"{place}/*"))


def recorded_digests(folder: Path) -> dict[str, str]:
    _head, _blank, listing = (folder / "VENDOR.txt").read_text(encoding="utf-8").partition("\n\n")
    return {name: digest for digest, name in (line.split("  ", 1) for line in listing.splitlines())}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_vendored_file_is_the_recorded_one(folder):
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "VENDOR.txt"]
    digests = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert digests == recorded_digests(folder)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_vendored_folder_is_named_after_its_version_and_says_licence_and_source(folder):
    said = vendor_head(folder)
    assert list(said) == ["name", "version", "licence", "source"]
    assert said["version"] == folder.name.rpartition("-")[2]
    assert said["source"] == f"pkg:npm/{said['name'].replace('@', '%40')}@{said['version']}"
    assert (folder / "LICENSE").is_file()


def test_pages_passwords_and_browser_tests_find_what_they_need():
    names = {folder.name.rpartition("-")[0] for folder in FOLDERS}
    assert names == {"htmx", "inter", "lucide", "axe-core", "common-passwords"}
