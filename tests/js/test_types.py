"""The browser's code agrees with its types, and with Stripe's own types of Stripe.js."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PACKAGE = HERE / "package.json"
INSTALLED = HERE / "node_modules" / "installed.json"
OLDEST_NODE = 20


def test_tsc_finds_no_error() -> None:
    environment = {**os.environ, "PATH": _path_with_node()}
    if not INSTALLED.exists() or INSTALLED.read_text() != PACKAGE.read_text():
        quiet = ("--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")
        _must_succeed(["npm", "install", *quiet], environment)
        shutil.copy(PACKAGE, INSTALLED)
    _must_succeed(["node", "node_modules/typescript/bin/tsc", "--pretty", "false"], environment)


def _must_succeed(command: list[str], environment: dict[str, str]) -> None:
    program = shutil.which(command[0], path=environment["PATH"])
    done = subprocess.run(
        [str(program), *command[1:]],
        env=environment,
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}"


def _path_with_node() -> str:
    """Return a PATH on which `node` and `npm` are new enough: the machine's, else the wheel's."""
    path = os.environ["PATH"]
    if shutil.which("node") and shutil.which("npm") and _major_version() >= OLDEST_NODE:
        return path
    return f"{Path(sys.executable).parent}{os.pathsep}{path}"


def _major_version() -> int:
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.lstrip("v").partition(".")[0])
