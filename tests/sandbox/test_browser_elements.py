"""Saved cards, setups, the other Elements and the test wallet, on a small shop's page."""

from typing import Any

import pytest
import stripe
from playwright.sync_api import FrameLocator, Page, expect

from tests.conftest import NewPage
from tests.sandbox.small_shop import card_frame, type_card, violations
from tests.standin import StandIn

pytestmark = pytest.mark.browser
# Puts Elements of the test's own in the place of the page's; `call` names what fails.
TOOLS = """
window.renew = (options, types = {payment: {}}) => {
  elements.getElement('payment')?.destroy();
  window.news = [];
  window.group = stripe.elements(options);
  for (const [type, given] of Object.entries(types)) {
    const place = document.getElementById(type) ?? document.createElement('div');
    place.id = type;
    document.getElementById('checkout').append(place);
    const element = group.create(type, given);
    for (const name of ['ready', 'change', 'cancel', 'savedpaymentmethodremove']) {
      element.on(name, (event) => news.push([name, event]));
    }
    element.mount(place);
  }
};
window.METHOD = {payment_method: 'pm_x'};
window.call = async (act) => {
  try { return await act(); } catch (error) { return `${error.name}: ${error.message}`; }
};
window.until = async (look) => {
  for (let tries = 0; tries < 100; tries += 1) {
    const seen = look();
    if (seen) return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${look} stayed empty for five seconds`);
};
"""


@pytest.fixture
def page(new_page: NewPage, host_url: str) -> Page:
    """Return the shop's page on a narrow screen; the policy must not stop anything on it."""
    page = new_page(viewport={"width": 360, "height": 740})
    page.goto(host_url)
    page.evaluate(f"() => {{ {TOOLS} }}")
    return page


@pytest.fixture
def ada(client: stripe.StripeClient) -> stripe.Customer:
    """A customer with a saved Visa and a saved Mastercard, the Mastercard saved last."""
    customer = client.v1.customers.create({"email": "ada@example.com"})
    for ready_made in ("pm_card_visa", "pm_card_mastercard"):
        method = client.v1.payment_methods.attach(ready_made, {"customer": customer.id})
        client.v1.payment_methods.update(method.id, {"allow_redisplay": "always"})
    return customer


def options(client: stripe.StripeClient, customer: stripe.Customer, **more: Any) -> Any:
    """Return deferred options with a customer session that shows, saves and removes cards."""
    features: Any = {
        "payment_method_redisplay": "enabled",
        "payment_method_remove": "enabled",
        "payment_method_save": "enabled",
        "payment_method_save_usage": "off_session",
    }
    session = client.v1.customer_sessions.create(
        {
            "customer": customer.id,
            "components": {"payment_element": {"enabled": True, "features": features}},
        }
    )
    secret = session.client_secret
    payment = {"mode": "payment", "amount": 4200, "currency": "usd"}
    return {**payment, "customerSessionClientSecret": secret, **more}


def secret_for(client: stripe.StripeClient, customer: stripe.Customer) -> str:
    """Return the client secret of a new intent of the customer's."""
    intent = client.v1.payment_intents.create(
        {"amount": 4200, "currency": "usd", "customer": customer.id}
    )
    return str(intent.client_secret)


def confirm(page: Page, verb: str, secret: str) -> Any:
    """Submit and confirm; return the result, or the text of what was thrown."""
    return page.evaluate(
        "([verb, clientSecret]) => call(async () => { const {error} = await group.submit();"
        " return error ? {error} : stripe[verb]({elements: group, clientSecret,"
        " redirect: 'if_required'}) })",
        [verb, secret],
    )


def frame_of(page: Page, name: str) -> FrameLocator:
    """Return the frame of another Element."""
    return page.frame_locator(f"iframe[title='Secure {name} frame']")


def news(page: Page, event: str) -> Any:
    """Return the last event of that name that an Element gave."""
    return page.evaluate(f"until(() => news.filter(([name]) => name === '{event}').pop()?.[1])")


