import json
from datetime import UTC, datetime

import pytest
from django.test import Client

from shop.models import EventDetails
from shop.structured_data import as_script
from tests.factories import ProductFactory, make_variant
from tests.shop.shelf import make_image, structured_data, text_of

pytestmark = [pytest.mark.django_db]


@pytest.mark.parametrize(("units", "availability"), [(3, "InStock"), (0, "OutOfStock")])
def test_search_engines_are_told_what_the_page_shows(
    client: Client, units: int, availability: str
) -> None:
    variant = make_variant(price_minor=123450, units=units)
    make_image(variant.product)

    response = client.get(variant.product.get_absolute_url())
    product, _crumbs = structured_data(response)

    assert "$1,234.50" in text_of(response)
    assert product["name"] == variant.product.name
    assert product["sku"] == variant.sku
    assert product["offers"]["price"] == "1234.50"
    assert product["offers"]["priceCurrency"] == "USD"
    assert product["offers"]["availability"] == f"https://schema.org/{availability}"
    assert product["image"] == [
        f"http://localhost:8000/media/products/{variant.product.slug}-0-1200.webp"
    ]


def test_an_event_is_told_as_one_with_its_time_and_place(client: Client) -> None:
    variant = make_variant(product=ProductFactory(kind="event"), price_minor=6500)
    EventDetails.objects.create(
        product=variant.product,
        starts_at=datetime(2027, 1, 9, 10, tzinfo=UTC),
        ends_at=datetime(2027, 1, 9, 13, tzinfo=UTC),
        place="14 Kiln Lane, Portland",
    )

    told = structured_data(client.get(variant.product.get_absolute_url()))[0]

    assert (told["@type"], told["startDate"]) == ("Event", "2027-01-09T10:00:00+00:00")
    assert told["location"]["name"] == "14 Kiln Lane, Portland"
    assert told["offers"]["price"] == "65.00"
    assert "itemCondition" not in told["offers"]
    assert "sku" not in told


def test_a_download_is_neither_new_nor_used(client: Client) -> None:
    variant = make_variant(product=ProductFactory(kind="download"), units=None)

    told = structured_data(client.get(variant.product.get_absolute_url()))[0]

    assert told["@type"] == "Product"
    assert "itemCondition" not in told["offers"]


def test_the_chosen_variant_is_the_one_told(client: Client) -> None:
    first = make_variant(price_minor=4200)
    second = make_variant(product=first.product, price_minor=5600)

    response = client.get(first.product.get_absolute_url(), {"variant": second.sku})

    assert structured_data(response)[0]["offers"]["price"] == "56.00"


def test_no_offer_is_told_where_none_is_made(client: Client) -> None:
    unpriced = make_variant(currency="EUR")

    for product in (unpriced.product, ProductFactory()):
        told = structured_data(client.get(product.get_absolute_url()))[0]
        assert "offers" not in told


def test_the_way_from_the_front_page_is_told(client: Client) -> None:
    product = make_variant().product
    base = "http://localhost:8000"

    crumbs = structured_data(client.get(product.get_absolute_url()))[1]["itemListElement"]

    assert [(crumb["position"], crumb["name"], crumb["item"]) for crumb in crumbs] == [
        (1, "Home", f"{base}/"),
        (2, product.category.name, base + product.category.get_absolute_url()),
        (3, product.name, base + product.get_absolute_url()),
    ]


def test_a_name_cannot_break_out_of_the_script() -> None:
    written = as_script({"name": "</script><script>alert('&')"})

    assert written.count("<") == 2
    assert json.loads(written[written.index(">") + 1 : -len("</script>")]) == {
        "name": "</script><script>alert('&')"
    }


def test_a_shared_link_shows_name_and_picture(client: Client) -> None:
    product = make_variant().product
    make_image(product)
    address = f"http://localhost:8000{product.get_absolute_url()}"

    page = client.get(product.get_absolute_url(), {"variant": "x"}).content.decode()

    assert f'<link rel="canonical" href="{address}">' in page
    assert f'property="og:url" content="{address}"' in page
    assert f'property="og:title" content="{product.name}"' in page
    assert 'property="og:image" content="http://localhost:8000/media/' in page


def test_the_sitemap_dates_every_product_and_category(client: Client) -> None:
    product = make_variant().product

    sitemap = client.get("/sitemap.xml").content.decode()

    for thing in (product, product.category):
        entry = sitemap.split(f"{thing.get_absolute_url()}</loc>")[1].split("</url>")[0]
        assert f"<lastmod>{product.updated_at:%Y-%m-%d}</lastmod>" in entry


def test_robots_are_kept_out_of_carts_and_orders(client: Client) -> None:
    response = client.get("/robots.txt")

    assert response["Content-Type"].startswith("text/plain")
    for path in ("/cart/", "/checkout/", "/orders/", "/admin/"):
        assert f"Disallow: {path}\n" in response.content.decode()
    assert "Sitemap: http://localhost:8000/sitemap.xml" in response.content.decode()
