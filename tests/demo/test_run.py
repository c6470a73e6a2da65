"""`make run` with a project of its own: what `.env` says reaches gunicorn as it is written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.architecture.tree import ROOT

# In gunicorn's place: says what gunicorn and the shop would be told.
WEB = """\
import os, runpy
told = runpy.run_path("gunicorn.conf.py")
names = ("SHOP_NAME", "SECRET_KEY")
print(told["bind"], told["workers"], *(os.environ[name] for name in names), sep="|")
"""
ENV = {
    "SHOP_NAME": 'Ann\'s "fine" Goods',
    "SECRET_KEY": "a b#c",
    "HOST": "127.0.0.2",
    "PORT": "8123",
    "WEB_CONCURRENCY": "3",
}


def make_run(folder: Path, **variables: str) -> str:
    """Run the recipe beside a `.env`, with these variables in the shell."""
    (folder / "Procfile").write_text(f"web: exec {sys.executable} web.py")
    (folder / "web.py").write_text(WEB)
    (folder / "manage.py").touch()
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in ENV.items()))
    shutil.copy(ROOT / "gunicorn.conf.py", folder)
    environment = {name: value for name, value in os.environ.items() if name not in ENV}
    bin_folder = Path(sys.executable).parent
    done = subprocess.run(
        ["make", "-f", ROOT / "Makefile", "-o", ".venv/demo.stamp", f"BIN={bin_folder}", "run"],
        env={**environment, **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_setting_arrives_as_it_is_written(tmp_path: Path) -> None:
    assert '127.0.0.2:8123|3|Ann\'s "fine" Goods|a b#c\n' in make_run(tmp_path)


def test_a_port_of_the_shell_goes_before(tmp_path: Path) -> None:
    assert "127.0.0.2:8124|" in make_run(tmp_path, PORT="8124")
