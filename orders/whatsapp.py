"""News of an order by WhatsApp, for buyers who ask for it."""

import phonenumbers
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.rate_limits import Limit, over_limit
from orders.access import find_order
from orders.models import Order, OrderEvent
from orders.states import SHOPPER, append_event, lock

# Each new number is written to at once, at the shop's cost.
LIMIT = Limit("whatsapp", times=5, seconds=3600)


class NumberRefusedError(Exception):
    """Nothing was changed; the message tells the shopper why and what to do."""


def is_offered() -> bool:
    """Tell whether the shop has a way to send by WhatsApp."""
    return bool(settings.TWILIO_ACCOUNT_SID or settings.META_WHATSAPP_TOKEN)


@require_POST
@never_cache
def whatsapp(request: HttpRequest, number: str) -> HttpResponse:
    """Turn news by WhatsApp on for the number typed, or off; an error is said at the field.

    404 to those who may not see the order, and where WhatsApp is not set up.
    """
    order = find_order(number, request.GET.get("key", ""), request.user)
    if order is None or not is_offered():
        raise Http404(_("There is no such order, or the link to it is incomplete."))
    typed = request.POST.get("number", "")
    context: dict[str, object] = {"order": order, "typed": typed}
    try:
        order.whatsapp = turn_off(order) if "off" in request.POST else turn_on(order, typed)
    except NumberRefusedError as refusal:
        context["error"] = str(refusal)
    if "HX-Request" in request.headers:
        return render(request, "orders/whatsapp.html", context)
    if "error" in context:
        return render(request, "orders/whatsapp_page.html", context)
    return redirect(f"{order.get_absolute_url()}#whatsapp")


def turn_on(order: Order, typed: str) -> str:
    """Send news of the order to the number typed; returns it as +4915112345678.

    Raises NumberRefusedError. The same number once more changes nothing.
    """
    number = _parse(typed, order.country.code)
    if over_limit(LIMIT, order.number):
        raise NumberRefusedError(_("The number was changed too often: wait an hour."))
    with transaction.atomic():
        locked = lock(order.pk)
        if locked.whatsapp != number:
            _store(locked, number)
            append_event(locked, OrderEvent.Kind.WHATSAPP_ON, SHOPPER)
    return number


def turn_off(order: Order) -> str:
    """Send no more news of the order by WhatsApp; returns the number it has then: none."""
    with transaction.atomic():
        _store(lock(order.pk), "")
    return ""


def _store(order: Order, number: str) -> None:
    order.whatsapp = number
    order.save(update_fields=["whatsapp"])


def _parse(typed: str, region: str) -> str:
    """Read a number as somebody in `region` types it."""
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        raise NumberRefusedError(_wrong_number(region)) from None
    if not phonenumbers.is_valid_number(number):
        raise NumberRefusedError(_wrong_number(region))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _wrong_number(region: str) -> str:
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    if example is None:
        return _("This is no phone number. Type it with its country, such as +49 1512 3456789.")
    style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    said = _("This is no phone number. Type it with its country, such as %(example)s.")
    return said % {"example": phonenumbers.format_number(example, style)}
