"""Each message is in the plan, has its templates, and knows when it has nothing to say."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from cart.models import LeftBehind
from notifications.deeds import DEEDS
from notifications.failures import NotWantedError
from notifications.messages import FOR_STAFF, MESSAGES, UNSUBSCRIBABLE
from notifications.models import Delivery
from notifications.outbox import plan_new_events
from notifications.plan import AFTER_LEAVING, AFTER_RETURN, PLAN, Step
from notifications.samples import BUILDERS, sample
from notifications.targets import phone
from notifications.writing import Letter, language_of, write, write_short
from orders.models import Booking, Grant, Order, OrderEvent, Payment, Refund
from orders.refunding import succeed
from orders.states import SHOPPER, STRIPE, State, append_event, move
from shop.models import DownloadFile, Product, StockAlert
from tests.factories import CouponFactory, ProductFactory, make_variant
from tests.orders.factory import add_line, make_grant, make_order, make_payment, make_refund

pytestmark = [pytest.mark.django_db, pytest.mark.both]

FOLDER = Path(django_settings.BASE_DIR) / "templates" / "notifications"
Kind = OrderEvent.Kind
PLANNED: list[Step[Any]] = [
    *(step for steps in PLAN.values() for step in steps),
    *(step for steps in AFTER_LEAVING.values() for step in steps),
    *AFTER_RETURN,
]


def step(name: str, **keys: Any) -> Delivery:
    return Delivery(step=name, recipient="ada@example.com", **keys)


def after(order: Order, name: str, kind: OrderEvent.Kind, **data: Any) -> Letter:
    """The message `name` that follows such an event of the order."""
    return write(step(name, event=append_event(order, kind, STRIPE, **data)))


def paid_order(**fields: Any) -> Order:
    order = make_order(**fields)
    make_payment(order, Payment.Outcome.ACCEPTED)
    return move(order.pk, State.PAID, STRIPE)


def left_behind(**fields: Any) -> LeftBehind:
    items = [{"variant": 1, "title": "Stoneware mug", "quantity": 2}]
    return LeftBehind.objects.create(
        **{
            "kind": LeftBehind.Kind.CHECKOUT,
            "mark": "K7QM-4T9X",
            "email": "ada@example.com",
            "language": "en",
            "currency": "USD",
            "value_minor": 4000,
            "items": items,
            "left_at": "2026-11-20T12:00Z",
            **fields,
        }
    )


# --- All of them -----------------------------------------------------------------------------
def test_each_step_of_the_plan_is_a_deed_or_a_message_and_each_message_is_planned() -> None:
    planned = {one.name for one in PLANNED}
    # It follows nothing: a schedule plans it.
    planned.add("weekly_report")
    assert planned - DEEDS.keys() == MESSAGES.keys()
    assert not DEEDS.keys() & MESSAGES.keys()


@pytest.mark.parametrize("name", MESSAGES)
def test_each_message_has_its_templates_and_a_sample(name: str) -> None:
    files = {path.name for path in (FOLDER / name).iterdir()}
    assert {"subject.txt", "body.txt", "body.html"} <= files
    assert name in BUILDERS


def test_what_the_plan_sends_to_a_phone_has_a_text_for_it() -> None:
    for_phones = {one.name for steps in PLAN.values() for one in steps if one.to is phone}
    assert for_phones == {path.parent.name for path in FOLDER.glob("*/whatsapp.txt")}


@pytest.mark.parametrize("name", MESSAGES)
def test_each_message_says_everything_in_text_and_html(name: str) -> None:
    with sample(name, "ada@example.com") as delivery:
        letter = write(delivery)

    assert 10 < len(letter.subject) < 90
    for body in (letter.text, letter.html):
        assert "Cartwright Goods" in body
        assert "http://localhost:8000/" in body
        assert not re.search(r"\bNone\b|\{\{|\{%|&amp;amp;", body)
    assert "<" not in letter.text
    assert 'style="' in letter.html
    assert "@media (prefers-color-scheme: dark)" in letter.html


@pytest.mark.parametrize("name", MESSAGES)
def test_exactly_what_is_not_about_a_purchase_says_how_to_unsubscribe(name: str) -> None:
    with sample(name, "ada@example.com") as delivery:
        letter = write(delivery)

    expected = MESSAGES[name] in UNSUBSCRIBABLE
    assert bool(letter.unsubscribe_url) is expected
    for body in (letter.text, letter.html):
        assert ("Unsubscribe" in body) is expected


# --- Language --------------------------------------------------------------------------------
def test_a_message_is_written_in_the_language_of_the_order(settings: Settings) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    event = append_event(make_order(language="de"), Kind.PAID, STRIPE)

    assert language_of(step("order_confirmed", event=event)) == "de"
    assert language_of(step("cart_left", left=LeftBehind(language="de"))) == "de"
    assert language_of(step("back_in_stock", alert=StockAlert(language="de"))) == "de"


@pytest.mark.parametrize("name", [message.__name__ for message in FOR_STAFF])
def test_staff_are_written_to_in_the_shops_language(settings: Settings, name: str) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    event = append_event(make_order(language="de"), Kind.PAID, STRIPE)

    assert language_of(step(name, event=event)) == "en-us"


def test_a_language_that_the_shop_does_not_speak_is_no_fault() -> None:
    event = append_event(make_order(language="tlh"), Kind.PAID, STRIPE)

    assert language_of(step("order_confirmed", event=event)) == "en-us"


# --- Orders ----------------------------------------------------------------------------------
def test_an_order_without_parcels_says_nothing_of_delivery() -> None:
    order = paid_order(delivery_from=None, delivery_until=None, shipping_address={})
    order.lines.update(kind=Product.Kind.DOWNLOAD)

    letter = after(order, "order_confirmed", Kind.PAID)

    assert letter.text.startswith("Thank you.\n")
    for body in (letter.text, letter.html):
        assert "Arrives" not in body
        assert "Delivery to" not in body
        assert "comes by a mail of its own" in body


def test_whoever_asks_for_whatsapp_before_paying_is_told_once_it_is_paid() -> None:
    order = make_order(whatsapp="+14155550100")
    early = append_event(order, Kind.WHATSAPP_ON, SHOPPER)
    move(order.pk, State.PAID, STRIPE)

    with pytest.raises(NotWantedError, match="this is told once it is"):
        write_short(step("order_confirmed", event=early))

    paid = order.events.get(kind=Kind.PAID)
    assert order.number in write_short(step("order_confirmed", event=paid))


@pytest.mark.parametrize(
    ("state", "is_told"),
    [("due", False), ("done", False), ("canceled", True), ("failed", True)],
)
def test_whoever_asks_for_whatsapp_just_after_paying_is_told_once(
    state: str, is_told: bool
) -> None:
    order = paid_order(whatsapp="+14155550100")
    late = append_event(order, Kind.WHATSAPP_ON, SHOPPER)
    plan_new_events()
    of_payment, asked = Delivery.objects.filter(recipient="+14155550100").order_by("event")
    Delivery.objects.filter(pk=of_payment.pk).update(state=state)
    assert asked.event == late

    if is_told:
        assert order.number in write_short(asked)
    else:
        with pytest.raises(NotWantedError, match="confirmed to this number already"):
            write_short(asked)


def test_a_new_order_tells_staff_what_goes_where() -> None:
    letter = after(paid_order(), "new_order", Kind.PAID)

    for body in (letter.text, letter.html):
        assert "Stoneware mug (Colour: Moss)" in body
        assert "guest@example.com" in body
        assert "1 Main Street" in body
        assert "/admin/orders/order/" in body


def test_stock_that_was_filled_up_meanwhile_is_no_news() -> None:
    with pytest.raises(NotWantedError, match="there is enough again"):
        after(paid_order(), "low_stock", Kind.PAID)


def test_a_refund_in_full_says_that_access_has_ended() -> None:
    order = make_order()
    add_line(order, "Field guide", Product.Kind.DOWNLOAD)
    refund = make_refund(make_payment(order, Payment.Outcome.ACCEPTED), Refund.State.SENT)
    move(order.pk, State.PAID, STRIPE)
    succeed(refund.pk, STRIPE)

    letter = after(order, "refunded", Kind.REFUND_SUCCEEDED, refund=refund.pk)

    assert letter.subject == f"$49.68 of order {order.number} has gone back to you"
    for body in (letter.text, letter.html):
        assert "access and tickets of this order are no longer valid" in body


def test_a_refund_in_part_leaves_the_access_alone() -> None:
    order = make_order()
    add_line(order, "Field guide", Product.Kind.DOWNLOAD)
    payment = make_payment(order, Payment.Outcome.ACCEPTED)
    refund = make_refund(payment, Refund.State.SUCCEEDED, amount_minor=500)

    letter = after(order, "refunded", Kind.REFUND_SUCCEEDED, refund=refund.pk)

    assert "A part of your money has gone back" in letter.html
    for body in (letter.text, letter.html):
        assert "$5.00" in body
        assert "access and tickets stay yours" in body


def test_a_refund_of_late_money_says_nothing_of_access() -> None:
    order = make_order()
    add_line(order, "Field guide", Product.Kind.DOWNLOAD)
    refund = make_refund(make_payment(order, Payment.Outcome.LATE), Refund.State.SUCCEEDED)

    letter = after(order, "refunded", Kind.REFUND_SUCCEEDED, refund=refund.pk)

    assert "access" not in letter.text


@pytest.mark.parametrize(
    ("amount_minor", "said"), [(4968, "Your money has gone back"), (500, "A part of your money")]
)
def test_money_that_did_not_pay_the_order_goes_back_in_full_or_in_part(
    amount_minor: int, said: str
) -> None:
    payment = make_payment(make_order(), Payment.Outcome.MISMATCH)
    refund = make_refund(payment, Refund.State.SUCCEEDED, amount_minor=amount_minor)

    letter = after(payment.order, "refunded", Kind.REFUND_SUCCEEDED, refund=refund.pk)

    assert said in letter.html


@pytest.mark.parametrize("outcome", [Payment.Outcome.MISMATCH, Payment.Outcome.LATE])
def test_an_order_for_which_money_came_is_not_called_uncharged(outcome: Payment.Outcome) -> None:
    order = make_order()
    make_payment(order, outcome)

    with pytest.raises(NotWantedError, match="something was charged"):
        after(order, "order_expired", Kind.FAILED)


def test_a_refund_that_came_back_is_not_told_as_done() -> None:
    order = make_order()
    refund = make_refund(make_payment(order, Payment.Outcome.ACCEPTED), Refund.State.FAILED)

    with pytest.raises(NotWantedError, match="the bank sent the money back to us"):
        after(order, "refunded", Kind.REFUND_SUCCEEDED, refund=refund.pk)


# --- Goods that are no parcels -----------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["download_ready", "licence_ready", "access_granted", "booking_confirmed"]
)
@pytest.mark.parametrize(
    ("state", "why"),
    [(Grant.State.REVOKED, "was taken back"), (Grant.State.DUE, "nothing is granted yet")],
)
def test_nobody_is_told_of_access_that_is_not_there(name: str, state: str, why: str) -> None:
    order = paid_order()
    grant = make_grant(order, "Field guide", Product.Kind.DOWNLOAD, state=state)
    event = append_event(order, Kind.PAID, STRIPE)

    with pytest.raises(NotWantedError, match=why):
        write(step(name, event=event, grant=grant))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("download_ready", Product.Kind.DOWNLOAD),
        ("access_granted", Product.Kind.REPOSITORY),
        ("access_granted", Product.Kind.COURSE),
    ],
)
def test_of_what_left_the_shop_no_other_product_is_told(name: str, kind: Product.Kind) -> None:
    draft = ProductFactory(kind=kind, repository="clay/secret", is_published=False)
    DownloadFile.objects.create(product=draft, name="Secret.pdf")
    order = paid_order()
    grant = make_grant(order, "Glazes", kind, handle="ada")

    letter = write(step(name, event=append_event(order, Kind.PAID, STRIPE), grant=grant))

    assert "secret" not in (letter.text + letter.html).lower()


def test_a_licence_key_does_not_travel_by_mail() -> None:
    order = paid_order()
    grant = make_grant(order, "Drawing program", Product.Kind.LICENCE)
    grant.licences.create(key="7QM4-T9XK")

    letter = write(step("licence_ready", event=append_event(order, Kind.PAID, STRIPE), grant=grant))

    assert "7QM4" not in letter.text + letter.html


def test_a_booking_brings_tickets_and_its_calendar_file() -> None:
    with sample("booking_confirmed", "ada@example.com") as delivery:
        letter = write(delivery)
        (first, second) = Booking.objects.order_by("pk")

    assert f"/tickets/{first.pk}/?key=" in letter.text
    assert f"/tickets/{second.pk}/?key=" in letter.html
    ((name, content, mimetype),) = letter.attachments
    assert name.endswith(".ics")
    assert mimetype == "text/calendar"
    assert content.startswith(b"BEGIN:VCALENDAR")


def test_a_user_name_that_was_given_is_not_asked_for() -> None:
    order = paid_order()
    grant = make_grant(
        order, "Source code", Product.Kind.REPOSITORY, state=Grant.State.DUE, handle="ada"
    )
    event = append_event(order, Kind.PAID, STRIPE)

    with pytest.raises(NotWantedError, match="the user name was given"):
        write(step("user_name_wanted", event=event, grant=grant))


# --- Winning back ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("insufficient_funds", "There is not enough money on this card."),
        ("expired_card", "This card has expired."),
        ("stolen_card", "Your bank declined this card."),
        ("moon_phase", "Your bank declined this card."),
    ],
)
def test_a_failed_payment_is_explained_in_plain_words(code: str, said: str) -> None:
    order = make_order()
    append_event(order, Kind.DECLINED, STRIPE, code="processing_error")
    append_event(order, Kind.DECLINED, STRIPE, code=code)
    left = left_behind(kind=LeftBehind.Kind.PAYMENT, mark=order.number)

    letter = write(step("payment_failed", left=left))

    for body in (letter.text, letter.html):
        assert said in body
        assert "Stoneware mug" in body
        assert f"http://localhost:8000/checkout/retry/{left.token}/" in body
        assert "press Pay" not in body


def test_the_last_call_offers_the_owners_coupon_to_a_new_buyer(settings: Settings) -> None:
    settings.FIRST_ORDER_COUPON = "welcome"
    CouponFactory(code="WELCOME")
    left = left_behind()

    letter = write(step("last_call", left=left))

    assert letter.subject == "A welcome coupon for what you left at Cartwright Goods"
    for body in (letter.text, letter.html):
        assert "WELCOME" in body
        assert f"/checkout/retry/{left.token}/?coupon=WELCOME" in body


@pytest.mark.parametrize("why", ["none is set", "there is none", "it has ended", "has bought"])
def test_the_last_call_offers_no_coupon_that_cannot_be_used(settings: Settings, why: str) -> None:
    settings.FIRST_ORDER_COUPON = "" if why == "none is set" else "WELCOME"
    if why != "there is none":
        CouponFactory(code="WELCOME", is_active=why != "it has ended")
    if why == "has bought":
        paid_order(email="ADA@example.com")

    letter = write(step("last_call", left=left_behind()))

    assert letter.subject == "Do you still want these, from Cartwright Goods?"
    assert "WELCOME" not in letter.text + letter.html


def test_what_is_for_sale_no_more_is_not_back() -> None:
    alert = StockAlert.objects.create(
        variant=make_variant(is_active=False), email="ada@example.com", language="en"
    )

    with pytest.raises(NotWantedError, match="it is for sale no more"):
        write(step("back_in_stock", alert=alert))


# --- Following up ----------------------------------------------------------------------------
def test_the_third_follow_up_shows_the_three_newest_things_that_were_not_bought() -> None:
    products = [make_variant().product for _number in range(5)]
    order = paid_order()
    order.lines.update(variant=products[4].variants.get())

    letter = after(order, "follow_up_third", Kind.PAID)

    shown = [product for product in products if product.get_absolute_url() in letter.text]
    assert shown == products[1:4]


def test_without_anything_new_there_is_no_third_follow_up() -> None:
    with pytest.raises(NotWantedError, match="there is nothing new"):
        after(paid_order(), "follow_up_third", Kind.PAID)


def test_without_a_page_of_what_was_bought_there_is_no_second_follow_up() -> None:
    with pytest.raises(NotWantedError, match="nothing of the order is for sale any more"):
        after(paid_order(), "follow_up_second", Kind.PAID)
