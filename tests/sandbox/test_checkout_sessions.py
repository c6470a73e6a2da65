"""Checkout sessions: made by the shop's server, paid on the hosted page, told by webhooks."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest
import stripe
from playwright.sync_api import Page, expect

from tests.conftest import NewPage
from tests.sandbox.receiver import Receiver, eventually
from tests.sandbox.small_shop import type_card, violations
from tests.standin import StandIn

SHOP = "http://127.0.0.1/shop"
MUG: Any = {
    "price_data": {"currency": "usd", "unit_amount": 3333, "product_data": {"name": "Mug"}},
    "quantity": 2,
}
POSTAGE: Any = {
    "price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Postage"}},
    "quantity": 1,
}


def new_session(client: stripe.StripeClient, **more: Any) -> stripe.checkout.Session:
    """Sell two mugs with postage for $71.66."""
    params: Any = {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "line_items": [MUG, POSTAGE],
        "success_url": f"{SHOP}?session={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{SHOP}?back",
        **more,
    }
    return client.v1.checkout.sessions.create(params)


def begin(stand_in: StandIn, session: stripe.checkout.Session) -> Any:
    """Press the hosted page's button; return the client secret of the intent, or the error."""
    form = urllib.parse.urlencode({"email": "ada@example.com", "name": "Ada"}).encode()
    with urllib.request.urlopen(f"{stand_in.url}/c/pay/{session.id}", form, timeout=5) as answer:
        return json.load(answer).get("client_secret")


def new_code(client: stripe.StripeClient, **coupon: Any) -> stripe.PromotionCode:
    """Make the promotion code SPRING."""
    made = client.v1.coupons.create(coupon)  # type: ignore[arg-type]
    return client.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": made.id}, "code": "SPRING"}
    )


def test_a_new_session_is_open_and_has_a_page(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    session = new_session(client, client_reference_id="1001", metadata={"order": "1001"})
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert (session.amount_subtotal, session.amount_total, session.currency) == (7166, 7166, "usd")
    assert session.url == f"{stand_in.url}/c/pay/{session.id}"
    assert session.expires_at == session.created + 86_400
    assert session.payment_intent is None
    assert client.v1.checkout.sessions.retrieve(session.id).to_dict() == session.to_dict()


def test_line_items_are_read_apart_or_by_expanding(client: stripe.StripeClient) -> None:
    price = client.v1.prices.create(
        {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Plate"}}
    )
    session = new_session(client, line_items=[{"price": price.id, "quantity": 3}, MUG])
    items = client.v1.checkout.sessions.line_items.list(session.id)
    assert [(each.description, each.amount_total) for each in items.data] == [
        ("Plate", 2700),
        ("Mug", 6666),
    ]
    full = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["line_items.data.price.product"]}
    )
    assert full.line_items is not None
    assert full.line_items.data[0].price is not None
    assert isinstance(full.line_items.data[0].price.product, stripe.Product)


def test_a_discount_is_shared_out_to_the_last_cent(client: stripe.StripeClient) -> None:
    coupon = client.v1.coupons.create({"percent_off": 10})
    session = new_session(client, discounts=[{"coupon": coupon.id}])
    assert session.amount_total == 7166 - 717
    assert session.total_details is not None
    assert session.total_details.amount_discount == 717
    items = client.v1.checkout.sessions.line_items.list(session.id).data
    assert [each.amount_discount for each in items] == [667, 50]
    assert sum(each.amount_total for each in items) == session.amount_total


