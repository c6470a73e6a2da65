"""The browser part on a small shop page with a strict content-security policy."""

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import NewPage
from tests.sandbox.small_shop import card_frame, type_card, violations
from tests.standin import StandIn

pytestmark = pytest.mark.browser


@pytest.fixture
def page(new_page: NewPage, host_url: str) -> Page:
    """Return the shop's page on a narrow screen; the policy must not stop anything on it."""
    page = new_page(viewport={"width": 360, "height": 700})
    page.goto(host_url)
    return page


def pay(page: Page) -> None:
    """Press the pay button."""
    page.get_by_role("button", name="Pay $42.00").click()


def test_a_card_that_works_pays_without_a_redirect(page: Page, stand_in: StandIn) -> None:
    type_card(page, "4242424242424242", "1240")
    pay(page)
    expect(page.locator("#outcome")).to_have_text("succeeded")
    assert stand_in.state()["captured"] == {"usd": 4200}


def test_the_card_is_formatted_while_it_is_typed(page: Page) -> None:
    type_card(page, "4242424242424242", "540")
    frame = card_frame(page)
    expect(frame.get_by_label("Card number")).to_have_value("4242 4242 4242 4242")
    expect(frame.get_by_label("Expiration date")).to_have_value("05 / 40")
    for key in ("End", "Backspace", "Backspace", "Backspace"):
        frame.get_by_label("Expiration date").press(key)
    expect(frame.get_by_label("Expiration date")).to_have_value("0")
    frame.get_by_label("Expiration date").fill("07/2031")
    expect(frame.get_by_label("Expiration date")).to_have_value("07 / 31")


def test_a_declined_card_stays_in_the_fields_and_another_one_pays(page: Page) -> None:
    type_card(page, "4000000000000002")
    pay(page)
    expect(page.locator("#outcome")).to_have_text("Your card was declined.")
    field = card_frame(page).get_by_label("Card number")
    expect(field).to_have_value("4000 0000 0000 0002")
    type_card(page, "4242424242424242")
    pay(page)
    expect(page.locator("#outcome")).to_have_text("succeeded")


def test_a_challenge_that_is_passed_pays(page: Page) -> None:
    type_card(page, "4000000000003220")
    pay(page)
    challenge = page.frame_locator("iframe[title='3-D Secure authentication']")
    challenge.get_by_role("button", name="Complete authentication").click()
    expect(page.locator("#outcome")).to_have_text("succeeded")
    expect(page.locator("dialog")).to_have_count(0)


def test_a_challenge_that_is_failed_says_so(page: Page) -> None:
    type_card(page, "4000000000003220")
    pay(page)
    challenge = page.frame_locator("iframe[title='3-D Secure authentication']")
    challenge.get_by_role("button", name="Fail authentication").click()
    expect(page.locator("#outcome")).to_contain_text("unable to authenticate")


def test_the_whole_payment_works_by_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    page.keyboard.type("4000000000003220")
    page.keyboard.press("Tab")
    page.keyboard.type("1240")
    page.keyboard.press("Tab")
    page.keyboard.type("123")
    page.keyboard.press("Enter")
    challenge = page.frame_locator("iframe[title='3-D Secure authentication']")
    expect(challenge.get_by_role("button", name="Complete authentication")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#outcome")).to_have_text("succeeded")


def test_faults_are_named_on_submit_and_go_when_they_are_mended(page: Page) -> None:
    pay(page)
    expect(page.locator("#outcome")).to_have_text("Your card number is incomplete.")
    frame = card_frame(page)
    number = frame.get_by_label("Card number")
    expect(number).to_be_focused()
    expect(number).to_have_attribute("aria-invalid", "true")
    number.press_sequentially("4242424242424241")
    expect(frame.get_by_text("Your card number is invalid.")).to_be_visible()
    number.press("Backspace")
    number.press("2")
    expect(number).not_to_have_attribute("aria-invalid", "true")
    expect(frame.get_by_text("Your card's security code is incomplete.")).to_be_visible()


def test_an_expired_card_is_refused_when_its_field_is_left(page: Page) -> None:
    type_card(page, "4242424242424242", "0120")
    expect(
        card_frame(page).get_by_text("Your card's expiration date is in the past.")
    ).to_be_visible()


def test_amounts_that_differ_throw(page: Page) -> None:
    type_card(page, "4242424242424242")
    page.evaluate("document.getElementById('checkout').dataset.amount = '5000'")
    pay(page)
    expect(page.locator("#outcome")).to_contain_text("IntegrationError: The elements were made for")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("stripe.elements({mode: 'payment', amount: 0, currency: 'usd'})", "positive integer"),
        ("stripe.elements({mode: 'payment', amount: 5, currency: 'USD'})", "lower-case"),
        ("elements.create('payment')", "Can only create one Element"),
        ("elements.create('card')", "has the Elements payment, expressCheckout"),
        ("Stripe('pk_live_x')", "test key"),
        ("stripe.retrievePaymentIntent('nonsense')", "pi_…_secret_…"),
        (
            "stripe.confirmPayment({elements, clientSecret: 'pi_a_secret_b', confirmParams: {}})",
            "elements.submit() must be called",
        ),
    ],
)
def test_it_throws_where_stripe_throws(page: Page, script: str, message: str) -> None:
    thrown = page.evaluate(
        f"async () => {{ try {{ await ({script}); return 'no throw' }} "
        "catch (error) { return `${error.name}: ${error.message}` } }"
    )
    assert thrown.startswith("IntegrationError")
    assert message in thrown


def test_with_redirect_always_the_page_goes_to_the_return_address(
    page: Page, host_url: str
) -> None:
    page.evaluate("document.getElementById('checkout').dataset.redirect = 'always'")
    type_card(page, "4242424242424242")
    pay(page)
    page.wait_for_url("**/?from=shop&payment_intent=pi_*")
    assert "redirect_status=succeeded" in page.url
    assert "_secret_" in page.url


def test_a_changed_appearance_reaches_the_frame(page: Page) -> None:
    frame = card_frame(page)
    expect(frame.get_by_label("Card number")).to_be_visible()
    page.evaluate(
        "elements.update({appearance: {theme: 'night', variables: {colorText: '#ff0000'}}})"
    )
    expect(frame.get_by_label("Card number")).to_have_css("color", "rgb(255, 0, 0)")


@pytest.mark.parametrize("theme", ["stripe", "night", "flat"])
def test_axe_finds_nothing_in_the_card_frame(page: Page, theme: str) -> None:
    background = "#101216" if theme == "night" else "#ffffff"
    page.evaluate(f"document.body.style.background = '{background}'")
    page.evaluate(f"elements.update({{appearance: {{theme: '{theme}'}}}})")
    pay(page)
    expect(card_frame(page).get_by_text("Your card number is incomplete.")).to_be_visible()
    frame = page.frames[1]
    # Axe looks at the frame as if it were a page: give it the background it is seen against.
    frame.evaluate(f"document.documentElement.style.background = '{background}'")
    assert violations(frame) == []


def test_axe_finds_nothing_in_the_challenge(page: Page) -> None:
    type_card(page, "4000000000003220")
    pay(page)
    challenge = page.frame_locator("iframe[title='3-D Secure authentication']")
    expect(challenge.get_by_role("button", name="Complete authentication")).to_be_visible()
    assert violations(page.frames[2]) == []
    challenge.get_by_role("button", name="Complete authentication").click()
    expect(page.locator("#outcome")).to_have_text("succeeded")
