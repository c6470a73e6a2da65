"""The 3-D Secure challenge, which the shopper passes or fails as the test wants it."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from werkzeug import Request, Response
from werkzeug.exceptions import NotFound
from werkzeug.utils import redirect

from sandbox import payments
from sandbox.api import setup_intents
from sandbox.errors import Json, PaymentDeclinedError, StripeError
from sandbox.money import as_money
from sandbox.pages import page
from sandbox.world import Call, World


def show(world: World, request: Request, intent_id: str) -> Response:
    """Return the page on which the shopper passes or fails the challenge."""
    with world.store.transaction():
        intent = _challenged(Call(world), request, intent_id)
    if intent["status"] != "requires_action":
        return page("challenge_over.html")
    what = "saves this card"
    if not _is_setup(intent_id):
        what = f"pays {as_money(intent['amount'], intent['currency'])}"
    return page("challenge.html", what=what)


def end(world: World, request: Request, intent_id: str) -> Response:
    """Pass or fail the challenge, then go back to the shop when the whole page went away."""
    passed = request.form.get("outcome") == "complete"
    authenticate = setup_intents.authenticate if _is_setup(intent_id) else payments.authenticate
    with world.store.transaction():
        call = Call(world)
        intent = _challenged(call, request, intent_id)
        action = intent["next_action"] or {}
        try:
            authenticate(call, intent, passed)
            outcome = "succeeded"
        except PaymentDeclinedError:
            outcome = "failed"
        except StripeError:
            # Ended in another tab: nothing is left to do here.
            return page("challenge_over.html")
    world.rang.set()
    return_url = action.get("redirect_to_url", {}).get("return_url")
    if return_url:
        return redirect(_returning(return_url, intent, outcome), 303)
    return page("challenge_over.html")


def _challenged(call: Call, request: Request, intent_id: str) -> Json:
    kind = "setup_intent" if _is_setup(intent_id) else "payment_intent"
    intent = call.store.find(kind, intent_id)
    secret = request.args.get(f"{kind}_client_secret")
    if intent is None or intent["client_secret"] != secret:
        raise NotFound
    return intent


def _is_setup(intent_id: str) -> bool:
    return intent_id.startswith("seti_")


def _returning(return_url: str, intent: Json, outcome: str) -> str:
    parts = urlsplit(return_url)
    query = [
        *parse_qsl(parts.query, keep_blank_values=True),
        (intent["object"], intent["id"]),
        (f"{intent['object']}_client_secret", intent["client_secret"]),
        ("redirect_status", outcome),
    ]
    return parts._replace(query=urlencode(query)).geturl()
