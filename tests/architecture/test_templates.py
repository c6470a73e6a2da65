"""Pages obey a content security policy without unsafe-inline; mails are not pages."""

import re

import pytest

from tests.architecture.tree import files, name

DATA = r"""type=["']application/(?:ld\+)?json["']"""
FORBIDDEN = {
    "inline script": re.compile(rf"<script(?![^>]*\bsrc=)(?![^>]*{DATA})", re.IGNORECASE),
    "inline style": re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE),
    "inline handler": re.compile(r"\s(?:on[a-z]+|hx-on[:\w-]*)\s*=", re.IGNORECASE),
    "script in an address": re.compile(r"""["']\s*javascript:""", re.IGNORECASE),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_page_has_an(what: str) -> None:
    pages = [
        path
        for path in files(".html", under=("templates",))
        if not {"notifications", "email"} & set(path.parts)
    ]
    assert [name(page) for page in pages if FORBIDDEN[what].search(page.read_text())] == []
