"""Which address does what."""

import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from sandbox import challenges, control, frames, hosted, levers, mishaps, outside, pages
from sandbox.calls import ROUTES, Api
from sandbox.control import reply
from sandbox.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

View = Callable[..., Response]
CONTROLS: dict[str, View] = {
    "POST /_sandbox/faults": control.arm,
    "GET /_sandbox/faults": control.faults,
    "DELETE /_sandbox/faults": control.disarm,
    "POST /_sandbox/clock": control.clock,
    "GET /_sandbox/clock": control.clock,
    "POST /_sandbox/reset": control.reset,
    "GET /_sandbox/state": control.state,
    "GET /_sandbox/contract_violations": control.contract_violations,
    "POST /_sandbox/events/<event_id>/resend": control.resend,
    "POST /_sandbox/webhook_endpoints/<endpoint_id>/rotate": control.rotate,
    "POST /_sandbox/payment_intents/<object_id>/settle": control.lever(levers.settle_payment),
    "POST /_sandbox/payment_intents/<object_id>/refund": control.lever(levers.refund_payment),
    "POST /_sandbox/payment_intents/<object_id>/dispute": control.lever(levers.dispute_payment),
    "POST /_sandbox/refunds/<object_id>/settle": control.lever(levers.settle_refund),
    "POST /_sandbox/disputes/<object_id>/close": control.lever(levers.close_dispute),
    "POST /_sandbox/disputes/<object_id>/escalate": control.lever(levers.escalate_dispute),
    "GET /_sandbox/outside": outside.state,
}
PAGES: dict[str, View] = {
    "GET /": pages.home,
    "GET /endive/stripe.js": pages.stripe_js,
    "GET /frames/<name>": frames.frame,
    "GET /frames/saved_cards": frames.saved_cards,
    "POST /frames/saved_cards/<method_id>/remove": frames.remove_saved_card,
    "POST /frames/confirmation_tokens": frames.create_confirmation_token,
    "GET /browser/<name>": pages.asset,
    "GET /challenge/<intent_id>": challenges.show,
    "POST /challenge/<intent_id>": challenges.end,
    "GET /c/pay/<session_id>": hosted.show,
    "POST /c/pay/<session_id>": hosted.pay,
    "POST /c/pay/<session_id>/promotion_code": hosted.change_promotion_code,
    "GET /faults/": mishaps.show,
    "POST /faults/<action>": mishaps.act,
    "GET /outside/": outside.show,
    "POST /outside/accept": outside.accept,
    **outside.CALLS,
    "GET /mailbox/": pages.mailbox,
    "GET /mailbox/<int:number>/": pages.mail,
    "GET /mailbox/<int:number>/html": pages.mail_html,
}


class App:
    """The WSGI application of one stand-in."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.api = Api(world)
        rules = [_rule(address, view) for address, view in {**CONTROLS, **PAGES}.items()]
        rules += [_rule(route.replace("{", "<").replace("}", ">"), route) for route in ROUTES]
        self.map = Map(rules)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        request.trusted_hosts = ["127.0.0.1", "localhost"]
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            # Raises for a foreign name that was made to point at this machine.
            address = self.map.bind(request.host)
            endpoint, values = address.match(request.path, request.method)
            if isinstance(endpoint, str):
                return self.api.respond(endpoint, dict(values), request)
            if request.path.startswith("/_sandbox/") and not _is_ours(request):
                return reply({"error": "Send JSON, with Content-Type: application/json."}, 415)
            view: View = endpoint
            return view(self.world, request, **values)
        except (NotFound, MethodNotAllowed) as error:
            if request.path.startswith("/v1/"):
                return _unknown(request)
            return _plain(error)
        except HTTPException as error:
            return _plain(error)


def _rule(address: str, endpoint: Any) -> Rule:
    method, path = address.split(" ")
    return Rule(path, methods=[method], endpoint=endpoint)


def _is_ours(request: Request) -> bool:
    """Return False for what another site's page could send without asking."""
    return request.method in ("GET", "DELETE") or request.mimetype == "application/json"


def _unknown(request: Request) -> Response:
    logging.getLogger("stripe").info("%s %s 404", request.method, request.path)
    message = (
        f"Unrecognized request URL ({request.method}: {request.path}). "
        "The stand-in does not have this call."
    )
    body = {"error": {"type": "invalid_request_error", "message": message}}
    return reply(body, HTTPStatus.NOT_FOUND)


def _plain(error: HTTPException) -> Response:
    return Response(error.get_body(), error.code, mimetype="text/html")
