"""The page on which somebody who tries the shop makes things go wrong, in plain words."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import starmap

from markupsafe import Markup
from werkzeug import Request, Response
from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.utils import redirect

from sandbox import disputes, levers, refunds
from sandbox.control import move_clock
from sandbox.errors import Json, StripeError
from sandbox.money import as_money
from sandbox.pages import page
from sandbox.world import World

POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
INTENT, PAY, REFUND = (
    "POST /v1/payment_intents",
    "POST /v1/payment_intents/*/confirm",
    "POST /v1/refunds",
)
SHOWN = 8


@dataclass(frozen=True)
class Mishap:
    """One button: what it says, and the fault that it arms."""

    sentence: str
    kind: str
    match: str = "*"
    seconds: float | None = None
    rate: float | None = None
    times: int | None = None

    def wish(self) -> Json:
        """Return the fault in the words of the control address."""
        names = ("kind", "match", "seconds", "rate", "times")
        wish = {name: getattr(self, name) for name in names}
        return {name: value for name, value in wish.items() if value is not None}


GROUPS: dict[str, tuple[Mishap, ...]] = {
    "Webhooks": (
        Mishap("The next webhook is lost", "webhook_lost"),
        Mishap("The next webhook comes twice", "webhook_doubled"),
        Mishap("The next webhook comes 30 seconds late", "webhook_delayed", seconds=30),
        Mishap("The next webhook comes after the one behind it", "webhook_reordered", seconds=10),
        Mishap("The next webhook comes before Stripe’s answer", "webhook_early"),
        Mishap("The next webhook carries a wrong signature", "webhook_wrongly_signed"),
        Mishap("The next webhook carries an old signature", "webhook_stale"),
        Mishap("From now on a fifth of all webhooks is lost", "webhook_lost", rate=0.2),
    ),
    "Payments": (
        Mishap("Stripe fails before the next payment is begun", "error_before", INTENT),
        Mishap("Stripe begins the next payment and answers with an error", "error_after", INTENT),
        Mishap("The next charge times out after it was made", "timeout_after", PAY, seconds=30),
        Mishap("The connection drops after the next charge", "connection_dropped", PAY),
        Mishap("The next charge takes five seconds", "slow", PAY, seconds=5),
    ),
    "Refunds and all other calls": (
        Mishap("Stripe makes the next refund and answers with an error", "error_after", REFUND),
        Mishap("The connection drops after the next refund", "connection_dropped", REFUND),
        Mishap("The next call is one too many for Stripe", "rate_limited"),
        Mishap("The next call collides with another one", "conflict"),
    ),
    "Other parties": (
        Mishap("GitHub fails the next two times", "outside_fails", "github *", times=2),
        Mishap("WhatsApp fails the next two times", "outside_fails", "whatsapp *", times=2),
    ),
}
MISHAPS = {mishap.sentence: mishap for group in GROUPS.values() for mishap in group}


def show(world: World, request: Request) -> Response:
    """Show what can go wrong, what is armed, and the payments that can be tampered with."""
    return _page(world, DONE.get(request.args.get("done", ""), ""))


def act(world: World, request: Request, action: str) -> Response:
    """Do what a button asks for, then show the page again."""
    # Another site's page could send such a form too; the browser says where it comes from.
    if request.headers.get("Origin") != f"http://{request.host}":
        raise Forbidden("Only the stand-in's own page may do that.")
    if action not in ACTIONS:
        raise NotFound
    try:
        ACTIONS[action](world, request.form)
    except (StripeError, ValueError) as error:
        return _page(world, str(error), 400)
    return redirect(f"/faults/?done={action}", 303)


def _arm(world: World, form: Mapping[str, str]) -> None:
    mishap = MISHAPS.get(form["mishap"])
    if mishap is None:
        raise ValueError("There is no such button.")
    world.faults.arm(mishap.wish())


def _disarm(world: World, _form: Mapping[str, str]) -> None:
    world.faults.clear()


def _move_clock(world: World, form: Mapping[str, str]) -> None:
    move_clock(world, {"advance_seconds": form["seconds"]})


def _refund(world: World, form: Mapping[str, str]) -> None:
    wish = {"amount": int(form["amount"])}
    levers.pull(world, levers.refund_payment, wish, form["payment_intent"])


def _dispute(world: World, form: Mapping[str, str]) -> None:
    wish = {"inquiry": form["button"] == "inquire"}
    levers.pull(world, levers.dispute_payment, wish, form["payment_intent"])


def _settle_refund(world: World, form: Mapping[str, str]) -> None:
    levers.pull(world, levers.settle_refund, {"outcome": form["button"]}, form["refund"])


def _decide(world: World, form: Mapping[str, str]) -> None:
    if form["button"] == "escalate":
        levers.pull(world, levers.escalate_dispute, {}, form["dispute"])
    else:
        levers.pull(world, levers.close_dispute, {"outcome": form["button"]}, form["dispute"])


ACTIONS: dict[str, Callable[[World, Mapping[str, str]], None]] = {
    "arm": _arm,
    "disarm": _disarm,
    "clock": _move_clock,
    "refund": _refund,
    "dispute": _dispute,
    "settle_refund": _settle_refund,
    "decide": _decide,
}
DONE = {
    "arm": "Armed.",
    "disarm": "Nothing is armed any more.",
    "clock": "The clock was moved.",
    "refund": "Refunded, as in the dashboard.",
    "dispute": "The bank has been asked for the money.",
    "settle_refund": "The refund was moved on.",
    "decide": "The bank has decided.",
}


def _page(world: World, said: str, status: int = 200) -> Response:
    with world.store.transaction():
        charges = _newest(world, "charge", " AND body ->> 'captured'")
        made = [(each, _about(world, each)) for each in _newest(world, "refund")]
        opened = [(each, _about(world, each)) for each in _newest(world, "dispute")]
    now = time.strftime("%A, %d %B %Y, %H:%M", time.localtime(world.clock.now()))
    response = page(
        "faults.html",
        said=said,
        groups=_join(_group(title, group) for title, group in GROUPS.items()),
        armed=_join(map(_armed, world.faults.listed())) or _nothing("Nothing is armed."),
        payments=_join(map(_payment, charges)) or _nothing("No payment yet."),
        refunds=_join(starmap(_made, made)) or _nothing("No refund yet."),
        disputes=_join(starmap(_opened, opened)) or _nothing("No dispute yet."),
        now=now,
        ahead=f"{world.clock.ahead / 3600:.0f}",
    )
    response.status_code = status
    response.headers["Content-Security-Policy"] = POLICY
    # Without a referrer browsers hide where a form comes from, even from its own site.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _newest(world: World, kind: str, also: str = "") -> list[Json]:
    rows = world.store.rows(
        # Both texts are ours.
        f"SELECT body FROM objects WHERE kind = ?{also} ORDER BY seq DESC LIMIT ?",  # noqa: S608
        kind,
        SHOWN,
    )
    return [json.loads(row["body"]) for row in rows]


def _about(world: World, thing: Json) -> str:
    charge = world.store.find("charge", thing["charge"])
    return _title(charge) if charge else thing["id"]


def _title(charge: Json) -> str:
    return str(charge["description"] or charge["payment_intent"])


def _group(title: str, group: tuple[Mishap, ...]) -> Markup:
    buttons = _join(_button("mishap", each.sentence, each.sentence) for each in group)
    return Markup(
        '<h3>{}</h3><form method="post" action="/faults/arm" class="mishaps">{}</form>'
    ).format(title, buttons)


def _armed(fault: Json) -> Markup:
    sentence = next(
        (
            each.sentence
            for each in MISHAPS.values()
            if (each.kind, each.match, each.rate) == (fault["kind"], fault["match"], fault["rate"])
        ),
        f"{fault['kind']} for {fault['match']}",
    )
    if fault["rate"] is not None:
        left = f"strikes at {fault['rate']:.0%}"
    else:
        left = f"{fault['times']} to come" if fault["times"] else "used up"
    struck = f"has struck {fault['struck']} ×" if fault["struck"] else "has not struck yet"
    return Markup("<li><p><b>{}</b><span>{}, {}</span></p></li>").format(sentence, left, struck)


def _payment(charge: Json) -> Markup:
    left = refunds.refundable(charge)
    state = "paid"
    if charge["amount_refunded"]:
        state = f"{as_money(charge['amount_refunded'], charge['currency'])} refunded"
    buttons = []
    if left and not charge["disputed"]:
        buttons += [
            _button("amount", part, f"Refund {as_money(part, charge['currency'])}")
            for part in dict.fromkeys((left, (left + 1) // 2))
        ]
    hidden = _hidden("payment_intent", charge["payment_intent"])
    forms = _form("refund", hidden, buttons)
    if charge["disputed"]:
        state += ", disputed"
    elif left:
        asked = [_button("button", "dispute", "Dispute"), _button("button", "inquire", "Inquire")]
        forms += _form("dispute", hidden, asked)
    return _item(charge, _title(charge), state, forms)


def _made(refund: Json, about: str) -> Markup:
    titles = {"succeeded": "Let it succeed", "failed": "Let it fail"}
    ends = [each for each in titles if each in refunds.MOVES.get(refund["status"], ())]
    buttons = [_button("button", end, titles[end]) for end in ends]
    forms = _form("settle_refund", _hidden("refund", refund["id"]), buttons)
    return _item(refund, about, refund["status"], forms)


def _opened(dispute: Json, about: str) -> Markup:
    status = dispute["status"]
    titles: dict[str, str] = {}
    if status in disputes.OPEN:
        titles = {"won": "The shop wins", "lost": "The shopper wins"}
    if status in disputes.INQUIRIES:
        titles = {"won": "Close the inquiry", "escalate": "Make it a dispute"}
    buttons = [_button("button", value, title) for value, title in titles.items()]
    state = f"{dispute['reason']}, {status}".replace("_", " ")
    forms = _form("decide", _hidden("dispute", dispute["id"]), buttons)
    return _item(dispute, about, state, forms)


def _item(thing: Json, about: str, state: str, forms: Markup) -> Markup:
    at = time.strftime("%d %b, %H:%M:%S", time.localtime(thing["created"]))
    amount = as_money(thing["amount"], thing["currency"])
    return Markup("<li><p><b>{}</b><span>{}, {}</span><span>{}</span></p>{}</li>").format(
        amount, about, at, state, forms
    )


def _form(action: str, hidden: Markup, buttons: list[Markup]) -> Markup:
    if not buttons:
        return Markup("")
    return Markup('<form method="post" action="/faults/{}">{}{}</form>').format(
        action, hidden, _join(buttons)
    )


def _button(name: str, value: object, title: str) -> Markup:
    return Markup('<button class="quiet" name="{}" value="{}">{}</button>').format(
        name, value, title
    )


def _hidden(name: str, value: str) -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(name, value)


def _nothing(sentence: str) -> Markup:
    return Markup('<li class="note">{}</li>').format(sentence)


def _join(parts: Iterable[Markup]) -> Markup:
    return Markup("\n").join(parts)
