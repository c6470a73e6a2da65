"""Whoever sets the shop up finds every setting in `.env.example`."""

import re

from tests.architecture.tree import ROOT

READ = re.compile(r"""(?:\benv\.\w+|environ\.get)\(["']([A-Z_]+)["']""")


def test_every_setting_is_in_the_example() -> None:
    sources = (ROOT / "config" / "settings.py", ROOT / "gunicorn.conf.py")
    read = {name for source in sources for name in READ.findall(source.read_text())}
    shown = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert read == shown
