"""Against card testing: what stops a bot with stolen cards, and never meets a shopper."""

import smtplib
import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from checkout import stripe_gateway
from checkout.expiring import expire_due
from checkout.guarding import (
    Shopper,
    TooManyError,
    effort_wanted,
    is_jumping,
    note_decline_rate,
    refuse_too_many_declines,
    refuse_too_many_holds,
    shopper_address,
    tell_staff,
)
from checkout.models import DeclineJump, PaymentAttempt
from checkout.paying import extend_hold
from checkout.settling import note_decline
from checkout.tasks import close_due
from orders.models import Order, OrderEvent
from orders.states import STRIPE, append_event
from tests.at_once import all_at_once
from tests.checkout.shopper import ADA, deliver_all
from tests.factories import make_cart, make_shipping, make_variant
from tests.orders.factory import make_order
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DECLINED_CARD, GOOD_CARD = "4000000000000002", "4242424242424242"
ADDRESS, ELSEWHERE = "203.0.113.7", "198.51.100.9"
Json = dict[str, Any]


class Visitor:
    """Somebody at a network address, with one mug in a cart."""

    def __init__(self, sku: str, email: str = ADA.email, address: str = ADDRESS) -> None:
        self.client = Client(REMOTE_ADDR=address)
        self.client.post("/cart/add/", {"variant": sku, "quantity": 1})
        self.email = email

    def pay(self) -> Json:
        """Press Pay; returns the answer with its status."""
        form = {"email": self.email, **ADA.shipping}
        answer = self.client.post(
            "/api/checkout/payment-intent",
            {**form, "shown_total_minor": 5184, "shown_currency": "USD"},
            content_type="application/json",
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )
        return {"status": answer.status_code, "wait": answer.get("Retry-After"), **answer.json()}


@pytest.fixture
def sku(db: None) -> str:
    make_shipping(600)
    return make_variant(price_minor=4200, units=500).sku


def declines(count: int, cart: Any = None, **fields: Any) -> Order:
    """An order of which so many tries were declined just now."""
    order = make_order(**fields)
    PaymentAttempt.objects.create(order=order, cart=cart, is_open=False)
    for _ in range(count):
        append_event(order, OrderEvent.Kind.DECLINED, STRIPE)
    return order


def tries(declined: int, paid: int) -> None:
    """So many tries of the shop's shoppers that ended just now."""
    order = make_order()
    for _ in range(declined):
        append_event(order, OrderEvent.Kind.DECLINED, STRIPE)
    for _ in range(paid):
        append_event(order, OrderEvent.Kind.PAID, STRIPE)


# --- Declines of one order ---------------------------------------------------------------------
def test_a_shopper_with_five_declined_cards_pays_with_the_sixth(sku: str, standin: StandIn) -> None:
    ada = Visitor(sku)
    for _ in range(5):
        standin.pay(ada.pay()["client_secret"], DECLINED_CARD)
        deliver_all()

    standin.pay(ada.pay()["client_secret"], GOOD_CARD)
    deliver_all()

    assert Order.objects.get().state == Order.State.PAID


def test_after_eight_declines_the_order_is_closed_at_stripe(sku: str, standin: StandIn) -> None:
    """The bot asks us once, and then sends card after card straight to Stripe."""
    secret = Visitor(sku).pay()["client_secret"]
    for _ in range(7):
        standin.pay(secret, DECLINED_CARD)
        deliver_all()
    assert Order.objects.get().state == Order.State.PENDING

    standin.pay(secret, DECLINED_CARD)
    deliver_all()
    close_due()

    assert Order.objects.get().state == Order.State.FAILED
    assert standin.pay(secret)["error"]["code"] == "payment_intent_unexpected_state"


def test_pressing_pay_after_that_places_a_new_order(sku: str, standin: StandIn) -> None:
    ada = Visitor(sku)
    secret = ada.pay()["client_secret"]
    for _ in range(8):
        standin.pay(secret, DECLINED_CARD)
    deliver_all()

    answer = ada.pay()

    assert answer["status"] == 200
    assert answer["client_secret"] != secret
    assert list(Order.objects.order_by("pk").values_list("state", flat=True)) == [
        "failed",
        "pending",
    ]


