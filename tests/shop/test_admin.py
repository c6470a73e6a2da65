"""Staff keep the catalogue: amounts are typed as money, and mistakes are named beside the field."""

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from inventory.models import StockItem, StockMovement
from inventory.stock import hold
from shop.models import Category, Price, Product, ShippingRate, Variant
from tests.factories import (
    CategoryFactory,
    ProductFactory,
    UserFactory,
    make_shipping,
    make_stock,
    make_variant,
)

pytestmark = pytest.mark.django_db

NEW = "/admin/shop/product/add/"
MUG = {"options": "", "sku": "MUG", "price_usd": "42.00", "price_eur": "38.50", "units": "12"}


@pytest.fixture(autouse=True)
def _media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def stella(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


@pytest.fixture
def ceramics() -> Category:
    category: Category = CategoryFactory.create(name="Ceramics")
    return category


def rows(prefix: str, items: list[dict[str, Any]], saved: int = 0) -> dict[str, Any]:
    """Return the fields of an inline with these rows, the first `saved` of them saved before."""
    management = {f"{prefix}-TOTAL_FORMS": len(items), f"{prefix}-INITIAL_FORMS": saved}
    fields = {
        f"{prefix}-{number}-{name}": value
        for number, item in enumerate(items)
        for name, value in {"position": number, **item}.items()
    }
    return {**management, **fields}


def product_form(
    category: Category,
    variants: list[dict[str, Any]],
    pictures: list[dict[str, Any]] | None = None,
    saved: int = 0,
    **fields: Any,
) -> dict[str, Any]:
    variants = [{"is_active": "on", **variant} for variant in variants]
    return {
        "name": "Mug",
        "slug": "mug",
        "category": category.pk,
        "kind": "parcel",
        "description": "Thrown.",
        "is_published": "on",
        **fields,
        **rows("variants", variants, saved),
        **rows("images", pictures or []),
    }


def errors(page: str) -> str:
    """Return the sentences of the page's error lists."""
    lists = re.findall(r'<ul class="errorlist[^"]*"[^>]*>(.*?)</ul>', page, re.DOTALL)
    return re.sub(r"<[^>]+>", " ", " ".join(lists))


def test_a_new_product_is_priced_and_counted(stella: Client, ceramics: Category) -> None:
    stella.post(NEW, product_form(ceramics, [MUG]))

    variant = Variant.objects.get()
    assert variant.product.name == "Mug"
    assert dict(variant.prices.values_list("currency", "amount_minor")) == {
        "USD": 4200,
        "EUR": 3850,
    }
    assert variant.stock is not None
    assert (variant.stock.sku, variant.stock.on_hand) == ("MUG", 12)
    movement = StockMovement.objects.get()
    assert (movement.quantity, movement.actor) == (12, "staff@example.com")


def test_options_are_typed_in_words(stella: Client, ceramics: Category) -> None:
    stella.post(NEW, product_form(ceramics, [{**MUG, "options": "Size: M; Color: Oat;"}]))

    assert Variant.objects.get().options == {"Size": "M", "Color": "Oat"}


def test_a_download_is_never_counted(stella: Client, ceramics: Category) -> None:
    stella.post(NEW, product_form(ceramics, [{**MUG, "units": ""}]))

    assert Variant.objects.get().stock is None


def test_none_in_stock_is_counted(stella: Client, ceramics: Category) -> None:
    stella.post(NEW, product_form(ceramics, [{**MUG, "units": "0"}]))

    assert StockItem.objects.get().on_hand == 0
    assert not StockMovement.objects.exists()


@pytest.mark.parametrize(
    ("typed", "booked"),
    [
        (15, [("counted", 5), ("received", 10)]),
        (10, [("received", 10)]),
        (5, [("counted", -5), ("received", 10)]),
        (0, [("counted", -10), ("received", 10)]),
    ],
)
def test_what_is_typed_is_on_the_shelf_also_where_a_deleted_variant_left_stock(
    stella: Client, ceramics: Category, typed: int, booked: list[tuple[str, int]]
) -> None:
    left = make_stock(10, "MUG")

    stella.post(NEW, product_form(ceramics, [{**MUG, "units": typed}]))

    left.refresh_from_db()
    assert (Variant.objects.get().stock, left.on_hand) == (left, typed)
    assert list(left.movements.values_list("reason", "quantity")) == booked


def test_what_orders_hold_of_a_deleted_variant_is_on_the_shelf_too(
    stella: Client, ceramics: Category
) -> None:
    left = make_stock(10, "MUG")
    hold("K7QM-4T9X", "cart", {left.pk: 3})

    refused = stella.post(NEW, product_form(ceramics, [{**MUG, "units": "2"}]))
    page = refused.content.decode()
    assert "3 units with this SKU are held for orders: write 3 or more." in errors(page)
    assert not Product.objects.exists()

    stella.post(NEW, product_form(ceramics, [{**MUG, "units": "3"}]))
    left.refresh_from_db()
    assert (left.on_hand, left.held) == (3, 3)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            {"price_usd": "42.001"},
            "USD has 2 decimal places: write an amount such as 42.00.",
        ),
        ({"price_usd": "-1"}, "greater than or equal to 0"),
        ({"price_usd": "cheap"}, "Enter a number."),
        ({"price_usd": "NaN"}, "Enter a number."),
        ({"options": "Large"}, "Write “Large” as a name and a choice, such as “Size: M”."),
        ({"options": "Size:"}, "Write “Size:” as a name and a choice"),
        ({"options": "Size: M; Size: L"}, "“Size” is given twice: keep one."),
        ({"sku": ""}, "This field is required."),
        ({"units": "-3"}, "greater than or equal to 0"),
    ],
)
def test_a_mistake_is_named(
    stella: Client, ceramics: Category, typed: dict[str, str], sentence: str
) -> None:
    answer = stella.post(NEW, product_form(ceramics, [{**MUG, **typed}]))

    assert sentence in errors(answer.content.decode())
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ("Size: M; Color: Oat", "Color: Oat; Size: M", "Two variants have the same options"),
        ("", "", "Two variants have the same options"),
        ("Size: M", "Color: Oat", "Give every variant the same options"),
    ],
)
def test_variants_that_cannot_be_told_apart_are_refused(
    stella: Client, ceramics: Category, first: str, second: str, sentence: str
) -> None:
    variants = [{**MUG, "options": first}, {**MUG, "sku": "MUG-2", "options": second}]

    answer = stella.post(NEW, product_form(ceramics, variants))

    assert sentence in errors(answer.content.decode())
    assert not Product.objects.exists()


