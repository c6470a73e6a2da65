"""Who finds something sold out can ask to be told when it is back."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from inventory.models import StockMovement
from inventory.stock import adjust
from shop.alerts import MOST_OPEN
from shop.models import StockAlert, Variant
from tests.factories import make_variant
from tests.shop.shelf import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.both]

HTMX = {"HX-Request": "true"}


@pytest.fixture
def sold_out() -> Variant:
    return make_variant(units=0)


def ask(client: Client, variant: Variant, email: str = "ada@example.com", **more: Any) -> Any:
    fields = {"variant": variant.sku, "email": email}
    return client.post(f"{variant.product.get_absolute_url()}tell-me/", fields, **more)


def wishes() -> list[tuple[str, str]]:
    return list(StockAlert.objects.values_list("variant__sku", "email"))


def test_the_form_is_there_only_while_it_is_sold_out(client: Client, sold_out: Variant) -> None:
    words = "Email me when it is back"

    assert words in text_of(client.get(sold_out.product.get_absolute_url()))
    assert words not in text_of(client.get(make_variant().product.get_absolute_url()))


def test_a_wish_is_noted_and_answered_in_place(client: Client, sold_out: Variant) -> None:
    answer = ask(client, sold_out, "Ada@Example.com ", headers=HTMX)

    assert answer.status_code == 200
    assert text_of(answer) == "We email you once when it is back."
    assert wishes() == [(sold_out.sku, "ada@example.com")]
    assert StockAlert.objects.get().language == "en"


def test_without_scripts_the_page_comes_back_and_says_so(client: Client, sold_out: Variant) -> None:
    answer = ask(client, sold_out, follow=True)

    assert answer.redirect_chain == [
        (f"{sold_out.product.get_absolute_url()}?variant={sold_out.sku}", 302)
    ]
    assert "We email you once when it is back." in text_of(answer)


def test_asked_twice_it_is_one_wish_and_the_same_answer(client: Client, sold_out: Variant) -> None:
    first, second = (ask(client, sold_out, headers=HTMX) for _time in range(2))

    assert second.content == first.content
    assert len(wishes()) == 1


def test_whoever_was_told_may_ask_again(client: Client, sold_out: Variant) -> None:
    ask(client, sold_out)
    StockAlert.objects.update(planned_at=timezone.now())

    ask(client, sold_out)

    assert len(wishes()) == 2


@pytest.mark.parametrize("email", ["", "ada", "ada@example", "a@b.c\0"])
def test_an_email_that_cannot_be_right_is_refused_and_kept(
    client: Client, sold_out: Variant, email: str
) -> None:
    for headers in (HTMX, {}):
        answer = ask(client, sold_out, email, headers=headers)

        assert answer.status_code == 422
        assert "This email is not complete: write it like name@example.com." in text_of(answer)
        assert f'value="{email}"' in answer.content.decode()
    assert wishes() == []


def test_an_email_that_is_too_long_is_refused(client: Client, sold_out: Variant) -> None:
    answer = ask(client, sold_out, f"{'x' * 250}@example.com", headers=HTMX)

    assert answer.status_code == 422
    assert "This email is too long: check it." in text_of(answer)


def test_what_is_back_already_is_not_waited_for(client: Client, sold_out: Variant) -> None:
    assert sold_out.stock is not None
    adjust(sold_out.stock, 1, StockMovement.Reason.RECEIVED, "stella")

    answer = ask(client, sold_out, headers=HTMX)

    assert answer.status_code == 422
    assert "It is back already: reload the page and put it in your cart." in text_of(answer)
    assert wishes() == []


def test_what_is_never_counted_is_not_waited_for(client: Client) -> None:
    assert ask(client, make_variant(units=None)).status_code == 422


def test_one_address_cannot_be_flooded(client: Client, sold_out: Variant) -> None:
    for _thing in range(MOST_OPEN):
        ask(client, make_variant(units=0))

    answer = ask(client, sold_out, headers=HTMX)

    assert answer.status_code == 422
    assert "This address waits for 20 things already" in text_of(answer)
    assert len(wishes()) == MOST_OPEN
    assert ask(client, sold_out, "bob@example.com").status_code == 302


def test_at_the_limit_the_last_wish_still_gets_its_friendly_answer(
    client: Client, sold_out: Variant
) -> None:
    ask(client, sold_out)
    for _thing in range(MOST_OPEN - 1):
        ask(client, make_variant(units=0))

    assert ask(client, sold_out, headers=HTMX).status_code == 200


@pytest.mark.parametrize("sku", ["", "no-such-sku", "\0"])
def test_an_unknown_variant_is_not_found(client: Client, sold_out: Variant, sku: str) -> None:
    address = f"{sold_out.product.get_absolute_url()}tell-me/"

    assert client.post(address, {"variant": sku, "email": "a@example.com"}).status_code == 404


def test_a_product_that_is_not_for_sale_is_not_found(client: Client, sold_out: Variant) -> None:
    type(sold_out.product).objects.update(is_published=False)

    assert ask(client, sold_out).status_code == 404


def test_a_link_asks_for_nothing(client: Client, sold_out: Variant) -> None:
    assert client.get(f"{sold_out.product.get_absolute_url()}tell-me/").status_code == 405


def test_a_stranger_cannot_ask_from_another_site(sold_out: Variant) -> None:
    assert ask(Client(enforce_csrf_checks=True), sold_out).status_code == 403