def test_more_time_is_not_given_to_an_order_with_too_many_declines(
    sku: str, standin: StandIn, settings: Settings
) -> None:
    settings.MAX_DECLINES_PER_ORDER = 1
    standin.pay(Visitor(sku).pay()["client_secret"], DECLINED_CARD)
    standin.arm("error_before", "POST /v1/payment_intents/*/cancel", times=10)
    deliver_all()

    (attempt,) = PaymentAttempt.objects.all()
    assert attempt.cart is not None
    assert attempt.is_open
    assert extend_hold(attempt.cart) is None


# --- Declines of one shopper -------------------------------------------------------------------
def test_twelve_declines_of_one_email_address_are_too_many_for_an_hour(db: None) -> None:
    declines(12, email="Ada@example.com")
    ada = Shopper(None, "ada@example.com", ADDRESS)

    with pytest.raises(
        TooManyError, match=r"Too many cards were declined\. Nothing was"
    ) as refusal:
        refuse_too_many_declines(ada)

    assert refusal.value.code == "too_many_declines"
    assert 3590 < refusal.value.retry_after <= 3600
    with time_machine.travel(timezone.now() + timedelta(seconds=refusal.value.retry_after)):
        assert refuse_too_many_declines(ada) == 0


def test_the_refusal_ends_when_there_is_room_for_one_more(db: None) -> None:
    """13 declines, a minute apart: the second has to be forgotten, too."""
    start = timezone.now()
    for minute in range(13):
        with time_machine.travel(start + timedelta(minutes=minute), tick=False):
            declines(1, email="ada@example.com")
    with (
        time_machine.travel(start + timedelta(minutes=13), tick=False),
        pytest.raises(TooManyError, match="try again in 48 minutes") as refusal,
    ):
        refuse_too_many_declines(Shopper(None, "ada@example.com", ""))
    assert refusal.value.retry_after == 48 * 60


def test_twelve_declines_of_one_cart_are_too_many(db: None) -> None:
    """With a new e-mail address for each card."""
    cart = make_cart(make_variant())
    for number in range(12):
        declines(1, cart, email=f"bot{number}@example.com")

    with pytest.raises(TooManyError):
        refuse_too_many_declines(Shopper(cart.pk, "new@example.com", ADDRESS))


def test_thirty_declines_from_one_network_are_too_many(db: None) -> None:
    """With a new cart and a new e-mail address for each card."""
    for number in range(30):
        declines(1, email=f"bot{number}@example.com", placed_from=ADDRESS)

    with pytest.raises(TooManyError):
        refuse_too_many_declines(Shopper(None, "new@example.com", ADDRESS))
    assert refuse_too_many_declines(Shopper(None, "new@example.com", ELSEWHERE)) == 0


def test_what_others_were_declined_counts_against_nobody_else(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """An office has one address: eleven declines of a colleague do not stop Ada."""
    declines(11, email="bob@example.com", placed_from=ADDRESS)
    declines(40, make_cart(make_variant()), email="eve@example.com")

    with django_assert_num_queries(1):
        assert refuse_too_many_declines(Shopper(None, "ada@example.com", ADDRESS)) == 11
    assert refuse_too_many_declines(Shopper(None, "ada@example.com", "")) == 0


def test_a_refused_shopper_is_told_until_when(sku: str, standin: StandIn) -> None:
    declines(12, email=ADA.email)

    answer = Visitor(sku).pay()

    assert (answer["status"], answer["code"]) == (429, "too_many_declines")
    assert answer["wait"] == str(answer["retry_after"])
    assert answer["message"] == (
        "Too many cards were declined. Nothing was charged: try again in 60 minutes."
    )
    assert Order.objects.count() == 1


# --- Whose address -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("peer", "counted_as"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", ""),
    ],
)
def test_one_connection_is_one_address(peer: str, counted_as: str) -> None:
    """Who has an IPv6 connection has all 2^64 addresses of its network."""
    assert shopper_address(RequestFactory(REMOTE_ADDR=peer).get("/")) == counted_as


def test_the_address_is_that_behind_the_trusted_proxy(settings: Settings) -> None:
    """What the shopper writes into the header does not count."""
    settings.TRUSTED_PROXY_COUNT = 1
    request = RequestFactory().get("/", headers={"X-Forwarded-For": f"1.2.3.4, {ADDRESS}"})

    assert shopper_address(request) == ADDRESS