def test_a_product_without_a_price_is_warned_of(stella: Client, ceramics: Category) -> None:
    form = product_form(ceramics, [{**MUG, "price_eur": ""}])

    page = stella.post(NEW, form, follow=True).content.decode()

    assert "“Mug” is for sale, but no variant has a price in EUR" in page
    assert Product.objects.get().is_published


def test_an_unpublished_product_may_wait_for_its_price(stella: Client, ceramics: Category) -> None:
    form = product_form(ceramics, [], is_published="")

    assert "is for sale, but" not in stella.post(NEW, form, follow=True).content.decode()


@pytest.fixture
def variant() -> Variant:
    return make_variant(sku="MUG", price_minor=4200, options={"Size": "M"}, units=5)


def change(client: Client, variant: Variant, **typed: Any) -> str:
    """Send the form of the variant's product with one thing changed; return the page."""
    row = {
        "id": variant.pk,
        "product": variant.product_id,
        "options": "Size: M",
        "sku": "MUG",
        "price_usd": "42.00",
        "price_eur": "",
        "is_active": "on",
        **typed,
    }
    product = variant.product
    form = product_form(product.category, [row], saved=1, name=product.name, slug=product.slug)
    address = reverse("admin:shop_product_change", args=[product.pk])
    page = client.post(address, form, follow=True).content.decode()
    variant.refresh_from_db()
    return page


