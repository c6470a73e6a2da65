"""The purchase as JSON: one answer a key, one shape of refusal, no way around the CSRF check."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from altcha import Challenge, Payload, Solution, solve_challenge
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import RateWindow
from cart.models import Cart
from checkout.guarding import LIMIT_BY_CART
from checkout.models import DeclineJump
from orders.models import Order
from shop.models import Variant
from tests.checkout.shopper import ADA
from tests.factories import TaxRateFactory, make_shipping, make_variant
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]

URL = "/api/checkout/payment-intent"


@pytest.fixture
def shopper(client: Client, standin: StandIn) -> Client:
    """A visitor with two mugs in the cart: $97.20."""
    make_shipping(600)
    variant = make_variant(price_minor=4200, units=10)
    client.post("/cart/add/", {"variant": variant.sku, "quantity": 2})
    return client


def body(**fields: Any) -> dict[str, Any]:
    form = {"email": ADA.email, **ADA.shipping}
    return {**form, "shown_total_minor": 9720, "shown_currency": "USD", **fields}


def pay(client: Client, key: str = "", solution: str = "", **fields: Any) -> Any:
    return client.post(
        URL,
        body(**fields),
        content_type="application/json",
        headers={
            "Idempotency-Key": key or str(uuid.uuid4()),
            "Challenge-Solution": solution,
        },
    )


@pytest.fixture
def jump(db: None, monkeypatch: pytest.MonkeyPatch) -> DeclineJump:
    """Too many cards are declined in the shop; the work that browsers get is little."""
    monkeypatch.setattr("checkout.challenge.ROUNDS", 2)
    until = timezone.now() + timedelta(minutes=10)
    return DeclineJump.objects.create(declined=30, tries=40, lasts_until=until)


def solve(answer: Any, **changed: Any) -> str:
    """Do the work that an answer asks for, and then forge what is `changed` of the challenge."""
    challenge = Challenge.from_dict(answer.json()["challenge"])
    solution = solve_challenge(challenge)
    assert solution is not None
    for name, value in changed.items():
        setattr(challenge.parameters, name, value)
    return Payload(challenge, solution).to_base64()


def test_a_payment_is_started(shopper: Client) -> None:
    answer = pay(shopper)

    assert answer.status_code == 200
    order = Order.objects.get()
    started = answer.json()
    assert started["order"] == order.number
    assert started["order_url"] == order.get_absolute_url()
    assert "_secret_" in started["client_secret"]
    assert (started["total_minor"], started["currency"]) == (9720, "USD")


def test_the_same_key_and_body_get_the_same_answer(shopper: Client) -> None:
    first, second = pay(shopper, "key-12345678"), pay(shopper, "key-12345678")

    assert second.json() == first.json()
    assert Order.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(shopper: Client) -> None:
    pay(shopper, "key-12345678")

    answer = pay(shopper, "key-12345678", email="eve@example.com")

    assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")
    assert Order.objects.get().email == ADA.email


def test_a_corrected_form_may_use_the_key_again(shopper: Client) -> None:
    """Nothing is stored for a form that was not valid: no payment was begun."""
    assert pay(shopper, "key-12345678", email="ada").status_code == 422
    assert pay(shopper, "key-12345678", email="ada").status_code == 422
    assert not Order.objects.exists()


def test_invalid_fields_are_named(shopper: Client) -> None:
    answer = pay(shopper, email="", name="")

    assert answer.status_code == 422
    refusal = answer.json()
    assert refusal["code"] == "invalid"
    assert set(refusal["fields"]) == {"email", "name"}


def test_a_malformed_request_has_the_same_shape(shopper: Client) -> None:
    answer = pay(shopper, shown_total_minor="much")

    assert answer.status_code == 422
    assert "shown_total_minor" in answer.json()["fields"]


def test_without_a_key_nothing_is_begun(shopper: Client) -> None:
    answer = shopper.post(URL, body(), content_type="application/json")

    assert answer.status_code == 422
    assert not Order.objects.exists()


def test_another_total_is_told_and_charges_nothing(shopper: Client) -> None:
    answer = pay(shopper, shown_total_minor=9719)

    assert (answer.status_code, answer.json()["code"]) == (409, "total_changed")
    assert not Order.objects.exists()


def test_the_tax_is_that_of_the_country_the_goods_go_to(shopper: Client) -> None:
    TaxRateFactory(country="DE", percent="19")
    to_berlin = {"country": "DE", "region": "", "city": "Berlin", "postcode": "10117"}

    answer = pay(shopper, **to_berlin)

    assert (answer.status_code, answer.json()["code"]) == (409, "total_changed")
    assert "The total is now $107.10; it was $97.20." in answer.json()["message"]
    assert "Pay $107.10" in shopper.get("/checkout/").content.decode()
    assert pay(shopper, shown_total_minor=10710, **to_berlin).status_code == 200
    order = Order.objects.get()
    assert (order.country, order.shipping_address["country"]) == ("DE", "DE")
    assert order.tax_percent == 19


@pytest.mark.parametrize(
    "fields",
    [{"shown_total_minor": 10**30}, {"shown_currency": "\0\0\0"}, {"shown_currency": "usd"}],
)
def test_a_total_that_no_page_shows_is_named(shopper: Client, fields: dict[str, Any]) -> None:
    answer = pay(shopper, **fields)

    assert answer.status_code == 422
    assert set(answer.json()["fields"]) == set(fields)
    assert not Order.objects.exists()


def test_what_is_no_character_is_left_out(shopper: Client) -> None:
    assert pay(shopper, name="A\ud800d\0a", city="Portland\udfff").status_code == 200

    address = Order.objects.get().shipping_address
    assert (address["name"], address["city"]) == ("Ada", "Portland")


def test_without_a_cart_there_is_nothing_to_pay(client: Client, db: None) -> None:
    answer = pay(client)

    assert (answer.status_code, answer.json()["code"]) == (409, "cart_empty")


def test_a_paid_order_is_shown_instead_of_a_second_payment(
    shopper: Client, standin: StandIn
) -> None:
    standin.pay(pay(shopper).json()["client_secret"])

    answer = pay(shopper)

    assert (answer.status_code, answer.json()["code"]) == (409, "payment_under_way")
    assert answer.json()["order_url"] == Order.objects.get().get_absolute_url()


def test_stripe_away_is_told_and_the_next_try_goes_on(
    shopper: Client, standin: StandIn, settings: Settings
) -> None:
    address = settings.STRIPE_API_BASE
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    assert pay(shopper, "key-12345678").json()["code"] == "stripe_unavailable"
    settings.STRIPE_API_BASE = address

    assert pay(shopper, "key-12345678").status_code == 200
    assert Order.objects.count() == 1


def test_too_many_tries_are_told_to_wait(shopper: Client) -> None:
    pay(shopper, shown_total_minor=1)
    RateWindow.objects.update(count=LIMIT_BY_CART.times)

    answer = pay(shopper)

    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert 0 < int(answer["Retry-After"]) == answer.json()["retry_after"] <= 600
    assert "Too many tries. Nothing was charged: try again in" in answer.json()["message"]


def test_while_cards_are_tested_the_browser_works_first(shopper: Client, jump: DeclineJump) -> None:
    asked = pay(shopper, "key-12345678")
    assert (asked.status_code, asked.json()["code"]) == (428, "challenge")
    assert not Order.objects.exists()

    answer = pay(shopper, "key-12345678", solve(asked))

    assert answer.status_code == 200
    assert "_secret_" in answer.json()["client_secret"]


def test_nobody_is_challenged_before_and_after(shopper: Client, jump: DeclineJump) -> None:
    with time_machine.travel(jump.lasts_until):
        assert pay(shopper).status_code == 200


def test_a_solution_is_accepted_once(shopper: Client, jump: DeclineJump) -> None:
    solution = solve(pay(shopper))
    assert pay(shopper, solution=solution).status_code == 200

    again = pay(shopper, solution=solution)

    assert again.status_code == 428
    assert pay(shopper, solution=solve(again)).status_code == 200


def test_a_lost_answer_is_repeated_without_more_work(shopper: Client, jump: DeclineJump) -> None:
    solution = solve(pay(shopper, "key-12345678"))
    first = pay(shopper, "key-12345678", solution)

    assert pay(shopper, "key-12345678", solution).json() == first.json()


def test_an_expired_solution_is_not_accepted(shopper: Client, jump: DeclineJump) -> None:
    solution = solve(pay(shopper))

    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
        assert pay(shopper, solution=solution).status_code == 428


@pytest.mark.parametrize(
    "forged",
    [{"expires_at": 9_999_999_999}, {"cost": 1}, {"key_prefix": "00"}, {"nonce": "00" * 16}],
    ids=lambda forged: next(iter(forged)),
)
def test_a_changed_challenge_is_not_accepted(
    shopper: Client, jump: DeclineJump, forged: dict[str, Any]
) -> None:
    assert pay(shopper, solution=solve(pay(shopper), **forged)).status_code == 428


@pytest.mark.parametrize("wrong", ["nonsense", "e30=", "bnVsbA==", "W10="])
def test_nonsense_is_not_accepted(shopper: Client, jump: DeclineJump, wrong: str) -> None:
    assert pay(shopper, solution=wrong).json()["code"] == "challenge"


def test_a_guessed_number_is_not_accepted(shopper: Client, jump: DeclineJump) -> None:
    challenge = Challenge.from_dict(pay(shopper).json()["challenge"])
    guess = Payload(challenge, Solution(300, "00" * 32)).to_base64()

    assert pay(shopper, solution=guess).status_code == 428


def test_a_solution_is_good_for_its_own_cart_only(shopper: Client, jump: DeclineJump) -> None:
    solution = solve(pay(shopper))
    stranger = Client()
    stranger.post("/cart/add/", {"variant": Variant.objects.get().sku, "quantity": 2})

    assert pay(stranger, solution=solution).status_code == 428


def test_a_bot_that_does_not_work_gets_no_order(shopper: Client, jump: DeclineJump) -> None:
    assert {pay(shopper).status_code for _card in range(100)} == {428}
    assert not Order.objects.exists()


def test_a_void_csrf_token_is_refused_and_what_to_do_is_said(shopper: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = shopper.cookies

    answer = pay(strict)

    assert answer.status_code == 403
    assert "in another tab. Nothing was charged: reload this page" in answer.json()["message"]
    assert not Order.objects.exists()


def test_a_stranger_pays_only_the_own_cart(shopper: Client) -> None:
    stranger = Client()

    assert pay(stranger).json()["code"] == "cart_empty"
    assert Cart.objects.get().lines.count() == 1


def test_the_interface_is_described(client: Client, db: None) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]

    assert URL in paths
    assert client.get("/api/docs").status_code == 200
