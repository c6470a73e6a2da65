import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from shop.listing import PAGE_SIZE
from tests.factories import CategoryFactory, ProductFactory, make_variant
from tests.shop.shelf import make_image, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_the_front_page_shows_every_category_and_the_newest_products(client: Client) -> None:
    CategoryFactory(name="Ceramics")
    CategoryFactory(name="Empty shelf")
    for number in range(10):
        make_variant(product=ProductFactory(name=f"Vase {number}."))

    page = text_of(client.get("/"))

    assert "Ceramics" in page
    assert "Empty shelf" in page
    assert "Vase 9." in page
    assert "Vase 0." not in page


def test_a_product_that_is_not_published_is_in_no_list(client: Client) -> None:
    hidden = ProductFactory(name="Secret vase", is_published=False)
    make_variant(product=hidden)

    for address in ("/", hidden.category.get_absolute_url(), "/search/?q=secret", "/sitemap.xml"):
        assert hidden.slug not in client.get(address).content.decode()


@pytest.mark.parametrize(
    ("prices", "shown"), [([4200, 5600], "from $42.00"), ([4200, 4200], "$42.00")]
)
def test_a_list_says_from_only_when_prices_differ(
    client: Client, prices: list[int], shown: str
) -> None:
    product = ProductFactory()
    for price in prices:
        make_variant(product=product, price_minor=price)

    page = text_of(client.get(product.category.get_absolute_url()))

    assert shown in page
    assert ("from" in page) == ("from" in shown)


def test_a_variant_taken_off_sale_does_not_set_the_price(client: Client) -> None:
    product = ProductFactory()
    make_variant(product=product, price_minor=4200)
    make_variant(product=product, price_minor=100, is_active=False)

    assert "from" not in text_of(client.get(product.category.get_absolute_url()))


def test_a_list_says_what_is_sold_out_and_what_is_not_sold_in_the_currency(client: Client) -> None:
    category = CategoryFactory()
    make_variant(product=ProductFactory(category=category, name="Gone"), units=0)
    make_variant(product=ProductFactory(category=category, name="Abroad"), currency="EUR")

    page = text_of(client.get(category.get_absolute_url()))

    assert "Gone $42.00 · Sold out" in page
    assert "Abroad Not sold in USD" in page
    assert page.count("Sold out") == 1


def test_a_download_is_never_sold_out(client: Client) -> None:
    variant = make_variant(units=None)

    assert "Sold out" not in text_of(client.get(variant.product.category.get_absolute_url()))


def test_a_long_category_is_read_to_its_end_without_gap_or_repeat(client: Client) -> None:
    category = CategoryFactory()
    for _ in range(PAGE_SIZE * 2 + 1):
        ProductFactory(category=category)
    address, seen = category.get_absolute_url(), []

    while address:
        response = client.get(address)
        page = response.context["page"]
        seen += [card.product.pk for card in page.cards]
        more = page.next_after
        assert ('rel="next"' in response.content.decode()) == bool(more)
        address = f"{category.get_absolute_url()}?after={more}" if more else ""

    newest_first = category.products.order_by("-pk").values_list("pk", flat=True)
    assert seen == list(newest_first)


@pytest.mark.parametrize("after", ["abc", "", "-1", "1.5", "9" * 5000, "٣"])
def test_a_place_in_the_list_that_is_no_number_is_the_beginning(client: Client, after: str) -> None:
    product = ProductFactory(name="First vase")

    response = client.get(product.category.get_absolute_url(), {"after": after})

    assert "First vase" in text_of(response)


def test_a_place_beyond_the_end_is_an_empty_page_with_a_way_back(client: Client) -> None:
    product = ProductFactory()

    page = text_of(client.get(product.category.get_absolute_url(), {"after": "1" + "0" * 17}))
    past = text_of(client.get(product.category.get_absolute_url(), {"after": "0"}))

    assert product.name in page
    assert product.name not in past
    assert "Back to the newest" in past


def test_an_unknown_category_is_not_found(client: Client) -> None:
    assert client.get("/categories/nothing/").status_code == 404


@pytest.mark.parametrize("products", [1, 12])
def test_lists_cost_the_same_whatever_they_hold(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, products: int
) -> None:
    category = CategoryFactory()
    for _ in range(products):
        product = ProductFactory(category=category)
        make_image(product)
        make_variant(product=product)
        variant = make_variant(product=product)

    with django_assert_num_queries(4):
        client.get("/")
    with django_assert_num_queries(4):
        client.get(category.get_absolute_url())
    with django_assert_num_queries(4):
        client.get("/search/?q=mug")

    client.post("/cart/add/", {"variant": variant.sku, "quantity": 1})
    with django_assert_num_queries(5):
        client.get("/")