def test_the_form_shows_money(stella: Client, variant: Variant) -> None:
    page = stella.get(reverse("admin:shop_product_change", args=[variant.product_id]))

    assert 'value="42.00"' in page.content.decode()
    assert "5 available of 5" in page.content.decode()
    assert "4200" not in page.content.decode()


def test_a_price_is_changed_added_and_taken_away(stella: Client, variant: Variant) -> None:
    change(stella, variant, price_usd="40", price_eur="36.5")
    assert set(variant.prices.values_list("currency", "amount_minor")) == {
        ("USD", 4000),
        ("EUR", 3650),
    }

    change(stella, variant, price_usd="", price_eur="36.50")
    assert list(variant.prices.values_list("currency")) == [("EUR",)]


def test_saving_unchanged_changes_nothing(stella: Client, variant: Variant) -> None:
    before = list(Price.objects.values())

    change(stella, variant)

    assert list(Price.objects.values()) == before
    assert StockMovement.objects.count() == 1


def test_stock_is_not_typed_over(stella: Client, variant: Variant) -> None:
    change(stella, variant, units="99", price_usd="41.00")

    assert StockItem.objects.get().on_hand == 5


def test_a_new_sku_names_the_stock_too(stella: Client, variant: Variant) -> None:
    change(stella, variant, sku="MUG-M")

    assert variant.sku == "MUG-M"
    assert StockItem.objects.get().sku == "MUG-M"


def test_the_sku_of_other_stock_is_refused(stella: Client, variant: Variant) -> None:
    make_stock(1, "VASE")

    page = change(stella, variant, sku="VASE")

    assert "Another stock item has the SKU “VASE”" in errors(page)
    assert variant.sku == "MUG"


def picture_file(kind: str = "PNG") -> SimpleUploadedFile:
    buffer = BytesIO()
    Image.new("RGB", (900, 900), "teal").save(buffer, kind)
    return SimpleUploadedFile("mug.png", buffer.getvalue())


def test_a_picture_is_uploaded_and_replaced(stella: Client, ceramics: Category) -> None:
    stella.post(NEW, product_form(ceramics, [MUG], [{"file": picture_file(), "alt": "A mug"}]))

    image = Product.objects.get().images.get()
    assert (image.alt, image.width) == ("A mug", 900)
    assert str(image.file).endswith(".webp")


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        ({"alt": "A mug", "file": SimpleUploadedFile("a.png", b"no")}, "not a picture we can read"),
        ({"alt": "", "file": None}, "This field is required."),
        ({"alt": "A mug", "file": ""}, "This field is required."),
    ],
)
def test_a_bad_picture_is_refused(
    stella: Client, ceramics: Category, picture: dict[str, Any], sentence: str
) -> None:
    picture = {**picture, "file": picture_file() if picture["file"] is None else picture["file"]}

    answer = stella.post(NEW, product_form(ceramics, [MUG], [picture]))

    assert sentence in errors(answer.content.decode())
    assert not Product.objects.exists()


