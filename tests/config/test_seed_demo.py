"""The sample catalogue is put into the shop once, and what staff made of it stays."""

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from cart.models import Coupon
from inventory.models import StockItem, StockMovement
from shop.models import (
    DownloadFile,
    EventDetails,
    LicenceKey,
    Price,
    Product,
    ProductImage,
    ShippingRate,
    TaxRate,
    Variant,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path
    storage = DownloadFile._meta.get_field("file").storage
    monkeypatch.setattr(storage, "location", str(tmp_path / "private"))


def seed(*arguments: str) -> str:
    """Run the command and return what it printed."""
    printed = StringIO()
    call_command("seed_demo", *arguments, stdout=printed)
    return printed.getvalue()


def counts() -> dict[str, int]:
    models = [
        *(Product, Variant, Price, ProductImage, Coupon, ShippingRate, TaxRate),
        *(StockItem, StockMovement, User),
    ]
    return {model.__name__: model._default_manager.count() for model in models}


def test_the_sample_is_a_shop_to_buy_from_and_comes_once(client: Client, tmp_path: Path) -> None:
    assert seed().startswith("Made 5 categories, 33 products, 5 coupons, 2 shipping rates")
    before, files = counts(), set(tmp_path.rglob("*.webp"))
    picture = ProductImage.objects.first()
    assert picture is not None
    assert client.get(f"/media/{picture.file}").getvalue().startswith(b"RIFF")
    for item in StockItem.objects.all():
        assert sum(item.movements.values_list("quantity", flat=True)) == item.on_hand

    assert seed() == "The sample is there already: nothing was changed.\n"
    assert (counts(), set(tmp_path.rglob("*.webp"))) == (before, files)


@time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=False)
def test_goods_that_are_not_sent_come_with_what_they_consist_of() -> None:
    seed()

    event = EventDetails.objects.get()
    assert event.starts_at == datetime(2027, 1, 2, 10, tzinfo=UTC), "a Saturday in six weeks"
    assert [file.name for file in DownloadFile.objects.all()] == [
        "Pattern booklet",
        "Goose eye, to print",
    ]
    for file in DownloadFile.objects.all():
        with file.file as stored:
            assert len(stored.read()) > 1000
    pool = Variant.objects.get(sku="LPL-STU")
    assert pool.stock is not None
    assert pool.stock.on_hand == LicenceKey.objects.count() == 8
    assert Product.objects.get(slug="throwing-at-home").lessons.count() == 3
    assert Product.objects.get(slug="glaze-recipes").repository == "cartwright-goods/glaze-recipes"


def test_what_staff_changed_stays() -> None:
    seed()
    Product.objects.filter(slug="everyday-mug").update(name="Our mug", is_published=False)
    Product.objects.get(slug="bud-vase").delete()
    vases = StockItem.objects.filter(sku__startswith="BUD").count()

    assert seed() == "Made 1 products.\n"

    assert Product.objects.get(slug="everyday-mug").name == "Our mug"
    assert StockItem.objects.filter(sku__startswith="BUD").count() == vases


def test_a_product_that_got_another_slug_or_sku_stays_the_only_one() -> None:
    seed()
    Product.objects.filter(slug="everyday-mug").update(slug="our-mug")
    vase = Variant.objects.filter(product__slug="bud-vase").first()
    assert vase is not None
    Variant.objects.filter(pk=vase.pk).update(sku="VASE")
    before = counts()

    assert seed() == "The sample is there already: nothing was changed.\n"
    assert counts() == before


def test_a_dry_run_makes_nothing(tmp_path: Path) -> None:
    before = counts()

    printed = seed("--dry-run", "--staff-email=a@example.com", "--staff-password=tea and stars")

    assert printed.startswith("Would make 5 categories, 33 products")
    assert "1 staff logins" in printed
    assert counts() == before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("typed", ["Stella@Example.com", "stella@example.com"])
def test_the_staff_login_can_sign_in_at_once(
    client: Client, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setattr("config.management.commands.seed_demo._write_pictures", lambda rows: {})
    monkeypatch.setattr("config.management.commands.seed_demo._make_product", lambda *_args: None)
    arguments = ["--staff-email=Stella@Example.com", "--staff-password=tea and stars"]

    seed(*arguments)
    seed("--staff-email=stella@example.com", "--staff-password=another")

    stella = User.objects.get()
    assert stella.is_staff
    assert stella.is_superuser
    assert EmailAddress.objects.get(user=stella).verified
    client.post("/accounts/login/", {"login": typed, "password": "tea and stars"})
    assert client.session["_auth_user_id"] == str(stella.pk)


def test_half_a_staff_login_is_refused() -> None:
    with pytest.raises(CommandError, match="Give --staff-email and --staff-password together"):
        seed("--staff-email=stella@example.com")