def test_a_paid_session_is_complete_and_the_coupon_used(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    coupon = client.v1.coupons.create({"amount_off": 166, "currency": "usd", "max_redemptions": 1})
    session = new_session(
        client,
        discounts=[{"coupon": coupon.id}],
        payment_intent_data={"metadata": {"order": "1001"}, "description": "Order 1001"},
    )
    secret = begin(stand_in, session)
    assert stand_in.pay(secret, "4000000000000002")["error"]["code"] == "card_declined"
    assert begin(stand_in, session) == secret
    stand_in.pay(secret, "4000000000003220")
    event = shop.wait_for("checkout.session.completed")["data"]["object"]
    assert (event["id"], event["payment_status"]) == (session.id, "paid")
    after = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (after.status, after.url) == ("complete", None)
    assert after.customer_details is not None
    assert after.customer_details.email == "ada@example.com"
    assert isinstance(after.payment_intent, stripe.PaymentIntent)
    assert after.payment_intent.amount_received == 7000
    assert after.payment_intent.to_dict()["metadata"] == {"order": "1001"}
    assert not client.v1.coupons.list().data[0].valid
    with pytest.raises(stripe.InvalidRequestError, match="expired and cannot be applied"):
        new_session(client, discounts=[{"coupon": coupon.id}])
    assert begin(stand_in, session) is None
    assert stand_in.state()["captured"] == {"usd": 7000}


@pytest.mark.parametrize(
    ("card", "event", "paid"),
    [
        ("4000000000700007", "checkout.session.async_payment_succeeded", "paid"),
        ("4000000000800005", "checkout.session.async_payment_failed", "unpaid"),
    ],
)
def test_a_payment_that_takes_time_completes_the_session_at_once(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver, card: str, event: str, paid: str
) -> None:
    session = new_session(client)
    stand_in.pay(begin(stand_in, session), card)
    completed = shop.wait_for("checkout.session.completed")["data"]["object"]
    assert completed["payment_status"] == "unpaid"
    assert shop.wait_for(event)["data"]["object"]["payment_status"] == paid
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == paid


def test_a_session_for_nothing_needs_no_payment(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    coupon = client.v1.coupons.create({"percent_off": 100})
    session = new_session(client, discounts=[{"coupon": coupon.id}])
    assert begin(stand_in, session) is None
    event = shop.wait_for("checkout.session.completed")["data"]["object"]
    assert (event["payment_status"], event["payment_intent"]) == ("no_payment_required", None)


def test_an_expired_session_takes_no_money(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    session = new_session(client)
    secret = begin(stand_in, session)
    stand_in.pay(secret, "4000000000000002")
    gone = client.v1.checkout.sessions.expire(session.id)
    assert (gone.status, gone.url) == ("expired", None)
    shop.wait_for("checkout.session.expired")
    intent = client.v1.payment_intents.retrieve(str(gone.payment_intent))
    assert intent.status == "canceled"
    assert stand_in.pay(secret)["error"]["code"] == "payment_intent_unexpected_state"
    assert begin(stand_in, session) is None
    with pytest.raises(stripe.InvalidRequestError, match="status of expired"):
        client.v1.checkout.sessions.expire(session.id)


def test_a_session_expires_by_itself(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    session = new_session(client, expires_at=int(time.time()) + 1860)
    stand_in.advance_clock(1800)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    stand_in.advance_clock(61)
    event = shop.wait_for("checkout.session.expired")
    assert event["data"]["object"]["id"] == session.id


def test_sessions_are_found_by_intent_customer_and_status(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    customer = client.v1.customers.create({"email": "ada@example.com"})
    plain, own = new_session(client), new_session(client, customer=customer.id)
    begin(stand_in, plain)
    intent = str(client.v1.checkout.sessions.retrieve(plain.id).payment_intent)
    client.v1.checkout.sessions.expire(own.id)
    for params, found in (
        ({"payment_intent": intent}, plain.id),
        ({"customer": customer.id}, own.id),
        ({"status": "open"}, plain.id),
    ):
        listed = client.v1.checkout.sessions.list(params)  # type: ignore[arg-type]
        assert [each.id for each in listed.data] == [found]
    changed = client.v1.checkout.sessions.update(own.id, {"metadata": {"late": "yes"}})
    assert changed.to_dict()["metadata"] == {"late": "yes"}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"mode": None}, "Missing required param: mode"),
        ({"line_items": None}, "Missing required param: line_items"),
        ({"success_url": None}, "Missing required param: success_url"),
        ({"success_url": "shop"}, "Not a valid URL"),
        ({"mode": "subscription"}, "does not have mode=subscription"),
        ({"ui_mode": "elements"}, "does not have ui_mode=elements"),
        ({"automatic_tax": {"enabled": True}}, "automatic tax"),
        ({"discounts": [{"coupon": "x"}], "allow_promotion_codes": True}, "only specify one of"),
        ({"customer": "cus_x", "customer_email": "a@b.c"}, "only specify one of"),
        ({"discounts": [{"coupon": "NONE"}]}, "No such coupon"),
        ({"expires_at": int(time.time()) + 60}, "between 30 minutes and 24 hours"),
        ({"expires_at": int(time.time()) + 90_000}, "between 30 minutes and 24 hours"),
        ({"line_items": [{**MUG, "quantity": 0}]}, "greater than 0"),
        ({"line_items": [{"quantity": 1}]}, "either `price` or `price_data`"),
        ({"line_items": [{"price": "price_x", "quantity": 1}]}, "No such price"),
        ({"payment_intent_data": {"capture_method": "manual"}}, "does not have capture_method"),
        ({"shipping_options": [{"shipping_rate": "shr_x"}]}, "does not act on shipping_options"),
    ],
)
def test_sessions_that_cannot_be_are_refused(
    client: stripe.StripeClient, params: dict[str, Any], message: str
) -> None:
    good: Any = {"mode": "payment", "line_items": [MUG], "success_url": SHOP}
    wish = {name: value for name, value in {**good, **params}.items() if value is not None}
    with pytest.raises(stripe.InvalidRequestError, match=message):
        client.v1.checkout.sessions.create(wish)  # type: ignore[arg-type]


def test_prices_that_do_not_go_together_are_refused(client: stripe.StripeClient) -> None:
    euro = {**MUG, "price_data": {**MUG["price_data"], "currency": "eur"}}
    with pytest.raises(stripe.InvalidRequestError, match="same currency, not eur, usd"):
        new_session(client, line_items=[MUG, euro])
    price = client.v1.prices.create(
        {"currency": "usd", "unit_amount": 20, "product_data": {"name": "Pin"}}
    )
    with pytest.raises(stripe.InvalidRequestError, match="at least 50"):
        new_session(client, line_items=[{"price": price.id, "quantity": 1}])
    client.v1.prices.update(price.id, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="is inactive"):
        new_session(client, line_items=[{"price": price.id, "quantity": 9}])


@pytest.mark.parametrize("path", ["/c/pay/cs_test_guess", "/frames/secret"])
def test_pages_that_do_not_exist(stand_in: StandIn, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as gone:
        urllib.request.urlopen(stand_in.url + path, timeout=5)
    gone.value.close()
    assert gone.value.code == 404


@pytest.fixture
def phone_page(new_page: NewPage) -> Page:
    """A narrow screen."""
    return new_page(viewport={"width": 360, "height": 740})


@pytest.mark.browser
def test_the_hosted_page_pays_and_leads_back_to_the_shop(
    client: stripe.StripeClient, stand_in: StandIn, phone_page: Page
) -> None:
    session = new_session(client, success_url=f"{stand_in.url}/?paid={{CHECKOUT_SESSION_ID}}")
    phone_page.goto(str(session.url))
    expect(phone_page.get_by_text("Test payments: no money moves.")).to_be_visible()
    width = phone_page.evaluate("document.documentElement.scrollWidth")
    assert width == 360
    phone_page.get_by_label("Email").fill("ada@example.com")
    pay = phone_page.get_by_role("button", name="Pay 71.66 USD")
    type_card(phone_page, "4000000000009995")
    pay.click()
    problem = phone_page.get_by_role("alert").filter(has_text="insufficient funds")
    expect(problem).to_be_focused()
    type_card(phone_page, "4000000000003220")
    pay.click()
    challenge = phone_page.frame_locator("iframe[title='3-D Secure authentication']")
    challenge.get_by_role("button", name="Complete authentication").click()
    phone_page.wait_for_url(f"**/?paid={session.id}")
    phone_page.goto(str(session.url))
    phone_page.wait_for_url(f"**/?paid={session.id}")
    assert stand_in.state()["captured"] == {"usd": 7166}


@pytest.mark.browser
def test_a_promotion_code_is_taken_on_the_hosted_page(
    client: stripe.StripeClient, stand_in: StandIn, phone_page: Page
) -> None:
    code = new_code(client, percent_off=100)
    session = new_session(client, success_url=f"{stand_in.url}/?paid", allow_promotion_codes=True)
    phone_page.goto(str(session.url))
    for word, seen in (("winter", "This code is invalid."), ("spring", "Discount")):
        phone_page.get_by_label("Promotion code").fill(word)
        phone_page.get_by_role("button", name="Apply").click()
        expect(phone_page.get_by_text(seen)).to_be_visible()
    phone_page.get_by_label("Email").fill("ada@example.com")
    phone_page.get_by_role("button", name="Place the order").click()
    phone_page.wait_for_url("**/?paid")
    after = client.v1.checkout.sessions.retrieve(session.id)
    assert after.payment_status == "no_payment_required"
    assert after.to_dict()["discounts"][0]["promotion_code"] == code.id
    eventually(lambda: client.v1.promotion_codes.list().data[0].times_redeemed == 1, "one use")


@pytest.mark.browser
def test_an_expired_session_leads_back(client: stripe.StripeClient, phone_page: Page) -> None:
    session = new_session(client)
    address = str(session.url)
    client.v1.checkout.sessions.expire(session.id)
    phone_page.goto(address)
    expect(phone_page.get_by_role("heading")).to_have_text("This page has expired")
    link = phone_page.get_by_role("link", name="Back to the shop")
    assert link.get_attribute("href") == f"{SHOP}?back"


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_hosted_page(
    client: stripe.StripeClient, new_page: NewPage, scheme: str
) -> None:
    page = new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page.goto(str(new_session(client, allow_promotion_codes=True).url))
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_role("button", name="Pay 71.66 USD").click()
    frame = page.frame_locator("iframe[title='Secure card payment input frame']")
    expect(frame.get_by_text("Your card number is incomplete.")).to_be_visible()
    assert violations(page.main_frame) == []
