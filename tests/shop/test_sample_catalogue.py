"""The sample catalogue: its data and its pictures belong together, nothing missing or spare."""

import json
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from PIL import Image

from shop.kind_forms import REPOSITORY
from shop.models import Product
from shop.sample.booklet import CELLS, DIAMOND, FILES, drawdown

SAMPLE = Path(__file__).parents[2] / "shop" / "sample"
CATALOGUE = json.loads((SAMPLE / "catalogue.json").read_text(encoding="utf-8"))
CATEGORIES = CATALOGUE["categories"]
PRODUCTS = [product for category in CATEGORIES for product in category["products"]]
VARIANTS = [variant for product in PRODUCTS for variant in product["variants"]]
PICTURED = [*PRODUCTS, *(variant for variant in VARIANTS if "picture" in variant)]
MOST_BYTES = 60_000
MOST_BYTES_TOGETHER = 2_000_000


def repeated(values: list[Any]) -> list[Any]:
    return [value for value, times in Counter(values).items() if times > 1]


def test_there_are_at_least_24_products_in_5_categories() -> None:
    assert len(CATEGORIES) == 5
    assert len(PRODUCTS) >= 24
    assert all(len(category["products"]) >= 5 for category in CATEGORIES)


def test_every_kind_of_goods_is_there_with_what_it_consists_of() -> None:
    by_kind = {product["kind"]: product for product in PRODUCTS if "kind" in product}

    assert set(by_kind) == {*Product.Kind} - {Product.Kind.PARCEL}
    assert [set(FILES) >= {file["file"]} for file in by_kind["download"]["downloads"]] == [True] * 2
    assert len(by_kind["course"]["lessons"]) == 3
    assert REPOSITORY.fullmatch(by_kind["repository"]["repository"])
    keys = {variant["stock"] for variant in by_kind["licence"]["variants"]}
    assert keys == {None, 8}, "one sold from a pool, one whose keys are made"
    assert by_kind["event"]["variants"][0]["stock"] == 12


def test_the_files_of_the_sample_can_be_opened() -> None:
    assert FILES["pattern-booklet.md"]().decode().startswith("# Three Evenings at the Loom")
    drawing = ElementTree.fromstring(FILES["goose-eye.svg"]())
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    squares = list(drawing.iter("{http://www.w3.org/2000/svg}rect"))
    assert len(squares) == sum(map(sum, drawdown(DIAMOND, CELLS)))


def test_slugs_and_skus_name_one_thing_each() -> None:
    assert repeated([category["slug"] for category in CATEGORIES]) == []
    assert repeated([product["slug"] for product in PRODUCTS]) == []
    assert repeated([variant["sku"] for variant in VARIANTS]) == []


def test_every_variant_has_a_price_in_both_currencies() -> None:
    for variant in VARIANTS:
        assert set(variant["prices"]) == {"USD", "EUR"}, variant["sku"]
        assert all(
            isinstance(amount, int) and amount > 0 for amount in variant["prices"].values()
        ), variant["sku"]


def test_the_options_tell_the_variants_of_a_product_apart() -> None:
    for product in PRODUCTS:
        options = [tuple(sorted(variant["options"].items())) for variant in product["variants"]]
        assert repeated(options) == [], product["slug"]


def test_the_variants_of_a_product_share_at_most_two_option_names() -> None:
    for product in PRODUCTS:
        names = {tuple(variant["options"]) for variant in product["variants"]}
        assert len(names) == 1, product["slug"]
        assert len(names.pop()) <= 2, product["slug"]


def test_the_stock_shows_plenty_few_left_and_sold_out() -> None:
    counts = [variant["stock"] for variant in VARIANTS if variant["stock"] is not None]
    assert 3 in counts
    assert max(counts) >= 24

    sold_out = [[variant["stock"] == 0 for variant in product["variants"]] for product in PRODUCTS]
    assert [True] in sold_out, "one product is sold out as a whole"
    assert any(any(flags) and not all(flags) for flags in sold_out), "another in one variant only"


def test_every_product_is_described_in_two_to_four_sentences() -> None:
    for product in PRODUCTS:
        sentences = product["description"].count(". ") + 1
        assert 2 <= sentences <= 4, product["slug"]
        assert product["description"].endswith("."), product["slug"]


def test_every_picture_has_a_text_for_those_who_do_not_see_it() -> None:
    for pictured in PICTURED:
        assert 10 < len(pictured["picture_alt"]) <= 120, pictured["picture"]


def test_every_picture_is_used_and_every_used_picture_exists() -> None:
    files = {path.name for path in (SAMPLE / "pictures").iterdir()}
    assert files == {pictured["picture"] for pictured in PICTURED}


def test_every_picture_is_a_square_of_1200_pixels_and_light_enough_for_a_phone() -> None:
    files = sorted((SAMPLE / "pictures").glob("*.webp"))
    for file in files:
        with Image.open(file) as picture:
            assert picture.size == (1200, 1200), file.name
        assert file.stat().st_size <= MOST_BYTES, file.name
    assert sum(file.stat().st_size for file in files) <= MOST_BYTES_TOGETHER


def test_there_is_a_coupon_for_every_way_a_coupon_can_go() -> None:
    coupons = CATALOGUE["coupons"]
    assert repeated([coupon["code"] for coupon in coupons]) == []
    assert any(coupon["kind"] == "percentage" for coupon in coupons)
    assert {coupon["currency"] for coupon in coupons if coupon["kind"] == "fixed"} == {"USD", "EUR"}
    assert any("ends_at" in coupon for coupon in coupons), "one has expired"
    assert any(coupon.get("max_uses") == 1 for coupon in coupons), "one is for the first only"


def test_shipping_has_a_rate_and_a_date_range_in_both_currencies() -> None:
    assert {rate["currency"] for rate in CATALOGUE["shipping"]} == {"USD", "EUR"}
    assert all(0 < rate["days_min"] <= rate["days_max"] for rate in CATALOGUE["shipping"])


def test_every_country_has_one_tax_rate() -> None:
    rates = CATALOGUE["tax_rates"]
    assert len(rates) >= 12
    assert repeated([rate["country"] for rate in rates]) == []
    assert all(0 < float(rate["percent"]) < 30 for rate in rates)