def test_an_order_knows_from_where_it_was_placed(sku: str, standin: StandIn) -> None:
    Visitor(sku).pay()

    assert Order.objects.get().placed_from == ADDRESS


# --- Unpaid orders at once ---------------------------------------------------------------------
def hold(email: str, user: User | None = None, address: str = "") -> None:
    """Ask for one more unpaid order."""
    refuse_too_many_holds(user, email, address)


def test_a_sixth_unpaid_order_of_one_email_address_is_refused(db: None) -> None:
    for _ in range(5):
        make_order(email="Ada@example.com")

    with pytest.raises(TooManyError) as refusal:
        hold("ada@example.com")

    assert refusal.value.code == "too_many_holds"
    assert str(refusal.value) == (
        "Too many of your orders wait for payment (5): pay for one of them first. "
        "Nothing was charged: try again in 15 minutes."
    )
    hold("bob@example.com")


def test_an_account_does_not_get_more_by_other_email_addresses(buyer: User, stranger: User) -> None:
    for number in range(5):
        make_order(email=f"ada{number}@example.com", user=buyer)

    with pytest.raises(TooManyError):
        hold("new@example.com", buyer)
    hold("new@example.com", stranger)


def test_a_network_has_room_for_fifty(db: None) -> None:
    for number in range(49):
        make_order(email=f"clerk{number}@example.com", placed_from=ADDRESS)
    hold("ada@example.com", address=ADDRESS)
    make_order(placed_from=ADDRESS)

    with pytest.raises(TooManyError, match=r"Too many orders from your network wait .* \(50\)\."):
        hold("ada@example.com", address=ADDRESS)
    hold("ada@example.com", address=ELSEWHERE)


def test_what_was_paid_or_closed_leaves_room(db: None) -> None:
    for state in ("paid", "canceled", "failed", "fulfilled", "refunded", "paid"):
        make_order(email=ADA.email, state=state, placed_from=ADDRESS)

    hold(ADA.email, address=ADDRESS)


def test_the_cap_stops_no_second_try_on_an_order_that_is_there(
    sku: str, standin: StandIn, settings: Settings
) -> None:
    settings.MAX_HOLDS_PER_SHOPPER = settings.MAX_HOLDS_PER_ADDRESS = 1
    ada = Visitor(sku)

    assert ada.pay()["status"] == 200
    assert ada.pay()["status"] == 200
    other = Visitor(sku).pay()
    assert (other["status"], other["code"]) == (429, "too_many_holds")
    assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("email", ["ada{}@example.com", "ada@example.com"])
