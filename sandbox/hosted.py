"""The hosted page of a checkout session: the shopper pays here and goes back to the shop."""

from urllib.parse import quote

from markupsafe import Markup
from werkzeug import Request, Response
from werkzeug.exceptions import NotFound
from werkzeug.utils import redirect

from sandbox import sessions
from sandbox.api import checkout_sessions, coupons, payment_intents, promotion_codes
from sandbox.control import reply
from sandbox.errors import Json, StripeError
from sandbox.money import as_money
from sandbox.pages import page
from sandbox.world import Call, World

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PLACE = "{CHECKOUT_SESSION_ID}"


def show(world: World, request: Request, session_id: str) -> Response:
    """Return the page; a session that is over sends the shopper on, or says that it has expired."""
    with world.store.transaction():
        call = Call(world)
        session = _session(call, session_id)
        if session["status"] == "complete":
            # What Stripe does not: the address, opened again later, still leads back to the shop.
            return redirect(session["success_url"].replace(PLACE, quote(session_id)), 303)
        if session["status"] == "expired":
            return _strict(page("checkout_session_expired.html", back=_back(session)))
        items = sessions.items(call, session)
    email = (session["customer_details"] or {}).get("email") or ""
    return _strict(
        page(
            "checkout_session.html",
            id=session_id,
            key=world.config.publishable_key,
            amount=session["amount_total"],
            currency=session["currency"],
            total=as_money(session["amount_total"], session["currency"]),
            items=_rows(items),
            discount=_discount(session),
            promotion=_promotion(session, "unknown_code" in request.args),
            email=email,
            pay="Pay " if session["amount_total"] else "Place the order: ",
            back=_back(session),
        )
    )


def change_promotion_code(world: World, request: Request, session_id: str) -> Response:
    """Take the code that was typed, or take it away when it is empty; then show the page again."""
    address = f"/c/pay/{quote(session_id)}"
    word = request.form.get("promotion_code", "")
    with world.store.transaction():
        call = Call(world)
        session = _session(call, session_id)
        if session["status"] != "open" or not session["allow_promotion_codes"]:
            return redirect(address, 303)
        try:
            coupon, promotion_code = _redeemable(call, session, word)
        except StripeError:
            return redirect(f"{address}?unknown_code", 303)
        sessions.price_up(session, coupon, promotion_code)
        call.store.save(session)
    return redirect(address, 303)


def pay(world: World, request: Request, session_id: str) -> Response:
    """Return the client secret of the intent to confirm; without one there is nothing to pay."""
    email, name = request.form.get("email", "").strip(), request.form.get("name", "").strip()
    with world.store.transaction():
        call = Call(world)
        session = _session(call, session_id)
        if session["status"] != "open":
            return reply({})
        if "@" not in email:
            return reply({"error": {"message": "Your email is incomplete."}}, 400)
        session["customer_details"] = checkout_sessions.details(email, name or None)
        session["collected_information"] = dict.fromkeys(
            ("business_name", "individual_name", "shipping_details")
        )
        if session["amount_total"] == 0:
            sessions.complete(call, session, "no_payment_required")
            secret = None
        else:
            try:
                intent = _intent(call, session)
            except StripeError as error:
                return reply({"error": error.error}, error.status)
            session["payment_intent"] = intent["id"]
            call.store.save(session)
            secret = intent["client_secret"]
    world.rang.set()
    return reply({"client_secret": secret} if secret else {})


def _session(call: Call, session_id: str) -> Json:
    session = call.store.find("checkout.session", session_id)
    if session is None:
        raise NotFound
    if session["status"] == "open" and session["expires_at"] <= call.now:
        return checkout_sessions.expire_now(call, session)
    return session


def _intent(call: Call, session: Json) -> Json:
    """Return the session's intent, made by the first try to pay, over the sum of now."""
    amount = session["amount_total"]
    if session["payment_intent"]:
        path = {"intent": session["payment_intent"]}
        found = payment_intents.retrieve(Call(call.world, path=path))
        if found["amount"] == amount:
            return found
        return payment_intents.update(Call(call.world, {"amount": amount}, path))
    hidden = call.store.hidden(session["id"])
    wish = {"amount": amount, "currency": session["currency"], **hidden["payment_intent_data"]}
    if session["customer"]:
        wish["customer"] = session["customer"]
    intent = payment_intents.create(Call(call.world, wish))
    call.store.hide(intent["id"], {"checkout_session": session["id"]})
    return intent


def _redeemable(call: Call, session: Json, word: str) -> tuple[Json | None, str | None]:
    if not word.strip():
        return None, None
    code = promotion_codes.typed(call, word)
    if code is None:
        raise StripeError("This code is invalid.")
    currency = session["currency"]
    promotion_codes.check(call, code, session["customer"], currency, session["amount_subtotal"])
    return coupons.redeemable(call, code["promotion"]["coupon"], currency), code["id"]


def _rows(items: list[Json]) -> Markup:
    row = Markup("<li><span>{} × {}</span><span>{}</span></li>")
    return Markup("\n").join(
        row.format(
            each["quantity"],
            each["description"],
            as_money(each["amount_subtotal"], each["currency"]),
        )
        for each in items
    )


def _discount(session: Json) -> Markup:
    off = session["total_details"]["amount_discount"]
    if not off:
        return Markup()
    row = Markup("<li><span>Discount</span><span>−{}</span></li>")
    return row.format(as_money(off, session["currency"]))


def _promotion(session: Json, refused: bool) -> Markup:
    if not session["allow_promotion_codes"]:
        return Markup()
    form = Markup('<form method="post" action="/c/pay/{}/promotion_code">{}</form>')
    if session["discounts"]:
        inside = Markup('<button class="quiet">Remove the promotion code</button>')
    else:
        inside = Markup(
            '<div><label for="promotion-code">Promotion code</label>'
            '<input id="promotion-code" name="promotion_code" autocomplete="off" required{}>'
            "</div>{}"
            '<button class="quiet">Apply</button>'
        ).format(
            Markup(' aria-invalid="true" aria-describedby="code-fault"') if refused else "",
            Markup('<p class="fault" id="code-fault">This code is invalid.</p>') if refused else "",
        )
    return form.format(session["id"], inside)


def _back(session: Json) -> Markup:
    if not session["cancel_url"]:
        return Markup()
    address = session["cancel_url"].replace(PLACE, session["id"])
    return Markup('<p><a href="{}">Back to the shop</a></p>').format(address)


def _strict(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    return response
