from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from inventory import stock
from shop.models import EventDetails, Price, Product
from tests.factories import ProductFactory, make_shipping, make_variant
from tests.shop.shelf import make_image, structured_data, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def make_event(**times: datetime) -> Product:
    """Return a workshop on a Saturday morning in the shop's zone."""
    product: Product = ProductFactory.create(kind="event")
    EventDetails.objects.create(
        product=product,
        place="14 Kiln Lane, Portland",
        **{
            "starts_at": datetime(2027, 1, 9, 10, tzinfo=UTC),
            "ends_at": datetime(2027, 1, 9, 13, tzinfo=UTC),
            **times,
        },
    )
    return product


@pytest.mark.parametrize(
    ("units", "words"), [(0, "Sold out"), (1, "1 left"), (5, "5 left"), (6, "In stock")]
)
def test_the_page_says_what_is_left(client: Client, units: int, words: str) -> None:
    variant = make_variant(units=units, options={})

    response = client.get(variant.product.get_absolute_url())

    assert words in text_of(response)
    assert ("Add to cart" in text_of(response)) == bool(units)


def test_what_others_hold_is_not_left(client: Client) -> None:
    variant = make_variant(units=3)
    assert variant.stock is not None
    stock.hold("order-1", "somebody", {variant.stock.pk: 2})

    assert "1 left" in text_of(client.get(variant.product.get_absolute_url()))


def test_a_download_is_in_stock(client: Client) -> None:
    variant = make_variant(units=None)

    assert "In stock" in text_of(client.get(variant.product.get_absolute_url()))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("download", "Download at once: the link comes by email when you have paid"),
        ("licence", "The licence key comes by email when you have paid"),
        ("repository", "GitHub invites you when you have paid"),
        ("course", "Read at once: the link comes by email when you have paid"),
    ],
)
def test_what_is_not_sent_says_how_it_comes_and_names_no_shipping(
    client: Client, kind: str, words: str
) -> None:
    make_shipping(600)
    product = ProductFactory(kind=kind, repository="cartwright-goods/recipes")

    page = text_of(client.get(make_variant(product=product, units=None).product.get_absolute_url()))

    assert words in page
    assert "Available" in page
    for absent in ("Arrives", "Shipping", "In stock"):
        assert absent not in page


@pytest.mark.parametrize(
    ("units", "words"),
    [(0, "Sold out"), (1, "1 seat left"), (3, "3 seats left"), (12, "Available")],
)
def test_an_event_says_when_where_and_how_many_seats_are_left(
    client: Client, units: int, words: str
) -> None:
    make_shipping(600)
    variant = make_variant(product=make_event(), units=units)

    page = text_of(client.get(variant.product.get_absolute_url()))

    assert words in page
    assert "When Saturday, January 9, 2027, 10:00 AM – 1:00 PM" in page
    assert "Where 14 Kiln Lane, Portland" in page
    assert ("Tickets come by email when you have paid" in page) == bool(units)
    assert "Arrives" not in page


def test_no_ticket_is_sold_for_an_event_that_has_begun(client: Client) -> None:
    variant = make_variant(product=make_event())

    with time_machine.travel(datetime(2027, 1, 9, 10, 1, tzinfo=UTC)):
        page = client.get(variant.product.get_absolute_url())
        answer = client.post("/cart/add/", {"variant": variant.sku}, follow=True)

    assert "This event has begun Tickets are no longer sold." in text_of(page)
    assert "Add to cart" not in text_of(page)
    assert structured_data(page)[0]["offers"]["availability"].endswith("OutOfStock")
    assert f"{variant} has begun: tickets are no longer sold." in text_of(answer)


def test_an_event_of_two_days_names_both(client: Client) -> None:
    two_days = make_event(ends_at=datetime(2027, 1, 10, 16, tzinfo=UTC))

    page = text_of(client.get(make_variant(product=two_days).product.get_absolute_url()))

    assert "10:00 AM – Sunday, January 10, 2027, 4:00 PM" in page


def test_a_variant_has_its_own_address_price_and_form(client: Client) -> None:
    small = make_variant(price_minor=4200, options={"Size": "S"})
    large = make_variant(product=small.product, price_minor=5600, options={"Size": "L"})

    response = client.get(small.product.get_absolute_url(), {"variant": large.sku})

    assert "$56.00" in text_of(response)
    assert "$42.00" not in text_of(response)
    assert f'name="variant" value="{large.sku}"' in response.content.decode()
    assert f"?variant={small.sku}" in response.content.decode()


