"""The sample catalogue is put into the shop once, and what staff made of it stays."""

from io import StringIO
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from cart.models import Coupon
from inventory.models import StockItem, StockMovement
from shop.models import Price, Product, ProductImage, ShippingRate, TaxRate, Variant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


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
    assert seed().startswith("Made 4 categories, 28 products, 5 coupons, 2 shipping rates")
    before, files = counts(), set(tmp_path.rglob("*.webp"))
    picture = ProductImage.objects.first()
    assert picture is not None
    assert client.get(f"/media/{picture.file}").getvalue().startswith(b"RIFF")
    for item in StockItem.objects.all():
        assert sum(item.movements.values_list("quantity", flat=True)) == item.on_hand

    assert seed() == "The sample is there already: nothing was changed.\n"
    assert (counts(), set(tmp_path.rglob("*.webp"))) == (before, files)


def test_what_staff_changed_stays() -> None:
    seed()
    Product.objects.filter(slug="everyday-mug").update(name="Our mug", is_published=False)
    Product.objects.get(slug="bud-vase").delete()
    vases = StockItem.objects.filter(sku__startswith="BUD").count()

    assert seed() == "Made 1 products.\n"

    assert Product.objects.get(slug="everyday-mug").name == "Our mug"
    assert StockItem.objects.filter(sku__startswith="BUD").count() == vases


def test_a_dry_run_makes_nothing(tmp_path: Path) -> None:
    before = counts()

    printed = seed("--dry-run", "--staff-email=a@example.com", "--staff-password=tea and stars")

    assert printed.startswith("Would make 4 categories, 28 products")
    assert "1 staff logins" in printed
    assert counts() == before
    assert not list(tmp_path.iterdir())


def test_the_staff_login_can_sign_in_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.management.commands.seed_demo._write_pictures", lambda rows: {})
    monkeypatch.setattr("config.management.commands.seed_demo._make_product", lambda *_args: None)
    arguments = ["--staff-email=Stella@example.com", "--staff-password=tea and stars"]

    seed(*arguments)
    seed("--staff-email=stella@example.com", "--staff-password=another")

    stella = User.objects.get()
    assert stella.is_staff
    assert stella.is_superuser
    assert stella.check_password("tea and stars")
    assert EmailAddress.objects.get(user=stella).verified


def test_half_a_staff_login_is_refused() -> None:
    with pytest.raises(CommandError, match="Give --staff-email and --staff-password together"):
        seed("--staff-email=stella@example.com")
