"""The smallest shop that takes a card in the browser, and a shopper's hands."""

from dataclasses import dataclass
from pathlib import Path

import stripe
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Frame, FrameLocator, Page
from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler

from tests.standin import StandIn

HOST_JS = (Path(__file__).parent / "host.js").read_text(encoding="utf-8")
HOST_PAGE = """<!doctype html><html lang="en"><head><title>Shop</title>
<meta name="viewport" content="width=device-width">
<script src="{js}"></script></head><body><main><h1>Checkout</h1>
<form id="checkout" data-key="{key}"><div id="card"></div>
<button id="pay">Pay $42.00</button></form><p id="outcome" role="status"></p></main>
<script src="/host.js"></script></body></html>"""


class Quiet(WSGIRequestHandler):
    """Say nothing about requests."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@dataclass
class Host:
    """The shop's page: POST /intent makes an intent of the amount asked for."""

    stand_in: StandIn
    client: stripe.StripeClient

    def __call__(self, request: Request) -> Response:
        """Answer like a very small shop."""
        if request.path == "/intent":
            amount = int(request.form.get("amount", "4200"))
            intent = self.client.v1.payment_intents.create({"amount": amount, "currency": "usd"})
            return Response(str(intent.client_secret), mimetype="text/plain")
        if request.path == "/host.js":
            return Response(HOST_JS, mimetype="text/javascript")
        body = HOST_PAGE.format(js=self.stand_in.js_url, key=self.stand_in.publishable_key)
        policy = (
            f"default-src 'none'; script-src 'self' {self.stand_in.url}; style-src 'self'; "
            f"frame-src {self.stand_in.url}; connect-src 'self' {self.stand_in.url}"
        )
        return Response(body, mimetype="text/html", headers={"Content-Security-Policy": policy})


def card_frame(page: Page) -> FrameLocator:
    """Return the frame with the card fields."""
    return page.frame_locator("iframe[title='Secure card payment input frame']")


def type_card(page: Page, number: str, expiry: str = "12 / 40", cvc: str = "123") -> None:
    """Fill in the card as a shopper does, key by key."""
    frame = card_frame(page)
    for label, text in (
        ("Card number", number),
        ("Expiration date", expiry),
        ("Security code", cvc),
    ):
        field = frame.get_by_label(label)
        field.fill("")
        field.press_sequentially(text)


def violations(frame: Frame) -> list[str]:
    """Return what axe finds in a frame; a frame needs no heading of its own."""
    options = {"rules": {"page-has-heading-one": {"enabled": False}}}
    found = Axe().run(frame, options=options).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]
