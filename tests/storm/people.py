"""Shoppers and staff of the storm, over HTTP: they press again when nobody answers."""

import random
import time
import uuid
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import requests

from tests.checkout.shopper import ADA, PROCESSING_CARD
from tests.standin import StandIn
from tests.storm.processes import Shop

# What the next step needs was not there: nobody answered, or not what was asked for.
BROKEN = (requests.RequestException, OSError, ValueError, KeyError, TypeError)
PATIENCE_SECONDS = 45

# Card and how many shoppers of a hundred use it.
CARDS = {
    "4242424242424242": 60,
    # Declined; the shopper takes another card then.
    "4000000000000002": 8,
    # Asks for 3-D Secure.
    "4000000000003220": 8,
    PROCESSING_CARD: 8,
    # Processing, then fails.
    "4000000000800005": 3,
    # Disputed soon after.
    "4000000000000259": 4,
    # A refund to it fails later.
    "4000000000005126": 9,
}


class GaveUpError(Exception):
    """Nobody answered for as long as a shopper waits."""


def patiently(step: Callable[[], Any]) -> Any:
    """Do a step until it returns something, again and again while the shop does not answer."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            done = step()
        except BROKEN:
            done = None
        if done is not None:
            return done
        time.sleep(random.uniform(0.1, 0.5))
    raise GaveUpError


class Shopper:
    """One visitor with a cart, an address of his own, and a card."""

    def __init__(self, shop: Shop, dice: random.Random, skus: list[str]) -> None:
        self.shop = shop
        self.dice = dice
        self.skus = skus
        self.session = requests.Session()
        address = ".".join(str(dice.randrange(1, 255)) for _ in range(4))
        self.session.headers["X-Forwarded-For"] = address
        self.email = f"{address}@example.com"

    def visit(self) -> str:
        """Buy something, or leave; return what came of it."""
        try:
            cart = patiently(self._fill_cart)
            key = str(uuid.uuid4())
            secret = patiently(lambda: self._press_pay(cart, key))
            if not secret.startswith("pi_"):
                return str(secret)
            if self.dice.random() < 0.05:
                return "left"
            if self.dice.random() < 0.1:
                # A second tab.
                patiently(lambda: self._press_pay(cart, str(uuid.uuid4())))
            (card,) = self.dice.choices(list(CARDS), list(CARDS.values()))
            return str(patiently(lambda: self._confirm(secret, card)))
        except GaveUpError:
            return "gave up"

    def _fill_cart(self) -> dict[str, Any] | None:
        self.session.get(f"{self.shop.url}/cart/", timeout=20).raise_for_status()
        for sku in self.dice.sample(self.skus, self.dice.choice((1, 1, 1, 2))):
            self._post("/api/cart/lines", {"sku": sku, "quantity": self.dice.choice((1, 1, 2))})
        if self.dice.random() < 0.2:
            form = {"code": "STORM", "csrfmiddlewaretoken": self.session.cookies["csrftoken"]}
            self.session.post(f"{self.shop.url}/cart/coupon/", form, timeout=20)
        return self._cart()

    def _cart(self) -> dict[str, Any] | None:
        answer = self.session.get(f"{self.shop.url}/api/cart", timeout=20)
        answer.raise_for_status()
        cart: dict[str, Any] = answer.json()
        return cart

    def _press_pay(self, cart: dict[str, Any], key: str) -> str | None:
        """Return the client secret, or in a word why there is nothing to pay."""
        answer = self._post(
            "/api/checkout/payment-intent",
            {
                "email": self.email,
                **ADA.shipping,
                "shown_total_minor": cart["total_minor"],
                "shown_currency": cart["currency"],
            },
            {"Idempotency-Key": key},
        )
        body = answer.json()
        if answer.status_code == 200:
            return str(body["client_secret"] or "paid")
        return body["code"] if answer.status_code == 409 else None

    def _confirm(self, secret: str, card: str) -> str | None:
        standin: StandIn = self.shop.standin
        now = standin.retrieve_as_browser(secret)["status"]
        if now in ("succeeded", "processing", "canceled"):
            return str(now)
        way = "fail" if self.dice.random() < 0.2 else "complete"
        answer = standin.pay(secret, card, authenticate=way)  # type: ignore[arg-type]
        if "paymentIntent" in answer:
            return str(answer["paymentIntent"]["status"])
        if answer["error"].get("code") == "payment_intent_unexpected_state":
            return None
        # Declined: half of them try another card.
        if self.dice.random() < 0.5:
            return self._confirm(secret, "4242424242424242")
        return "declined"

    def _post(
        self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> requests.Response:
        token = self.session.cookies["csrftoken"] or ""
        answer = self.session.post(
            self.shop.url + path,
            json=body,
            headers={"X-CSRFToken": token, **(headers or {})},
            timeout=20,
        )
        if answer.status_code >= 500:
            answer.raise_for_status()
        return answer


class Staff:
    """A member of staff at the admin, who gives money back."""

    def __init__(self, shop: Shop, dice: random.Random, email: str, password: str) -> None:
        self.shop = shop
        self.dice = dice
        self.email = email
        self.password = password
        self.session = requests.Session()
        self.done: Counter[str] = Counter()

    def refund(self, order_id: int, payment_id: int) -> None:
        """Compose a refund of all or of one unit, look at the preview, and press the button."""
        page = f"/admin/orders/order/{order_id}/refund/{payment_id}/"
        try:
            form = self._form(page + self.dice.choice(("", "?all=1")))
            if "quantity" in " ".join(form) and "shown" not in form:
                name = self.dice.choice([name for name in form if name.startswith("quantity_")])
                form = self._form(page, {**form, name: "1", "step": "preview"})
            if "shown" not in form:
                self.done["no refund"] += 1
                return
            answer = self._post(page, {**form, "step": "refund"})
            self.done["refunds" if answer.history else "refunds refused"] += 1
        except BROKEN:
            self.done["no answer"] += 1

    def cancel(self, order_id: int) -> None:
        """Cancel an order, whatever its state."""
        page = f"/admin/orders/order/{order_id}/cancel/"
        try:
            self._post(page, self._form(page))
            self.done["cancels"] += 1
        except BROKEN:
            self.done["no answer"] += 1

    def _form(self, path: str, data: dict[str, str] | None = None) -> dict[str, str]:
        """Return the fields of the page's form, as a browser would send them."""
        answer = self._get(path) if data is None else self._post(path, data)
        fields = Fields()
        fields.feed(answer.text)
        return fields.found

    def _get(self, path: str) -> requests.Response:
        answer = self.session.get(self.shop.url + path, timeout=20)
        if "/login/" in answer.url:
            self._sign_in(answer)
            answer = self.session.get(self.shop.url + path, timeout=20)
        answer.raise_for_status()
        return answer

    def _sign_in(self, page: requests.Response) -> None:
        fields = Fields()
        fields.feed(page.text)
        form = {**fields.found, "login": self.email, "password": self.password}
        self.session.post(page.url, form, timeout=20).raise_for_status()

    def _post(self, path: str, form: dict[str, str]) -> requests.Response:
        form = {**form, "csrfmiddlewaretoken": self.session.cookies["csrftoken"] or ""}
        answer = self.session.post(self.shop.url + path, form, timeout=20)
        answer.raise_for_status()
        return answer


class Fields(HTMLParser):
    """The names and values of a page's form fields; the chosen options, the ticked boxes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        field = {name: value or "" for name, value in attrs}
        name, value = field.get("name", ""), field.get("value", "")
        if tag == "input" and name:
            if field.get("type") != "checkbox" or "checked" in field:
                self.found[name] = value or ("on" if field.get("type") == "checkbox" else "")
        elif tag == "select":
            self._select = name
        elif (
            tag == "option"
            and self._select
            and ("selected" in field or self._select not in self.found)
        ):
            self.found[self._select] = value
