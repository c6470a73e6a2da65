"""What static/checkout.js says to the shopper; {…} is filled in by the page."""

from django.utils.translation import gettext_lazy as _

from checkout.addresses import Text
from checkout.fields import EMAIL_INCOMPLETE, EMAIL_WITHOUT_AT

TEXTS: dict[str, Text] = {
    "checking": _("Checking…"),
    "emailWithoutAt": EMAIL_WITHOUT_AT,
    "emailIncomplete": EMAIL_INCOMPLETE,
    "emailSlip": _("Use {email} instead"),
    "fields": _("Some fields need a look:"),
    "card": _("The card fields are not there yet. Nothing was charged: load them, then press Pay."),
    "lost": _(
        "The connection was lost. Nothing was charged: check your connection and press Pay again."
    ),
    "unknown": _(
        "The connection was lost before the answer came. Press Pay again: we look first whether "
        "your payment went through, and never charge twice."
    ),
    "expired": _(
        "The time for this payment ran out. Nothing was charged: press Pay again to place it anew."
    ),
    "failed": _(
        "Something went wrong on our side. Nothing was charged: press Pay again in a minute."
    ),
    "held": _("We are holding your items until {time}."),
    "holdEnds": _("We hold your items for less than two minutes more, until {time}."),
    "holdOver": _("Your items are no longer held. Press Pay to take them if they are still there."),
    "holdLongest": _("We cannot hold your items for longer than until {time}."),
}