def test_the_list_says_what_is_for_sale(
    stella: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    product = ProductFactory.create(name="Mug")
    make_variant(product=product, price_minor=4200, units=3)
    make_variant(product=product, price_minor=5600, units=4)
    for _more in range(10):
        make_variant(units=None)

    with django_assert_max_num_queries(9):
        page = stella.get(reverse("admin:shop_product_changelist")).content.decode()

    assert "$42.00 – $56.00" in page
    assert '<td class="field-available">7</td>' in page
    assert "not counted" in page


def test_products_are_put_on_and_off_sale_together(stella: Client) -> None:
    priced = make_variant(currency="USD").product
    Price.objects.create(variant=priced.variants.get(), currency="EUR", amount_minor=1)
    unpriced = ProductFactory.create(name="Unpriced")
    address = reverse("admin:shop_product_changelist")

    def act(action: str) -> str:
        form = {"action": action, "_selected_action": [priced.pk, unpriced.pk]}
        return stella.post(address, form, follow=True).content.decode()

    assert "2 products are off sale." in act("take_off_sale")
    assert not Product.objects.filter(is_published=True).exists()
    page = act("put_on_sale")
    assert "2 products are for sale." in page
    assert page.count("is for sale, but no variant has a price in") == 1
    assert Product.objects.filter(is_published=True).count() == 2


def test_missing_prices_are_warned_of_whatever_the_list_is_filtered_by(stella: Client) -> None:
    unpriced = ProductFactory.create(name="Unpriced", is_published=False)
    address = reverse("admin:shop_product_changelist")
    form = {"action": "put_on_sale", "_selected_action": [unpriced.pk]}

    page = stella.post(f"{address}?is_published__exact=0", form, follow=True).content.decode()

    assert "“Unpriced” is for sale, but no variant has a price in USD, EUR" in page


def test_a_shipping_rate_is_typed_in_its_own_currency(stella: Client, settings: Settings) -> None:
    settings.CURRENCIES = ["USD", "JPY"]
    form = {"currency": "JPY", "amount_minor": "600", "days_min": 2, "days_max": 4}
    address = reverse("admin:shop_shippingrate_add")

    refused = stella.post(address, {**form, "free_from_minor": "9000.50"})
    assert "JPY has no decimal places: write a whole number." in errors(refused.content.decode())
    stella.post(address, {**form, "free_from_minor": "9000"})

    rate = ShippingRate.objects.get()
    assert (rate.amount_minor, rate.free_from_minor) == (600, 9000)
    page = stella.get(reverse("admin:shop_shippingrate_changelist")).content.decode()
    assert "¥9,000" in page
    page = stella.get(reverse("admin:shop_shippingrate_change", args=[rate.pk])).content.decode()
    assert 'value="9000"' in page


@pytest.mark.parametrize(
    ("currency", "finer", "step", "payable", "minor"),
    [("KWD", "4.211", "0.01", "4.21", 4210), ("ISK", "1500.50", "1", "1500", 150_000)],
)
def test_an_amount_that_nobody_can_pay_is_refused(
    stella: Client,
    settings: Settings,
    currency: str,
    finer: str,
    step: str,
    payable: str,
    minor: int,
) -> None:
    settings.CURRENCIES = ["USD", currency]
    form = {"currency": currency, "days_min": 2, "days_max": 4}
    address = reverse("admin:shop_shippingrate_add")

    refused = stella.post(address, {**form, "amount_minor": finer}).content.decode()
    assert f"{currency} is paid in steps of {step}: write a multiple of it." in errors(refused)
    stella.post(address, {**form, "amount_minor": payable})

    assert ShippingRate.objects.get().amount_minor == minor


def test_shipping_days_the_wrong_way_round_are_refused(stella: Client) -> None:
    rate = make_shipping()
    address = reverse("admin:shop_shippingrate_change", args=[rate.pk])
    form = {"currency": "USD", "amount_minor": "6.00", "days_min": 5, "days_max": 2}

    page = stella.post(address, form).content.decode()

    assert "Give at least as many days as at best." in errors(page)


@pytest.mark.parametrize("name", ["category", "taxrate", "shippingrate", "product"])
def test_the_other_lists_open(stella: Client, name: str) -> None:
    make_variant()
    make_shipping()

    assert stella.get(reverse(f"admin:shop_{name}_changelist")).status_code == 200
    assert stella.get(reverse(f"admin:shop_{name}_add")).status_code == 200


def test_who_may_only_look_sees_the_product(client: Client, variant: Variant) -> None:
    looker = UserFactory.create(is_staff=True)
    looker.user_permissions.set(
        Permission.objects.filter(codename__in=["view_product", "view_variant"])
    )
    client.force_login(looker)
    address = reverse("admin:shop_product_change", args=[variant.product_id])

    page = client.get(address).content.decode()

    assert "MUG" in page
    assert "$42.00" in page
    assert '<td class="field-available">' in page
    assert client.post(address, {}).status_code == 403
