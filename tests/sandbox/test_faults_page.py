"""The page on which somebody who tries the shop makes things go wrong."""

import urllib.error
import urllib.parse
import urllib.request

import pytest
import stripe
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from sandbox.mishaps import MISHAPS
from tests.sandbox.paid import charge_of, pay
from tests.sandbox.receiver import Receiver, eventually
from tests.standin import StandIn


def press(stand_in: StandIn, action: str, origin: str | None = None, **form: str) -> str:
    """Press a button as the page's own form does; return the page that comes of it."""
    data = urllib.parse.urlencode(form).encode()
    headers = {"Origin": origin or stand_in.url}
    request = urllib.request.Request(f"{stand_in.url}/faults/{action}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return str(response.read().decode())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return f"{refusal.code} {refusal.read().decode()}"


def test_every_button_arms_a_fault(stand_in: StandIn) -> None:
    for sentence in MISHAPS:
        assert "Armed." in press(stand_in, "arm", mishap=sentence)
    assert len(stand_in.faults()) == len(MISHAPS) > 15
    assert press(stand_in, "arm", mishap="The earth quakes").startswith("400")
    stand_in.disarm()
    stand_in.arm("slow", match="GET /v1/*", rate=0.5)
    assert "strikes at 50%" in press(stand_in, "clock", seconds="60")
    assert "Nothing is armed." in press(stand_in, "disarm")


def test_another_sites_form_does_nothing(client: stripe.StripeClient, stand_in: StandIn) -> None:
    intent = pay(client)
    for origin in ("https://evil.example", "null"):
        refused = press(
            stand_in, "refund", origin, payment_intent=intent.id, amount="100", button=""
        )
        assert refused.startswith("403")
    assert charge_of(client, intent).amount_refunded == 0


def test_what_cannot_be_done_is_said_on_the_page(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    intent = pay(client)
    said = press(stand_in, "refund", payment_intent=intent.id, amount="10001")
    assert said.startswith("400")
    assert "is greater than charge amount" in said
    assert "only goes forward" in press(stand_in, "clock", seconds="-60")
    assert press(stand_in, "tidy_up").startswith("404")


@pytest.mark.browser
def test_a_visitor_refunds_disputes_and_moves_the_clock(
    phone: Page, client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    first, second = pay(client, description="Order 1001"), pay(client, description="Order 1002")
    phone.goto(f"{stand_in.url}/")
    phone.get_by_role("link", name="what can go wrong").click()
    phone.get_by_role("button", name="The next webhook comes twice").click()
    expect(phone.get_by_role("status")).to_have_text("Armed.")
    payment = phone.get_by_role("listitem").filter(has_text="Order 1001")
    payment.get_by_role("button", name="Refund 50.00 USD").click()
    shop.wait_for("refund.created")
    eventually(lambda: stand_in.faults()[0]["struck"] == 1, "the doubling")
    phone.get_by_role("button", name="Let it fail").click()
    assert charge_of(client, first).amount_refunded == 0
    disputed = phone.get_by_role("listitem").filter(has_text="Order 1002")
    disputed.get_by_role("button", name="Dispute").click()
    phone.get_by_role("button", name="The shopper wins").click()
    expect(phone.get_by_role("status")).to_have_text("The bank has decided.")
    assert charge_of(client, second).disputed
    assert client.v1.disputes.list().data[0].status == "lost"
    phone.get_by_role("button", name="A day on").click()
    expect(phone.get_by_text("24 hours ahead")).to_be_visible()
    assert Axe().run(phone).response["violations"] == []
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
