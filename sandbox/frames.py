"""What the fields in the browser need beyond Stripe's published API; the publishable key is asked
for throughout, and what opens a customer's cards is the secret of the customer session."""

from typing import Any

from werkzeug import Request, Response
from werkzeug.exceptions import NotFound

from sandbox.api import confirmation_tokens, customer_sessions, payment_methods
from sandbox.control import reply
from sandbox.errors import Json, StripeError
from sandbox.forms import decode
from sandbox.pages import page
from sandbox.world import Call, World

FRAMES = frozenset({"address", "card", "email", "wallet"})


def frame(_world: World, _request: Request, name: str) -> Response:
    """Return a page with fields or buttons; any shop may frame it."""
    if name not in FRAMES:
        raise NotFound
    return page(f"{name}.html")


def saved_cards(world: World, request: Request) -> Response:
    """Return the cards that the customer session's Payment Element may show, and what it may do."""
    with world.store.transaction():
        call = Call(world)
        session = _session(call, request.args)
        if session is None:
            return _refused("The customer session does not exist or has expired.")
        cards = customer_sessions.shown_cards(call, session)
    shown = [
        {"id": each["id"], "billing_details": each["billing_details"], **_card(each["card"])}
        for each in cards
    ]
    features = session["components"]["payment_element"]["features"]
    return reply({"cards": shown, "features": features})


def remove_saved_card(world: World, request: Request, method_id: str) -> Response:
    """Detach a saved card that is shown, when the customer session allows that."""
    with world.store.transaction():
        call = Call(world)
        session = _session(call, request.form)
        if session is None:
            return _refused("The customer session does not exist or has expired.")
        features = session["components"]["payment_element"]["features"]
        cards = customer_sessions.shown_cards(call, session)
        method = next((each for each in cards if each["id"] == method_id), None)
        if method is None or features["payment_method_remove"] != "enabled":
            return _refused("The customer session does not allow this card to be removed.")
        payment_methods.detach_from(call, method)
    world.rang.set()
    return reply({})


def create_confirmation_token(world: World, request: Request) -> Response:
    """Keep a confirmation token for a payment method that the card frame has made."""
    try:
        form = decode(request.form.items(multi=True))
        with world.store.transaction():
            call = Call(world, public=True)
            if form.get("key") != world.config.publishable_key:
                return _open_to_shops(_refused("This is not the publishable key.", 401))
            method = call.need("payment_method", form.get("payment_method", ""), "payment_method")
            token = confirmation_tokens.add(call, method, form)
    except StripeError as error:
        return _open_to_shops(reply({"error": error.error}, error.status))
    return _open_to_shops(reply(token))


def _session(call: Call, given: Any) -> Json | None:
    if given.get("key") != call.world.config.publishable_key:
        return None
    return customer_sessions.opened_by(call, given.get("customer_session_client_secret", ""))


def _card(card: Json) -> Json:
    return {name: card[name] for name in ("brand", "last4", "exp_month", "exp_year")}


def _refused(message: str, status: int = 400) -> Response:
    return reply({"error": {"type": "invalid_request_error", "message": message}}, status)


def _open_to_shops(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
