"""Which Chromium the browser tests drive: the machine's own, else the one Playwright installs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ADVICE = (
    "No Chromium was found and none could be installed. Install one with your system's packages "
    "(the package is called chromium), or set CHROMIUM to the path of one."
)


def find() -> str | None:
    """Return the path of the machine's Chromium; None leaves it to Playwright."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def install_if_missing() -> None:
    """Make sure that there is a browser. Raises RuntimeError with what to do when there is none."""
    if find():
        return
    may_install_packages = os.geteuid() == 0 and shutil.which("apt-get") is not None
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    if may_install_packages:
        playwright.append("--with-deps")
    print("Installing Chromium for the browser tests…", flush=True)
    if _succeeds(playwright):
        return
    if may_install_packages and _succeeds(["apt-get", "install", "--yes", "--quiet", "chromium"]):
        return
    raise RuntimeError(ADVICE)


def _succeeds(command: list[str]) -> bool:
    """Run an installer; what it says is shown only when it fails."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command, env=environment, cwd=Path.cwd(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(f"{' '.join(command)} failed: {done.stderr[-2000:]}", file=sys.stderr, flush=True)
    return done.returncode == 0
