"""The Chromium of the browser tests: `find` it, or install it by `python bin/browser.py`.

As root on Debian it comes from Debian's packages, together with fonts for the scripts that names are written
in; elsewhere it is Playwright's own build. E2E_CHROMIUM names another one.
"""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Playwright, sync_playwright

DEBIAN_PACKAGES = [
    "chromium-headless-shell",
    "fonts-dejavu-core",
    "fonts-noto-core",
    "fonts-noto-cjk",
    "fonts-noto-color-emoji",
]
NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]


def find(playwright: Playwright) -> str | None:
    """The path of a Chromium, None for Playwright's own build; FileNotFoundError when there is neither."""
    if chosen := os.environ.get("E2E_CHROMIUM"):
        return chosen
    if Path(playwright.chromium.executable_path).exists():
        return None
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise FileNotFoundError("No Chromium for the browser tests: run bin/setup test, or set E2E_CHROMIUM")


def is_found() -> bool:
    with sync_playwright() as playwright:
        try:
            find(playwright)
        except FileNotFoundError:
            return False
        return True


def is_debian_root() -> bool:
    # Ubuntu is left out: its chromium package is a stub for a snap.
    try:
        return os.geteuid() == 0 and platform.freedesktop_os_release().get("ID") == "debian"
    except (AttributeError, OSError):  # Windows has no user ids, macOS no os-release
        return False


def missing_packages() -> list[str]:
    listing = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n"]
    installed = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.splitlines()
    return [package for package in DEBIAN_PACKAGES if f"{package} installed" not in installed]


def install_packages(packages: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--quiet=2", "--yes", "--no-install-recommends", *packages]
    subprocess.run(["apt-get", "update", "--quiet=2"], check=True, env=environment)
    subprocess.run(install, check=True, env=environment, stdout=subprocess.DEVNULL)


def install_playwright_build() -> None:
    libraries = ["--with-deps"] if sys.platform == "linux" and os.geteuid() == 0 else []
    subprocess.run([sys.executable, "-m", "playwright", "install", *libraries, "chromium"], check=True)


def main() -> None:
    if os.environ.get("E2E_CHROMIUM"):
        return
    if is_debian_root():
        if packages := missing_packages():
            print("Installing", *packages)
            install_packages(packages)
    elif not is_found():
        install_playwright_build()


if __name__ == "__main__":
    main()