def test_a_saved_card_is_chosen_by_its_name_and_pays(
    page: Page, client: stripe.StripeClient, ada: stripe.Customer
) -> None:
    page.evaluate("options => renew(options)", options(client, ada))
    frame = card_frame(page)
    expect(frame.get_by_role("radio")).to_have_count(3)
    expect(frame.get_by_role("radio", name="Mastercard ending in 4444")).to_be_checked()
    expect(frame.get_by_label("Card number")).to_be_hidden()
    frame.get_by_role("radio", name="Visa ending in 4242").check()
    assert news(page, "change")["complete"] is True
    result = confirm(page, "confirmPayment", secret_for(client, ada))
    assert result["paymentIntent"]["status"] == "succeeded"
    method = client.v1.payment_methods.retrieve(result["paymentIntent"]["payment_method"])
    assert method.card is not None
    assert (method.card.last4, method.customer) == ("4242", ada.id)


def test_a_new_card_is_saved_when_the_shopper_ticks_the_box(
    page: Page, client: stripe.StripeClient
) -> None:
    eve = client.v1.customers.create({})
    page.evaluate("options => renew(options)", options(client, eve))
    expect(card_frame(page).get_by_role("radio")).to_have_count(0)
    for saves, kept in ((False, 0), (True, 1)):
        type_card(page, "4242424242424242")
        card_frame(page).get_by_label("Save this card").set_checked(saves)
        result = confirm(page, "confirmPayment", secret_for(client, eve))
        assert result["paymentIntent"]["status"] == "succeeded"
        cards = client.v1.customers.payment_methods.list(eve.id, {"allow_redisplay": "always"})
        assert len(cards.data) == kept


def test_a_saved_card_can_be_taken_away(
    page: Page, client: stripe.StripeClient, ada: stripe.Customer
) -> None:
    page.evaluate("options => renew(options)", options(client, ada))
    frame = card_frame(page)
    frame.get_by_role("button", name="Remove Mastercard ending in 4444").click()
    expect(frame.get_by_role("radio")).to_have_count(2)
    assert news(page, "savedpaymentmethodremove")["success"] is True
    assert len(client.v1.customers.payment_methods.list(ada.id).data) == 1


def test_another_card_can_be_typed_beside_saved_ones(
    page: Page, client: stripe.StripeClient, ada: stripe.Customer
) -> None:
    page.evaluate("options => renew(options)", options(client, ada))
    card_frame(page).get_by_label("New card").check()
    result = confirm(page, "confirmPayment", secret_for(client, ada))
    assert result["error"]["message"] == "Your card number is incomplete."
    type_card(page, "4242424242424242")
    result = confirm(page, "confirmPayment", secret_for(client, ada))
    assert result["paymentIntent"]["status"] == "succeeded"


@pytest.mark.parametrize(("button", "status"), [("Complete", "succeeded"), ("Fail", None)])
def test_a_card_is_saved_without_a_payment(
    page: Page,
    client: stripe.StripeClient,
    ada: stripe.Customer,
    button: str,
    status: str | None,
) -> None:
    intent = client.v1.setup_intents.create({"customer": ada.id})
    page.evaluate("renew({mode: 'setup', currency: 'usd'})")
    type_card(page, "4000000000003220")
    page.evaluate(
        "clientSecret => { call(async () => { await group.submit(); window.result = await"
        " stripe.confirmSetup({elements: group, clientSecret, redirect: 'if_required'}) }) }",
        intent.client_secret,
    )
    challenge = page.frame_locator("iframe[title='3-D Secure authentication']")
    expect(challenge.get_by_text("saves this card")).to_be_visible()
    challenge.get_by_role("button", name=f"{button} authentication").click()
    result = page.evaluate("until(() => window.result)")
    if status:
        assert result["setupIntent"]["status"] == status
        seen = page.evaluate("secret => stripe.retrieveSetupIntent(secret)", intent.client_secret)
        assert seen["setupIntent"]["id"] == intent.id
    else:
        assert result["error"]["code"] == "setup_intent_authentication_failure"
        assert result["error"]["setup_intent"]["status"] == "requires_payment_method"


