"""Files that are bought lie in a folder of the test's own."""

from pathlib import Path

import pytest

from shop.models import DownloadFile


@pytest.fixture(autouse=True)
def private_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    storage = DownloadFile._meta.get_field("file").storage
    monkeypatch.setitem(vars(storage), "location", str(tmp_path))
    return tmp_path
