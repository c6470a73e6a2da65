import pytest
from django.db import connection
from django.test import Client

from shop.listing import PAGE_SIZE
from shop.search import clean_query
from tests.factories import CategoryFactory, ProductFactory, make_variant
from tests.shop.shelf import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def names_found(client: Client, query: str) -> list[str]:
    cards = client.get("/search/", {"q": query}).context["cards"]
    return [card.product.name for card in cards]


@pytest.fixture(autouse=True)
def shelf() -> None:
    ProductFactory(name="Round Teapot", description="Stoneware with a cane handle.")
    ProductFactory(name="Linen Cushion", description="Filled with kapok.")
    ProductFactory(name="Celadon Bowl", description="Stoneware, glazed in green.")


@pytest.mark.parametrize("query", ["teapot", "TEAPOT", "round cane", "  teapot  "])
def test_every_word_is_looked_for_in_name_and_description(client: Client, query: str) -> None:
    assert names_found(client, query) == ["Round Teapot"]


def test_a_product_that_lacks_one_of_the_words_is_no_exact_match(client: Client) -> None:
    page = text_of(client.get("/search/", {"q": "linen teapot"}))

    assert "Linen Cushion" not in page or "No product has exactly these words." in page


def test_a_match_in_the_name_comes_first_on_postgresql(client: Client) -> None:
    ProductFactory(name="Tray", description="Holds a teapot and two cups of tea.")
    if connection.vendor != "postgresql":
        assert set(names_found(client, "teapot")) == {"Round Teapot", "Tray"}
    else:
        assert names_found(client, "teapots") == ["Round Teapot", "Tray"]


@pytest.mark.parametrize(
    ("query", "name"),
    [("teepot", "Round Teapot"), ("celodon", "Celadon Bowl"), ("cush", "Linen Cushion")],
)
def test_postgresql_forgives_typing_mistakes(client: Client, query: str, name: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite finds what is written exactly so.")
    response = client.get("/search/", {"q": query})

    assert name in text_of(response)
    assert "No product has exactly these words." in text_of(response)


def test_a_search_without_a_result_offers_the_shelves(client: Client) -> None:
    CategoryFactory(name="Candles")

    page = text_of(client.get("/search/", {"q": "xylophone"}))

    assert "Nothing found." in page
    assert "Candles" in page.split("Nothing found.")[1]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "'; DROP TABLE",
        "%",
        "\\",
        '"',
        "a:*&|!",
        "<b>",
        "é" * 500,
        "🫖",
        "-teapot or",
    ],
)
def test_odd_questions_get_a_page(client: Client, query: str) -> None:
    assert client.get("/search/", {"q": query}).status_code == 200


def test_what_was_typed_is_written_as_text(client: Client) -> None:
    page = client.get("/search/", {"q": "<script>alert(1)</script>"}).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_question_is_cut_to_what_can_be_searched() -> None:
    assert clean_query(" a\0b\n c ") == "a b c"
    assert len(clean_query("x" * 5000)) == 100


def test_many_results_are_read_page_by_page(client: Client) -> None:
    for number in range(PAGE_SIZE + 1):
        ProductFactory(name=f"Candle {number}")
    first = client.get("/search/", {"q": "candle"})
    second = client.get("/search/", {"q": "candle", "page": "2"})
    beyond = client.get("/search/", {"q": "candle", "page": "9" * 18})

    assert "page=2" in first.content.decode()
    assert len(first.context["cards"]) == PAGE_SIZE
    assert len(second.context["cards"]) == 1
    assert "page=3" not in second.content.decode()
    assert beyond.status_code == 200


def test_results_are_not_indexed_by_search_engines(client: Client) -> None:
    make_variant()

    assert 'content="noindex, follow"' in client.get("/search/?q=mug").content.decode()