def test_email_and_address_are_asked_for_and_sent_along(
    page: Page, client: stripe.StripeClient, ada: stripe.Customer
) -> None:
    given = {
        "payment": {},
        "linkAuthentication": {},
        "address": {"mode": "shipping", "allowedCountries": ["US", "DE"]},
    }
    page.evaluate("types => renew({mode: 'payment', amount: 4200, currency: 'usd'}, types)", given)
    secret = secret_for(client, ada)
    type_card(page, "4242424242424242")
    assert confirm(page, "confirmPayment", secret)["error"]["code"] == "incomplete_email"
    frame_of(page, "email input").get_by_label("Email").fill("ada@example.com")
    assert news(page, "change")["value"] == {"email": "ada@example.com"}
    assert confirm(page, "confirmPayment", secret)["error"]["code"] == "incomplete_name"
    address = frame_of(page, "address input")
    for label, text in (
        ("Full name", "Ada"), ("Address line 1", "1 Main St"), ("City", "Bonn"),
        ("Postal code", "53111"),
    ):  # fmt: skip
        address.get_by_label(label).fill(text)
    address.get_by_label("Country or region").select_option("Germany")
    value = page.evaluate("group.getElement('address').getValue()")
    assert value["complete"] is True
    assert value["value"]["address"]["country"] == "DE"
    assert confirm(page, "confirmPayment", secret)["paymentIntent"]["status"] == "succeeded"
    intent = client.v1.payment_intents.list({"expand": ["data.payment_method"]}).data[0]
    assert isinstance(intent.payment_method, stripe.PaymentMethod)
    assert intent.payment_method.billing_details.email == "ada@example.com"
    assert intent.shipping is not None
    assert intent.shipping.address is not None
    assert intent.shipping.address.city == "Bonn"


def test_a_payment_method_is_made_for_the_server(page: Page) -> None:
    page.evaluate("renew({mode: 'payment', amount: 4200, currency: 'usd'})")
    type_card(page, "4242424242424242")
    made = page.evaluate(
        "call(async () => { await group.submit();"
        " return stripe.createPaymentMethod({elements: group}) })"
    )
    assert made["paymentMethod"]["card"]["last4"] == "4242"


def test_a_confirmation_token_is_looked_at_and_used_once_by_the_server(
    page: Page, client: stripe.StripeClient
) -> None:
    page.evaluate("renew({mode: 'payment', amount: 4200, currency: 'usd'})")
    type_card(page, "4242424242424242")
    made = page.evaluate(
        "call(async () => { await group.submit(); return stripe.createConfirmationToken("
        "{elements: group, params: {return_url: 'http://127.0.0.1/back'}}) })"
    )
    token = client.v1.confirmation_tokens.retrieve(made["confirmationToken"]["id"])
    assert token.payment_method_preview is not None
    assert token.payment_method_preview.card is not None
    assert token.payment_method_preview.card.last4 == "4242"
    params: Any = {"amount": 4200, "currency": "usd", "confirm": True}
    params["confirmation_token"] = token.id
    assert client.v1.payment_intents.create(params).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="already been used"):
        client.v1.payment_intents.create(params)


@pytest.mark.parametrize(
    ("card", "outcome"),
    [("succeeds", "succeeded"), ("is declined", "Your card was declined.")],
)
def test_the_test_wallet_pays_without_typing(
    page: Page, client: stripe.StripeClient, ada: stripe.Customer, card: str, outcome: str
) -> None:
    page.evaluate(
        """clientSecret => {
          renew({mode: 'payment', amount: 4200, currency: 'usd'}, {expressCheckout: {}});
          const express = group.getElement('expressCheckout');
          const shippingRates = [{id: 'slow', amount: 500, displayName: 'Post'}];
          express.on('click', (event) => event.resolve(
            {emailRequired: true, shippingAddressRequired: true, shippingRates}));
          express.on('shippingaddresschange', (event) => event.resolve({shippingRates}));
          express.on('confirm', async (event) => {
            const {error} = await group.submit();
            const result = await stripe.confirmPayment(
              {elements: group, clientSecret, redirect: 'if_required'});
            window.result = [event, result.error?.message ?? result.paymentIntent.status];
          });
        }""",
        secret_for(client, ada),
    )
    assert news(page, "ready")["availablePaymentMethods"]["googlePay"] is True
    wallet = frame_of(page, "express checkout")
    wallet.get_by_role("button", name="Pay with the test wallet").click()
    expect(wallet.get_by_role("heading")).to_have_text("Test wallet: pay $42.00")
    expect(wallet.get_by_label("Shipping")).to_have_value("slow")
    wallet.get_by_label("Card").select_option(label=wallet_option(card))
    wallet.get_by_role("button", name="Pay now").click()
    event, result = page.evaluate("until(() => window.result)")
    assert result == outcome
    assert event["shippingAddress"]["address"]["city"] == "Springfield"
    assert event["shippingRate"]["id"] == "slow"
    assert event["billingDetails"]["email"] == "ada@example.com"


