"""Write a message: its subject, its text, and its HTML with the styles on each element."""

import re
from dataclasses import dataclass
from typing import Any

from css_inline import CSSInliner
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from notifications.messages import FOR_STAFF, MESSAGES, UNSUBSCRIBABLE
from notifications.models import Delivery
from notifications.unsubscribing import unsubscribe_url
from orders.models import Order

# What follows the colour scheme can only be said in a <style>.
INLINER = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
NAMES_FOR_STAFF = {message.__name__ for message in FOR_STAFF}
NAMES_UNSUBSCRIBABLE = {message.__name__ for message in UNSUBSCRIBABLE}


@dataclass(frozen=True)
class Letter:
    """A message as it is sent by mail; `unsubscribe_url` is empty where it is about a purchase.

    An attachment is its name, its content, and its MIME type.
    """

    subject: str
    text: str
    html: str
    unsubscribe_url: str
    attachments: tuple[tuple[str, bytes, str], ...]


def write(delivery: Delivery) -> Letter:
    """Return the message of a step as mail, in the language that is active.

    Raises NotWantedError where there is nothing to say.
    """
    context = _context(delivery)
    folder = f"notifications/{delivery.step}"
    html = render_to_string(f"{folder}/body.html", context)
    return Letter(
        subject=" ".join(render_to_string(f"{folder}/subject.txt", context).split()),
        text=_tidy(render_to_string(f"{folder}/body.txt", context)),
        html=INLINER.inline(html),
        unsubscribe_url=context["unsubscribe_url"],
        attachments=tuple(context.get("attachments", ())),
    )


def write_short(delivery: Delivery) -> str:
    """Return the message of a step for WhatsApp, in the language that is active.

    Raises NotWantedError where there is nothing to say.
    """
    return _tidy(
        render_to_string(f"notifications/{delivery.step}/whatsapp.txt", _context(delivery))
    ).strip()


def language_of(delivery: Delivery) -> str:
    """Return the language of the order, the cart or the wish; staff are told in the shop's own."""
    if delivery.step in NAMES_FOR_STAFF:
        return settings.LANGUAGE_CODE
    if delivery.event is not None:
        language = delivery.event.order.language
    elif delivery.left is not None:
        language = delivery.left.language
    else:
        language = delivery.alert.language if delivery.alert is not None else ""
    try:
        return translation.get_supported_language_variant(language)
    except LookupError:
        return settings.LANGUAGE_CODE


def _context(delivery: Delivery) -> dict[str, Any]:
    """The message's own context and what all templates need."""
    context = MESSAGES[delivery.step](delivery)
    name = _name_of(context["order"]) if "order" in context else ""
    is_unsubscribable = delivery.step in NAMES_UNSUBSCRIBABLE
    return {
        "shop_name": settings.SHOP_NAME,
        "base_url": settings.BASE_URL,
        "name": name,
        "hello": _("Hello %(name)s,") % {"name": name} if name else _("Hello,"),
        "unsubscribe_url": unsubscribe_url(delivery.recipient) if is_unsubscribable else "",
        **context,
    }


def _name_of(order: Order) -> str:
    """The buyer's name; empty where no address was asked for."""
    addresses = (order.shipping_address, order.billing_address)
    return next((address["name"] for address in addresses if address.get("name")), "")


def _tidy(text: str) -> str:
    """Take out the empty lines that the tags of a template leave."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