def test_an_unknown_variant_shows_the_first_that_can_be_bought(client: Client) -> None:
    gone = make_variant(units=0, options={"Size": "S"})
    here = make_variant(product=gone.product, options={"Size": "L"})
    stranger = make_variant()

    for sku in ("nonsense", stranger.sku, ""):
        response = client.get(gone.product.get_absolute_url(), {"variant": sku})
        assert response.context["offer"].variant == here


def test_a_variant_off_sale_is_not_offered(client: Client) -> None:
    kept = make_variant(options={"Size": "S"})
    dropped = make_variant(product=kept.product, options={"Size": "L"}, is_active=False)

    response = client.get(kept.product.get_absolute_url(), {"variant": dropped.sku})
    page = response.content.decode()

    assert response.context["offer"].variant == kept
    assert f'href="{kept.product.get_absolute_url()}?variant={dropped.sku}' not in page


def test_a_sold_out_choice_is_marked_in_words(client: Client) -> None:
    here = make_variant(options={"Color": "Oat"})
    make_variant(product=here.product, options={"Color": "Ink"}, units=0)

    assert "Ink sold out" in text_of(client.get(here.product.get_absolute_url()))


def test_a_product_without_any_variant_on_sale_cannot_be_bought(client: Client) -> None:
    page = text_of(client.get(ProductFactory().get_absolute_url()))

    assert "Sold out" in page
    assert "Add to cart" not in page


def test_a_variant_without_a_price_in_the_currency_says_so(client: Client) -> None:
    variant = make_variant(currency="EUR")

    page = text_of(client.get(variant.product.get_absolute_url()))

    assert "Not sold in USD" in page
    assert "Add to cart" not in page
    assert "Sold out" not in page


def test_prices_are_in_the_visitors_currency(client: Client) -> None:
    variant = make_variant(price_minor=4200)
    Price.objects.create(variant=variant, currency="EUR", amount_minor=3900)
    client.cookies["currency"] = "EUR"

    assert "€39.00" in text_of(client.get(variant.product.get_absolute_url()))


@pytest.mark.parametrize("slug", ["hidden-mug", "no-such-mug"])
def test_an_unpublished_product_is_not_found(client: Client, slug: str) -> None:
    make_variant(product=ProductFactory(slug="hidden-mug", is_published=False))

    assert client.get(f"/products/{slug}/").status_code == 404


def test_the_first_picture_is_the_chosen_variants_and_loads_first(client: Client) -> None:
    variant = make_variant()
    make_image(variant.product, "All colours")
    variant.image = make_image(variant.product, "The oat mug", position=1)
    variant.save()

    page = client.get(variant.product.get_absolute_url()).content.decode()
    pictures = [part.split(">")[0] for part in page.split("<img ")[2:]]

    assert 'alt="The oat mug" fetchpriority="high"' in pictures[0]
    assert 'alt="All colours" loading="lazy"' in pictures[1]
    for picture in pictures:
        assert 'width="1200" height="1200"' in picture
        assert "-400.webp 400w, " in picture


@time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=False)
def test_delivery_is_a_range_of_dates_and_shipping_a_sum(client: Client) -> None:
    make_shipping(600, free_from_minor=7500, days_min=1, days_max=3)
    variant = make_variant()

    page = text_of(client.get(variant.product.get_absolute_url()))

    # Ordered on a Friday: the weekend does not count.
    assert "Arrives Mon, Nov 23\u2009–\u2009Wed, Nov 25".replace("\u2009", " ") in " ".join(
        page.split()
    )
    assert "Shipping $6.00, free from $75.00" in page


def test_free_shipping_is_called_free(client: Client) -> None:
    make_shipping(0)
    variant = make_variant()

    assert "Free shipping" in text_of(client.get(variant.product.get_absolute_url()))


@pytest.mark.parametrize("variants", [1, 9])
def test_the_page_costs_the_same_however_many_variants(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, variants: int
) -> None:
    product = ProductFactory()
    for _ in range(variants):
        variant = make_variant(product=product)
        variant.image = make_image(product)
        variant.save()
    make_shipping()

    with django_assert_num_queries(5):
        client.get(product.get_absolute_url())

    client.post("/cart/add/", {"variant": variant.sku, "quantity": 1})
    with django_assert_num_queries(6):
        client.get(product.get_absolute_url())
