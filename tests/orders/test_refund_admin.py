"""The staff's pages of money that goes back: composer, preview, repeat, cancel, and the panel."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from orders.models import Order, OrderEvent, Payment, Refund
from orders.refunding import fail, request_all, request_refund, succeed
from orders.states import SCHEDULE, STRIPE
from tests.orders.factory import make_order, make_payment
from tests.orders.paid import make_dispute, make_paid, mugs, wish

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = Order.State


@pytest.fixture
def stella(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


@pytest.fixture
def looker(stranger: User) -> Client:
    """Staff who may look at orders, but neither change nor refund them."""
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.add(Permission.objects.get(codename="view_order"))
    client = Client()
    client.force_login(stranger)
    return client


def order_page(payment: Payment) -> str:
    return f"/admin/orders/order/{payment.order_id}/change/"


def composer(payment: Payment) -> str:
    return f"/admin/orders/order/{payment.order_id}/refund/{payment.pk}/"


def typed(payment: Payment, units: object = 0, **fields: Any) -> dict[str, Any]:
    """What staff type; the mugs go back on the shelf."""
    line = payment.order.lines.get().pk
    return {
        f"quantity_{line}": units,
        f"restock_{line}": "on",
        "shipping": "",
        "other": "",
        "reason": "goodwill",
        "note": "",
        **fields,
    }


def text_of(html: str) -> str:
    """The words of a page, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def preview(client: Client, payment: Payment, fields: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Press Preview; returns the page and what its button would post."""
    html = client.post(composer(payment), {**fields, "step": "preview"}).content.decode()
    hidden = dict(re.findall(r'type="hidden" name="(books|shown)" value="(\w+)"', html))
    return html, {**fields, **hidden, "step": "refund"}


def refund_amounts() -> list[int]:
    return list(Refund.objects.values_list("amount_minor", flat=True))


# --- Composer and preview --------------------------------------------------------------------
def test_the_composer_asks_for_units_and_amounts_and_books_nothing(stella: Client) -> None:
    payment = make_paid()

    text = text_of(stella.get(composer(payment)).content.decode())

    assert "Of the payment of $49.68" in text
    assert "2 left of 2" in text
    assert "All of it: $6.48" in text
    assert "money came too late" not in text
    assert "4968" not in text
    assert refund_amounts() == []


def test_the_preview_shows_the_books_before_and_after(stella: Client) -> None:
    payment = make_paid()

    html, _fields = preview(stella, payment, typed(payment, 1, shipping="2.50", other="1"))

    text = text_of(html)
    assert "Refunded $0.00 $25.10" in text
    assert "Kept $49.68 $24.58" in text
    assert "Colour: Moss $21.60 0 → 1 2 → 1 5 → 6" in text
    assert "Back to the buyer $25.10" in text
    assert "Refund $25.10" in text
    assert refund_amounts() == []


def test_the_button_books_what_was_shown(stella: Client, staff: User) -> None:
    payment = make_paid()
    fields = typed(payment, 1, all_shipping="on", reason="returned", note="chipped")
    _html, button = preview(stella, payment, fields)

    answer = stella.post(composer(payment), button, follow=True)

    refund = Refund.objects.get()
    assert (refund.amount_minor, refund.shipping_minor, refund.reason) == (2808, 648, "returned")
    assert (refund.staff, refund.note) == (staff, "chipped")
    assert answer.redirect_chain == [(order_page(payment), 302)]
    assert f"Refund {refund.pk} of $28.08 is on its way" in answer.content.decode()


def test_the_button_pressed_twice_books_once(stella: Client) -> None:
    payment = make_paid()
    _html, button = preview(stella, payment, typed(payment, 1))

    stella.post(composer(payment), button)
    second = stella.post(composer(payment), button).content.decode()

    assert refund_amounts() == [2160]
    assert "the order&#x27;s refunds have changed since the preview" in second


def test_a_rivals_refund_shows_the_new_preview_and_books_nothing(stella: Client) -> None:
    payment = make_paid()
    _html, button = preview(stella, payment, typed(payment, 1))
    request_refund(payment.pk, wish(other=500), SCHEDULE)

    text = text_of(stella.post(composer(payment), button).content.decode())

    assert "Nothing was booked: the order&#x27;s refunds have changed since the preview." in text
    assert "Refunded $5.00 $26.60" in text
    assert refund_amounts() == [500]


def test_a_rival_who_took_everything_leaves_a_sentence(stella: Client) -> None:
    payment = make_paid()
    _html, button = preview(stella, payment, typed(payment, other="10"))
    request_all(payment.pk, Refund.Reason.GOODWILL, SCHEDULE)

    page = stella.post(composer(payment), button).content.decode()

    assert "All of this payment is back already, or on its way." in page
    assert refund_amounts() == [4968]


def test_a_form_changed_since_the_preview_is_shown_anew(stella: Client) -> None:
    payment = make_paid()
    _html, button = preview(stella, payment, typed(payment, 1))

    page = stella.post(composer(payment), {**button, "other": "20"}).content.decode()

    assert "the form is not what the preview showed" in page
    assert "Refund $41.60" in page
    assert refund_amounts() == []


def test_everything_that_is_left_is_filled_in_and_previewed(stella: Client) -> None:
    payment = make_paid()
    request_refund(payment.pk, wish(mugs(payment, 1), other=500), SCHEDULE)

    html = stella.get(composer(payment), {"all": 1}).content.decode()

    assert "Refund $23.08" in text_of(html)
    assert 'name="shipping" value="1.48"' in html
    assert re.search(r'name="quantity_\d+" value="1"', html)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"units": 3}, "At most 2 can still be refunded."),
        ({"units": "x"}, "Write a whole number."),
        ({"shipping": "7"}, "At most $6.48 of the shipping can still be given back."),
        ({"other": "1.234"}, "USD has 2 decimal places: write an amount such as 42.00."),
        ({"other": "50"}, "Only $49.68 of this payment can still be given back, not $50.00."),
        ({"shipping": "1", "all_shipping": "on"}, "Write an amount or tick “All of it”, not both."),
        ({}, "Nothing to give back: choose lines or an amount."),
        ({"other": "1", "reason": "late"}, "Select a valid choice."),
    ],
)
def test_an_error_stands_in_its_place_and_nothing_typed_is_lost(
    stella: Client, fields: dict[str, Any], said: str
) -> None:
    payment = make_paid()

    html, button = preview(stella, payment, typed(payment, **{"note": "typed", **fields}))

    assert said in html
    assert 'value="typed"' in html
    assert "shown" not in button
    assert refund_amounts() == []


def test_htmx_gets_the_preview_and_the_errors_only(stella: Client) -> None:
    payment = make_paid()
    headers = {"HX-Request": "true"}

    wrong = stella.post(composer(payment), typed(payment, other="x"), headers=headers)
    right = stella.post(composer(payment), typed(payment, other="5"), headers=headers)

    assert "<html" not in wrong.content.decode()
    assert 'id="id_other_error" class="field-error" hx-swap-oob="true"><div>Enter' in (
        wrong.content.decode()
    )
    assert 'id="id_other_error" class="field-error" hx-swap-oob="true"></div>' in (
        right.content.decode()
    )
    assert "Preview: $5.00 back to the buyer, $44.68 kept." in right.content.decode()


def test_an_odd_payment_is_given_back_as_an_amount(stella: Client) -> None:
    payment = make_payment(
        make_order(state=State.FAILED), Payment.Outcome.MISMATCH, amount_minor=5100, currency="EUR"
    )

    html = stella.get(composer(payment), {"all": 1}).content.decode()

    assert "Refund €51.00" in html
    assert "quantity_" not in html
    assert 'name="shipping"' not in html


def test_goods_that_are_not_counted_have_no_shelf(stella: Client) -> None:
    html = stella.get(composer(make_paid(units=None))).content.decode()

    assert "restock_" not in html
    assert "Stock is not counted" in html


def test_a_payment_without_anything_left_leads_back(stella: Client) -> None:
    payment = make_paid()
    request_all(payment.pk, Refund.Reason.GOODWILL, SCHEDULE)

    answer = stella.get(composer(payment), follow=True)

    assert answer.redirect_chain == [(order_page(payment), 302)]
    assert "All of this payment is back already" in answer.content.decode()


def test_a_payment_belongs_to_its_order(stella: Client) -> None:
    payment, other = make_paid(), make_paid()

    assert stella.get(composer(payment).replace(f"/{payment.pk}/", f"/{other.pk}/", 1))
    wrong = f"/admin/orders/order/{payment.order_id}/refund/{other.pk}/"
    assert stella.get(wrong).status_code == 404
    assert stella.post(wrong, typed(payment)).status_code == 404


def test_the_composer_costs_the_same_however_many_lines(
    stella: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    payment = make_paid()
    line = payment.order.lines.get()
    for _ in range(8):
        line.pk = None
        line.save()

    # Session, user, payment, lines, shipping.
    with django_assert_num_queries(5):
        stella.get(composer(payment))


# --- The order's page ------------------------------------------------------------------------
def test_the_order_shows_payments_refunds_and_disputes(stella: Client) -> None:
    payment = make_paid()
    done = request_refund(payment.pk, wish(mugs(payment, 1), note="chipped"), SCHEDULE)
    succeed(done.pk, STRIPE)
    broken = request_refund(payment.pk, wish(shipping=648), SCHEDULE)
    fail(broken.pk, "The account is closed.", STRIPE)
    make_dispute(payment, amount_minor=500)

    text = text_of(stella.get(order_page(payment)).content.decode())

    assert "accepted $49.68 $21.60 $28.08 Refund…" in text
    assert "1 × Stoneware mug, back on the shelf goodwill “chipped” schedule" in text
    assert "failed The account is closed. Try again" in text
    assert "needs an answer the cardholder says that they did not make this payment $5.00" in text
    assert "Evidence pack to print" in text


def test_a_disputed_payment_offers_no_refund(stella: Client) -> None:
    payment = make_paid()
    make_dispute(payment, withdrawn_minor=4968)

    html = stella.get(order_page(payment)).content.decode()

    assert "Refund…" not in html
    assert "Cancel order" not in html


def test_a_failed_refund_is_tried_again_by_a_button(stella: Client, staff: User) -> None:
    payment = make_paid()
    failed = request_all(payment.pk, Refund.Reason.GOODWILL, SCHEDULE)
    fail(failed.pk, "no", STRIPE)
    button = f"/admin/orders/order/{payment.order_id}/refunds/{failed.pk}/repeat/"
    assert button in stella.get(order_page(payment)).content.decode()

    first = stella.post(button, follow=True).content.decode()
    second = stella.post(button, follow=True).content.decode()

    again = Refund.objects.get(repeats=failed)
    assert again.staff == staff
    assert f"Refund {again.pk} repeats refund {failed.pk}." in first
    assert f"repeated by refund {again.pk}" in first
    assert button not in first
    assert "This refund has been repeated already." in second
    assert Refund.objects.count() == 2


# --- News ------------------------------------------------------------------------------------
def panel(payment: Payment, seen: str) -> str:
    return f"/admin/orders/order/{payment.order_id}/panel/?seen={seen}"


def mark_on(html: str) -> str:
    found = re.search(r'panel/\?seen=([\d-]+)" hx-trigger="every 2s"', html)
    assert found, "The page does not ask for news."
    return found[1]


def test_the_page_asks_until_the_refund_is_settled(stella: Client) -> None:
    payment = make_paid()
    assert 'hx-trigger="every' not in stella.get(order_page(payment)).content.decode()
    refund = request_all(payment.pk, Refund.Reason.GOODWILL, SCHEDULE)
    mark = mark_on(stella.get(order_page(payment)).content.decode())
    assert stella.get(panel(payment, mark)).status_code == 204

    succeed(refund.pk, STRIPE)

    news = stella.get(panel(payment, mark)).content.decode()
    assert "hx-trigger" not in news
    assert 'hx-swap-oob="innerHTML">Money returned, $49.68. Refunded in full, $49.68. </p>' in news
    assert '<span id="order-state" hx-swap-oob="true">refunded</span>' in news
    assert "Start packing" not in news


def test_a_try_that_did_not_reach_stripe_is_news(stella: Client) -> None:
    payment = make_paid()
    request_all(payment.pk, Refund.Reason.GOODWILL, SCHEDULE)
    mark = mark_on(stella.get(order_page(payment)).content.decode())

    Refund.objects.update(tries=1, error="Stripe could not be reached.")

    news = stella.get(panel(payment, mark)).content.decode()
    assert "Stripe could not be reached." in news
    assert mark_on(news) != mark


def test_who_is_signed_out_or_no_staff_gets_no_news(
    client: Client, buyer: User, looker: Client
) -> None:
    payment = make_paid()

    assert client.get(panel(payment, "0-0")).status_code == 302
    client.force_login(buyer)
    assert client.get(panel(payment, "0-0")).status_code == 302
    assert looker.get(panel(payment, "0-0")).status_code == 200


# --- Cancel ----------------------------------------------------------------------------------
def cancel_page(order: Order) -> str:
    return f"/admin/orders/order/{order.pk}/cancel/"


def shown_on(html: str) -> dict[str, str]:
    found = re.search(r'name="shown" value="(.*?)"', html)
    assert found
    return {"shown": found[1]}


def test_cancel_before_payment_says_what_happens_and_ends_the_hold(stella: Client) -> None:
    order = make_order()

    page = stella.get(cancel_page(order)).content.decode()
    assert "the payment is canceled at Stripe first" in page
    assert not order.events.filter(kind=OrderEvent.Kind.CANCEL_REQUESTED).exists()
    answer = stella.post(cancel_page(order), shown_on(page), follow=True).content.decode()

    assert "The order is being canceled." in answer
    assert order.events.filter(kind=OrderEvent.Kind.CANCEL_REQUESTED).exists()


def test_cancel_after_payment_names_the_amount_and_refunds_it(stella: Client) -> None:
    payment = make_paid()

    page = stella.get(cancel_page(payment.order)).content.decode()
    assert "Cancel the order and refund $49.68" in page
    assert "2 × Stoneware mug" in page
    stella.post(cancel_page(payment.order), shown_on(page))

    assert refund_amounts() == [4968]
    assert Refund.objects.get().reason == "canceled"


def test_an_order_that_was_paid_meanwhile_is_not_refunded_unseen(stella: Client) -> None:
    payment = make_paid(state=State.PENDING)
    page = stella.get(cancel_page(payment.order)).content.decode()
    Order.objects.update(state=State.PAID)

    answer = stella.post(cancel_page(payment.order), shown_on(page)).content.decode()

    assert "Nothing was done: the order has changed." in answer
    assert "Cancel the order and refund $49.68" in answer
    assert refund_amounts() == []


@pytest.mark.parametrize("state", [State.FULFILLED, State.CANCELED, State.REFUNDED])
def test_what_is_closed_or_sent_is_not_canceled(stella: Client, state: State) -> None:
    payment = make_paid(state=state)

    for answer in (
        stella.get(cancel_page(payment.order), follow=True),
        stella.post(cancel_page(payment.order), {"shown": f"{state}-0"}, follow=True),
    ):
        assert answer.redirect_chain == [(order_page(payment), 302)]
    assert refund_amounts() == []


# --- Who may what ----------------------------------------------------------------------------
def test_who_may_only_look_sees_no_button_and_is_refused(looker: Client) -> None:
    payment = make_paid()
    failed = request_refund(payment.pk, wish(other=1), SCHEDULE)
    fail(failed.pk, "no", STRIPE)

    html = looker.get(order_page(payment)).content.decode()

    assert "$49.68" in html
    assert "tool-button" not in html
    repeat = f"/admin/orders/order/{payment.order_id}/refunds/{failed.pk}/repeat/"
    for page in (composer(payment), cancel_page(payment.order), repeat):
        assert looker.post(page, {"step": "refund"}).status_code == 403
    assert looker.get(composer(payment)).status_code == 403
    assert looker.get(cancel_page(payment.order)).status_code == 403
    assert Refund.objects.count() == 1


def test_the_pages_want_their_csrf_token(staff: User) -> None:
    payment = make_paid()
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)

    assert client.post(composer(payment), typed(payment, 1)).status_code == 403
    assert client.post(cancel_page(payment.order)).status_code == 403


def test_looking_at_a_repeat_repeats_nothing(stella: Client) -> None:
    payment = make_paid()
    failed = request_all(payment.pk, Refund.Reason.GOODWILL, SCHEDULE)
    fail(failed.pk, "no", STRIPE)

    answer = stella.get(f"/admin/orders/order/{payment.order_id}/refunds/{failed.pk}/repeat/")

    assert answer.status_code == 405


# --- The list of refunds ---------------------------------------------------------------------
def test_all_failed_refunds_are_found(
    stella: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    failed, fine = make_paid(), make_paid()
    fail(request_all(failed.pk, Refund.Reason.GOODWILL, SCHEDULE).pk, "Account closed", STRIPE)
    request_all(fine.pk, Refund.Reason.GOODWILL, SCHEDULE)

    # Session, user, count, refunds.
    with django_assert_num_queries(4):
        html = stella.get("/admin/orders/refund/", {"state__exact": "failed"}).content.decode()

    assert failed.order.number in html
    assert "Account closed" in html
    assert fine.order.number not in html
    refund = failed.refunds.get()
    page = stella.get(f"/admin/orders/refund/{refund.pk}/change/").content.decode()
    assert "Account closed" in page
    assert "$49.68" in page
    assert stella.post(f"/admin/orders/refund/{refund.pk}/delete/").status_code == 403