def wallet_option(card: str) -> str:
    """Return the wallet's card that does what is asked."""
    number = {"succeeds": "4242", "is declined": "0002"}[card]
    return f"Visa ending in {number}, {card}"


def test_the_test_wallet_can_be_sent_away(page: Page) -> None:
    page.evaluate("renew({mode: 'payment', amount: 4200, currency: 'usd'}, {expressCheckout: {}})")
    wallet = frame_of(page, "express checkout")
    wallet.get_by_role("button", name="Pay with the test wallet").click()
    wallet.get_by_role("button", name="Cancel").click()
    assert news(page, "cancel")["elementType"] == "expressCheckout"
    expect(wallet.get_by_role("button", name="Pay with the test wallet")).to_be_visible()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("stripe.elements({mode: 'setup', amount: 5, currency: 'usd'})", "amount may not be given"),
        ("stripe.elements({mode: 'subscription'})", "payment and setup, not subscription"),
        (
            "stripe.elements({mode: 'setup', customerSessionClientSecret: 'x'})",
            "cuss_secret_",
        ),
        ("elements.create('address', {mode: 'home'})", "shipping or billing, not home"),
        ("stripe.elements({mode: 'setup'}).submit()", "Create and mount a Payment Element"),
        ("stripe.confirmSetup({elements, clientSecret: 'pi_a_secret_b'})", "seti_…_secret_…"),
        ("stripe.confirmPayment({clientSecret: 'pi_a_secret_b'})", "give elements, or"),
        ("stripe.createPaymentMethod({elements})", "elements.submit() must be called"),
        ("stripe.createConfirmationToken({elements})", "elements.submit() must be called"),
        (
            "stripe.confirmSetup({clientSecret: 'seti_a_secret_b', confirmParams: METHOD})",
            "return_url is required",
        ),
    ],
)
def test_it_throws_where_stripe_throws(page: Page, script: str, message: str) -> None:
    thrown = page.evaluate(f"call(async () => ({script}))")
    assert str(thrown).startswith("IntegrationError")
    assert message in thrown


def test_elements_for_a_payment_do_not_confirm_a_setup(
    page: Page, client: stripe.StripeClient
) -> None:
    secret = str(client.v1.setup_intents.create().client_secret)
    page.evaluate("renew({mode: 'payment', amount: 4200, currency: 'usd'})")
    type_card(page, "4242424242424242")
    thrown = confirm(page, "confirmSetup", secret)
    assert "needs elements made for mode setup" in thrown


@pytest.mark.parametrize("theme", ["stripe", "night"])
def test_axe_finds_nothing_in_the_other_frames(
    page: Page, client: stripe.StripeClient, ada: stripe.Customer, theme: str, stand_in: StandIn
) -> None:
    background = "#101216" if theme == "night" else "#ffffff"
    given: Any = {"payment": {}, "expressCheckout": {}, "linkAuthentication": {}}
    page.evaluate(
        "([options, types]) => renew(options, types)",
        [
            options(client, ada, appearance={"theme": theme}),
            {**given, "address": {"mode": "billing"}},
        ],
    )
    expect(card_frame(page).get_by_role("radio")).to_have_count(3)
    frame_of(page, "express checkout").get_by_role("button").click()
    frame_of(page, "email input").get_by_label("Email").fill("nobody")
    frame_of(page, "address input").get_by_label("City").press("Tab")
    frames = [frame for frame in page.frames if frame.url.startswith(stand_in.url)]
    assert len(frames) == 4
    for frame in frames:
        frame.evaluate(f"document.documentElement.style.background = '{background}'")
        assert violations(frame) == []
