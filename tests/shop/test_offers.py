from inventory.models import StockItem
from shop.models import Product, Variant
from shop.offers import Offer, choose, option_groups


def offer(color: str, size: str, available: int = 9) -> Offer:
    options = {"Color": color, "Size": size}
    variant = Variant(sku=f"{color}-{size}", options=options, product=Product())
    variant.stock = StockItem(on_hand=available)
    return Offer(variant, 4200, available)


def leads_to(offers: list[Offer], chosen: Offer) -> dict[str, dict[str, str]]:
    return {
        group.name: {choice.value: choice.offer.variant.sku for choice in group.choices}
        for group in option_groups(offers, chosen)
    }


def test_a_choice_changes_one_option_and_keeps_the_others() -> None:
    offers = [offer("Oat", "S"), offer("Oat", "L"), offer("Ink", "S"), offer("Ink", "L")]

    assert leads_to(offers, offers[1]) == {
        "Color": {"Oat": "Oat-L", "Ink": "Ink-L"},
        "Size": {"S": "Oat-S", "L": "Oat-L"},
    }


def test_a_choice_keeps_its_combination_even_when_that_is_sold_out() -> None:
    offers = [offer("Oat", "L"), offer("Ink", "S"), offer("Ink", "L", available=0)]

    assert leads_to(offers, offers[0])["Color"]["Ink"] == "Ink-L"


def test_where_a_combination_is_not_made_one_that_can_be_bought_is_offered() -> None:
    offers = [offer("Oat", "L"), offer("Ink", "S", available=0), offer("Ink", "M")]

    assert leads_to(offers, offers[0])["Color"]["Ink"] == "Ink-M"


def test_what_is_shown_is_marked_as_chosen() -> None:
    offers = [offer("Oat", "S"), offer("Ink", "S")]

    groups = option_groups(offers, offers[1])

    assert [group.chosen_value for group in groups] == ["Ink", "S"]


def test_a_shelf_where_all_is_sold_out_shows_the_first() -> None:
    offers = [offer("Oat", "S", available=0), offer("Ink", "S", available=0)]

    assert choose(offers, "") is offers[0]
    assert choose([], "") is None
