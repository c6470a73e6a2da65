"""The timeline of an order in words: what happened, when, by whom, why, and about how much."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from orders.models import Dispute, Order, OrderEvent, Refund
from shop.money import format_money

Kind = OrderEvent.Kind

GOOD = {Kind.PAID, Kind.REFUND_SUCCEEDED, Kind.DISPUTE_REINSTATED, Kind.DISPUTE_WON}
BAD = {
    Kind.DECLINED,
    Kind.PAYMENT_MISMATCH,
    Kind.PAYMENT_LATE,
    Kind.FAILED,
    Kind.REFUND_FAILED,
    Kind.DISPUTE_OPENED,
    Kind.DISPUTE_WITHDRAWN,
    Kind.DISPUTE_LOST,
}
# Shown in the amount, or as a link.
ELSEWHERE = {"currency", "grant", "stripe_event"}
# What Stripe's codes do not say by themselves.
DECLINES = {
    "generic_decline": gettext_lazy("the bank gave no reason"),
    "card_declined": gettext_lazy("the bank gave no reason"),
    "do_not_honor": gettext_lazy("the bank gave no reason"),
    "insufficient_funds": gettext_lazy("not enough money on the card"),
    "incorrect_cvc": gettext_lazy("wrong security code"),
    "fraudulent": gettext_lazy("the bank suspects fraud"),
    "processing_error": gettext_lazy("the bank could not be reached"),
    "authentication_required": gettext_lazy("the bank asks for authentication"),
    "payment_intent_authentication_failure": gettext_lazy("authentication failed"),
    "pickup_card": gettext_lazy("the bank wants the card back"),
}


@dataclass(frozen=True)
class Entry:
    """One line of the timeline. `tone` is "good", "bad" or ""; so is `amount` "" where none is."""

    id: int
    at: datetime
    what: str
    details: tuple[str, ...]
    by: str
    amount: str
    stripe_event: str
    tone: str


def timeline_of(order: Order) -> list[Entry]:
    """Return what happened to `order`, the newest first. 1 query."""
    events = order.events.select_related("staff").order_by("-pk")
    return [_entry(event, order.currency) for event in events]


def _entry(event: OrderEvent, currency: str) -> Entry:
    amount = event.amount_minor
    data = event.data
    return Entry(
        id=event.pk,
        at=event.created_at,
        what=_what(event),
        details=_details(data, currency),
        by=str(event.staff or event.get_actor_display()),
        amount="" if amount is None else format_money(amount, data.get("currency", currency)),
        stripe_event=str(data.get("stripe_event", "")),
        tone="good" if event.kind in GOOD else "bad" if event.kind in BAD else "",
    )


def _what(event: OrderEvent) -> str:
    state = _label(Order.State.choices, event.kind)
    if (event.data.get("from"), event.kind) == (Order.State.FULFILLED, Kind.FULFILLING):
        return _("Not yet done after all: “%(state)s” again") % {"state": state}
    if event.data.get("from") == Order.State.REFUNDED:
        return _("No longer refunded: “%(state)s” again") % {"state": state}
    return event.get_kind_display()


def _details(data: dict[str, Any], currency: str) -> tuple[str, ...]:
    known = [say(data[key]) for key, say in PHRASES.items() if data.get(key)]
    if "expected_minor" in data:
        expected = format_money(data["expected_minor"], currency)
        known.append(_("%(amount)s was expected") % {"amount": expected})
    named = {*PHRASES, *ELSEWHERE, "expected_minor"}
    rest = [f"{key.replace('_', ' ')}: {data[key]}" for key in sorted(data.keys() - named)]
    return (*known, *rest)


def _label(choices: list[tuple[str, Any]], value: object) -> str:
    """The words of a choice; what is no choice is said as it is, without its underscores."""
    words = {str(key): str(label) for key, label in choices}
    return words.get(str(value), str(value).replace("_", " "))


def _time(value: object) -> str:
    at = parse_datetime(str(value))
    return date_format(localtime(at), "DATETIME_FORMAT") if at else str(value)


def _decline(code: object) -> str:
    words = DECLINES.get(str(code))
    return f"{words} ({code})" if words else str(code).replace("_", " ")


def _units(units: int | list[dict[str, Any]]) -> str:
    """Units held when an order is placed, or what is in a parcel."""
    if isinstance(units, list):
        return ", ".join(f"{one['quantity']} × {one['title']}" for one in units)
    count = int(units)
    return ngettext("%(count)d unit held", "%(count)d units held", count) % {"count": count}


# What a key of an event's data says, in the order of a sentence.
PHRASES: dict[str, Callable[[Any], str]] = {
    "refund": lambda pk: _("refund %(number)s") % {"number": pk},
    "product": str,
    "attendee": str,
    "seat": lambda seat: _("seat %(number)s") % {"number": seat},
    "user_name": str,
    "pieces": lambda count: _("taken back: %(count)d") % {"count": count},
    "dispute": str,
    "shipment": lambda pk: _("parcel %(number)s") % {"number": pk},
    "number": lambda number: _("number %(number)s") % {"number": number},
    "status": lambda status: _label(Dispute.Status.choices, status),
    "reason": lambda reason: _label(Refund.Reason.choices, reason),
    "code": _decline,
    "why": str,
    "note": lambda note: _("“%(text)s”") % {"text": note},
    "from": lambda state: _("it was “%(state)s”") % {"state": _label(Order.State.choices, state)},
    "units": _units,
    "carrier": str,
    "tracking_number": str,
    "intent": str,
    "stripe_id": str,
    "until": lambda until: _("until %(time)s") % {"time": _time(until)},
    "evidence_due_at": lambda due: _("answer by %(time)s") % {"time": _time(due)},
    "subject": lambda subject: _("“%(text)s”") % {"text": subject},
    "message": lambda message: str(message).replace("_", " "),
    "recipient": lambda recipient: _("to %(address)s") % {"address": recipient},
}
