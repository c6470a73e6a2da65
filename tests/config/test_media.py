"""Uploaded pictures are served as they are, and nothing beside them is."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _stored(settings: Settings, tmp_path: Path) -> None:
    media = tmp_path / "media"
    (media / "products").mkdir(parents=True)
    (media / "products" / "mug.webp").write_bytes(b"picture")
    (media / "products" / "page.html").write_bytes(b"<script>")
    (tmp_path / "secret.txt").write_text("hunter2")
    (tmp_path / "media-secrets").mkdir()
    (tmp_path / "media-secrets" / "key.txt").write_text("hunter2")
    settings.MEDIA_ROOT = media


def test_a_picture_may_be_kept_for_ever(client: Client) -> None:
    answer = client.get("/media/products/mug.webp")

    assert answer.status_code == 200
    assert answer.getvalue() == b"picture"
    assert answer["Content-Type"] == "image/webp"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "products/bowl.webp",
        "products",
        "products/",
        "../secret.txt",
        "%2e%2e/secret.txt",
        "products/../../secret.txt",
        "products/%2e%2e/%2e%2e/secret.txt",
        "../media-secrets/key.txt",
        "..%2fsecret.txt",
        "%2fetc/passwd",
        "//etc/passwd",
        "..\\secret.txt",
        "products/" + "m" * 300,
        "products/" + "m" * 5000,
    ],
)
def test_anything_else_is_not_found(client: Client, path: str) -> None:
    answer = client.get(f"/media/{path}")

    assert answer.status_code == 404
    assert b"hunter2" not in answer.content


def test_a_name_with_a_nul_is_refused(client: Client) -> None:
    assert client.get("/media/products/mug.webp%00.txt").status_code == 400


def test_nothing_is_written(client: Client) -> None:
    assert client.post("/media/products/mug.webp").status_code == 405
