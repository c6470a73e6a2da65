"""Staff keep goods that are no parcels: files, keys, repositories, lessons, events."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as shop_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from inventory.models import StockItem, StockMovement
from orders.models import OrderLine
from shop.models import DownloadFile, LicenceKey, Product, StockAlert, Variant
from tests.factories import ProductFactory, make_stock, make_variant
from tests.orders.factory import make_order
from tests.shop.shelf import text_of
from tests.shop.test_admin import errors, rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _storage(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    storage = DownloadFile._meta.get_field("file").storage
    monkeypatch.setattr(storage, "location", str(tmp_path / "private"))


@pytest.fixture
def stella(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def make(kind: str, **fields: Any) -> Product:
    product: Product = ProductFactory.create(kind=kind, **fields)
    return product


def licence(units: int | None = None) -> Variant:
    return make_variant(product=make("licence"), sku="KEY", options={}, units=units)


def save(client: Client, product: Product, variant: Variant | None = None, **more: Any) -> Any:
    """Send the form of a product as it is, with `more`; answers the page that comes back."""
    row = {
        "options": "",
        "sku": "KEY",
        "price_usd": "42.00",
        "is_active": "on",
        **({"id": variant.pk} if variant else {}),
        **more.pop("row", {}),
    }
    form = {
        "name": product.name,
        "slug": product.slug,
        "category": product.category_id,
        "kind": product.kind,
        "repository": product.repository,
        "description": product.description,
        "is_published": "on",
        **rows("variants", [row] if variant or row.get("keys") else [], saved=1 if variant else 0),
        **rows("images", []),
        **more,
    }
    address = reverse("admin:shop_product_change", args=[product.pk])
    return client.post(address, form, follow=True)


def pool(variant: Variant) -> list[str]:
    return [key.key for key in variant.licence_keys.all()]


# --- Kinds and repositories ---------------------------------------------------------------------
def test_a_repository_is_named_by_owner_and_name(stella: Client) -> None:
    product = make("parcel")

    save(stella, product, kind="repository", repository="cartwright-goods/glaze-recipes")

    product.refresh_from_db()
    assert (product.kind, product.repository) == ("repository", "cartwright-goods/glaze-recipes")


@pytest.mark.parametrize(
    "typed",
    ["https://github.com/studio/recipes", "studio", "studio/", "-studio/recipes", "a/b/c", "a b/c"],
)
def test_what_is_no_repository_is_refused_with_an_example(stella: Client, typed: str) -> None:
    product = make("parcel")

    page = save(stella, product, kind="repository", repository=typed).content.decode()

    assert f"“{typed}” is no repository: write owner/name, such as studio/recipes." in errors(page)
    product.refresh_from_db()
    assert product.kind == "parcel"


def test_access_to_no_repository_is_refused(stella: Client) -> None:
    page = save(stella, make("parcel"), kind="repository").content.decode()

    assert "Name the repository: owner/name." in errors(page)


def test_the_kind_may_change_and_what_was_ordered_keeps_its_own(stella: Client) -> None:
    product = make("parcel")
    make_order()

    save(stella, product, kind="course")

    product.refresh_from_db()
    assert product.kind == "course"
    assert OrderLine.objects.get().kind == "parcel"


def test_counted_goods_become_a_licence_only_without_stock(stella: Client) -> None:
    variant = make_variant(product=make("parcel"), sku="KEY", options={}, units=3)
    sentence = "A licence has a key for each unit of stock: correct the stock of KEY to 0."

    assert sentence in errors(
        save(stella, variant.product, variant, kind="licence").content.decode()
    )
    StockItem.objects.update(on_hand=0)
    save(stella, variant.product, variant, kind="licence")

    variant.product.refresh_from_db()
    assert variant.product.kind == "licence"


# --- Licence keys -------------------------------------------------------------------------------
def test_keys_fill_the_pool_and_the_stock_in_one_step(stella: Client) -> None:
    variant = licence(units=0)

    page = save(stella, variant.product, variant, row={"keys": "AAA-1\r\n\r\n  BBB-2  \r\n"})

    assert pool(variant) == ["AAA-1", "BBB-2"]
    movement = StockMovement.objects.get()
    assert (movement.quantity, movement.reason) == (2, "received")
    assert movement.actor == "staff@example.com"
    assert StockItem.objects.get().on_hand == 2
    assert page.status_code == 200


def test_the_page_says_how_many_keys_are_free(stella: Client) -> None:
    variant = licence(units=0)
    save(stella, variant.product, variant, row={"keys": "A\nB\nC"})
    LicenceKey.objects.filter(key="A").update(taken_by="K7QM-4T9X")

    page = stella.get(reverse("admin:shop_product_change", args=[variant.product_id]))

    assert '<td class="field-free_keys">' in page.content.decode()
    assert page.context["inline_admin_formsets"][0].formset.forms[0].instance.free_key_count == 2


def test_a_licence_that_was_not_counted_is_counted_from_its_first_keys(stella: Client) -> None:
    variant = licence()

    save(stella, variant.product, variant, row={"keys": "AAA-1"})

    variant.refresh_from_db()
    assert variant.stock is not None
    assert variant.stock.on_hand == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("NEW\nOLD", "In a pool already: OLD. No key was added."),
        ("NEW\nTWO\nNEW\nTWO", "Given more than once: NEW, TWO. No key was added."),
        ("x" * 201, "This key is longer than 200 characters"),
    ],
)
def test_keys_that_cannot_be_taken_are_named_and_none_is_added(
    stella: Client, typed: str, sentence: str
) -> None:
    variant = licence(units=0)
    save(stella, variant.product, variant, row={"keys": "OLD"})

    page = save(stella, variant.product, variant, row={"keys": typed}).content.decode()

    assert sentence in errors(page)
    assert typed.splitlines()[0] in page
    assert pool(variant) == ["OLD"]
    assert StockItem.objects.get().on_hand == 1


def test_too_many_keys_at_once_are_refused(stella: Client) -> None:
    variant = licence(units=0)
    keys = "\n".join(map(str, range(5001)))

    page = save(stella, variant.product, variant, row={"keys": keys}).content.decode()

    assert "Add at most 5000 keys at once." in errors(page)


def test_a_licence_gets_no_stock_without_keys(stella: Client) -> None:
    variant = licence()

    page = save(stella, variant.product, variant, row={"units": "5"}).content.decode()

    assert "A licence has a key for each unit: write 0 and add keys" in errors(page)
    assert not StockItem.objects.exists()


def test_stock_that_a_deleted_variant_left_is_not_taken_for_keys(stella: Client) -> None:
    make_stock(4, "KEY")
    variant = licence()

    page = save(stella, variant.product, variant, row={"keys": "AAA-1"}).content.decode()

    assert "There is stock without keys under this SKU: change it." in errors(page)
    assert pool(variant) == []


def test_only_a_licence_has_keys(stella: Client) -> None:
    variant = licence(units=0)

    page = save(stella, variant.product, variant, kind="course", row={"keys": "A"})

    assert "Only a licence has keys: choose that kind." in errors(page.content.decode())
    assert pool(variant) == []


@pytest.mark.parametrize("reason", ["received", "damaged", "counted"])
def test_the_stock_of_a_licence_is_not_corrected_by_hand(stella: Client, reason: str) -> None:
    variant = licence(units=0)
    save(stella, variant.product, variant, row={"keys": "A\nB"})
    item = StockItem.objects.get()
    address = reverse("admin:inventory_stockitem_change", args=[item.pk])

    page = stella.post(address, {"reason": reason, "units": 1, "note": ""}).content.decode()

    assert "This stock is the number of free licence keys: add keys at the product" in errors(page)
    item.refresh_from_db()
    assert item.on_hand == 2


# --- Files, lessons, events, wishes -------------------------------------------------------------
def test_a_file_is_stored_where_the_web_does_not_serve_it(stella: Client) -> None:
    product = make("download")
    file = SimpleUploadedFile("patterns.md", b"# Patterns")

    save(stella, product, **rows("downloads", [{"name": "Patterns", "file": file}]))

    with DownloadFile.objects.get().file as stored:
        assert stored.read() == b"# Patterns"
    assert not list(Path(shop_settings.MEDIA_ROOT).rglob("patterns*"))
    page = stella.get(reverse("admin:shop_product_change", args=[product.pk])).content.decode()
    assert "patterns.md, 10" in page
    assert "/media/downloads/" not in page


def test_a_file_that_is_gone_is_said_to_be_missing(stella: Client) -> None:
    product = make("download")
    DownloadFile.objects.create(product=product, name="Patterns", file="downloads/gone.md")

    page = stella.get(reverse("admin:shop_product_change", args=[product.pk]))

    assert "The file is missing: upload it again." in text_of(page)


def test_a_file_to_download_needs_a_name_and_content(stella: Client) -> None:
    file = SimpleUploadedFile("patterns.md", b"")

    page = save(stella, make("download"), **rows("downloads", [{"name": "", "file": file}]))

    assert "The submitted file is empty." in errors(page.content.decode())
    assert not DownloadFile.objects.exists()


def test_a_course_gets_its_lessons(stella: Client) -> None:
    product = make("course")

    save(stella, product, **rows("lessons", [{"title": "Centring", "text": "Wet your hands."}]))

    assert [(lesson.title, lesson.text) for lesson in product.lessons.all()] == [
        ("Centring", "Wet your hands.")
    ]


def event_fields(ends: str = "13:00") -> dict[str, Any]:
    return {
        "event-TOTAL_FORMS": 1,
        "event-INITIAL_FORMS": 0,
        "event-0-starts_at_0": "2027-01-09",
        "event-0-starts_at_1": "10:00",
        "event-0-ends_at_0": "2027-01-09",
        "event-0-ends_at_1": ends,
        "event-0-place": "14 Kiln Lane, Portland",
    }


def test_an_event_gets_its_time_and_place(stella: Client) -> None:
    product = make("event")

    save(stella, product, **event_fields())

    product = Product.objects.get()
    assert product.event.starts_at == datetime(2027, 1, 9, 10, tzinfo=UTC)
    assert product.event.place == "14 Kiln Lane, Portland"


def test_an_event_that_ends_before_it_begins_is_refused(stella: Client) -> None:
    page = save(stella, make("event"), **event_fields(ends="09:00")).content.decode()

    assert "Give a time after the beginning." in errors(page)


@pytest.mark.parametrize(
    ("kind", "prefix", "words"),
    [
        ("download", "downloads", "Add the files to download."),
        ("course", "lessons", "Add the lessons."),
        ("event", "event", "Say when and where it takes place."),
    ],
)
def test_what_a_kind_still_needs_is_said(
    stella: Client, kind: str, prefix: str, words: str
) -> None:
    assert words in text_of(save(stella, make(kind), **rows(prefix, [])))


def test_wishes_are_listed_and_cannot_be_changed(stella: Client) -> None:
    alert = StockAlert.objects.create(
        variant=make_variant(units=0), email="ada@example.com", language="en"
    )

    page = stella.get(reverse("admin:shop_stockalert_changelist")).content.decode()

    assert "ada@example.com" in page
    address = reverse("admin:shop_stockalert_change", args=[alert.pk])
    assert stella.post(address, {"email": "eve@example.com"}).status_code == 403