def test_the_caps_hold_when_all_come_at_once(
    sku: str, standin: StandIn, settings: Settings, email: str
) -> None:
    """Twelve carts at once: of one network, and of one e-mail address from twelve networks."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is no race to run")
    settings.MAX_HOLDS_PER_ADDRESS = 5
    is_one_network = "{}" in email
    visitors = [
        Visitor(sku, email.format(number), ADDRESS if is_one_network else f"203.0.113.{number}")
        for number in range(12)
    ]

    statuses = all_at_once(12, lambda number: visitors[number].pay()["status"])

    assert sorted(statuses) == [200] * 5 + [429] * 7
    assert Order.objects.count() == 5


# --- The shop's share of declines --------------------------------------------------------------
@pytest.mark.parametrize(
    ("declined", "paid", "jumps"), [(20, 19, True), (20, 20, False), (19, 0, False)]
)
def test_a_jump_is_many_declines_and_more_than_half_of_all_tries(
    db: None, declined: int, paid: int, jumps: bool
) -> None:
    tries(declined, paid)

    note_decline_rate()

    assert is_jumping() is jumps


def test_declines_of_long_ago_are_no_jump(db: None) -> None:
    with time_machine.travel(timezone.now() - timedelta(minutes=11)):
        tries(30, 0)
    tries(1, 0)

    note_decline_rate()

    assert not is_jumping()


def test_a_jump_ends_ten_minutes_after_its_last_sign(db: None) -> None:
    start = timezone.now()
    for minute in (0, 5):
        with time_machine.travel(start + timedelta(minutes=minute), tick=False):
            tries(20, 0)
            note_decline_rate()
    with time_machine.travel(start + timedelta(minutes=14), tick=False):
        assert is_jumping()
    with time_machine.travel(start + timedelta(minutes=15), tick=False):
        assert not is_jumping()

    assert DeclineJump.objects.count() == 1


def test_in_a_jump_an_order_takes_two_declines(sku: str, standin: StandIn) -> None:
    secret = Visitor(sku, address=ELSEWHERE).pay()["client_secret"]
    tries(20, 0)
    for state in ("pending", "failed"):
        standin.pay(secret, DECLINED_CARD)
        deliver_all()
        close_due()
        assert Order.objects.get(placed_from=ELSEWHERE).state == state


def test_the_more_declines_the_more_work(db: None) -> None:
    assert effort_wanted(30) == 0
    tries(20, 0)
    note_decline_rate()

    assert [effort_wanted(declined) for declined in (0, 1, 3, 30)] == [1, 2, 4, 4]


def test_in_a_crowd_nobody_is_refused_but_all_are_challenged(db: None) -> None:
    assert not any(effort_wanted(0) for _ in range(600))
    assert effort_wanted(0) == 1


def test_staff_are_told_once_for_each_jump(db: None, mailoutbox: list[EmailMessage]) -> None:
    tries(25, 5)
    for _ in range(3):
        note_decline_rate()
        tell_staff()

    (mail,) = mailoutbox
    assert mail.to == ["owner@example.com"]
    assert "25 of 30 tries to pay were declined" in mail.body
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        tries(20, 0)
        note_decline_rate()
        tell_staff()
    assert len(mailoutbox) == 2


def test_staff_are_told_later_when_the_mail_server_was_away(
    db: None, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries(20, 0)
    note_decline_rate()
    with monkeypatch.context() as away:
        away.setattr("checkout.guarding.mail_admins", _no_server)
        with pytest.raises(smtplib.SMTPException):
            tell_staff()

    tell_staff()

    assert len(mailoutbox) == 1


def _no_server(subject: str, message: str) -> None:
    raise smtplib.SMTPException(subject, message)


@pytest.mark.django_db(transaction=True)
def test_declines_that_come_at_once_begin_one_jump(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is no race to run")
    tries(20, 0)

    def decline(_number: int) -> None:
        with transaction.atomic():
            note_decline_rate()

    all_at_once(8, decline)

    assert DeclineJump.objects.count() == 1


# --- A bot -------------------------------------------------------------------------------------
def try_card(standin: StandIn, client_secret: str) -> bool:
    """Send a stolen card straight to Stripe, and let the shop hear of it; False: not taken."""
    error = standin.pay(client_secret, DECLINED_CARD)["error"]
    if error["code"] != "card_declined":
        return False
    intent = stripe_gateway.retrieve_intent(client_secret.partition("_secret_")[0])
    note_decline(intent, "generic_decline", STRIPE, str(uuid.uuid4()))
    for _closed in expire_due():
        pass
    return True


def test_of_200_cards_a_bot_at_one_address_tries_thirty(
    sku: str, standin: StandIn, settings: Settings
) -> None:
    """It takes a new cart and a new e-mail address for each order; no jump slows it down."""
    settings.DECLINE_JUMP = 10_000
    tried = 0
    while tried < 200:
        answer = Visitor(sku, f"bot{tried}@example.com").pay()
        if answer["status"] != 200:
            break
        while try_card(standin, answer["client_secret"]):
            tried += 1

    assert (tried, answer["code"]) == (30, "too_many_declines")


def test_each_order_that_a_bot_opened_before_takes_one_card_more(
    sku: str, standin: StandIn, settings: Settings
) -> None:
    settings.DECLINE_JUMP = 10_000
    settings.MAX_DECLINES_PER_ADDRESS = 10
    bots = [Visitor(sku, f"bot{number}@example.com") for number in range(8)]
    secrets = [bot.pay()["client_secret"] for bot in bots]

    tried = sum(try_card(standin, secrets[card % 8]) for card in range(40))

    assert tried <= 10 + 8
    assert not PaymentAttempt.objects.filter(is_open=True).exists()
