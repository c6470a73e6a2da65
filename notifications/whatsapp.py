"""WhatsApp, by Twilio or by Meta: whichever the settings have keys for."""

from collections.abc import Callable

from django.conf import settings
from django.utils.translation import gettext as _

from notifications import meta, twilio
from notifications.causes import event_of
from notifications.failures import NotWantedError
from notifications.models import Delivery


def send(delivery: Delivery, text: str) -> None:
    """Send a step's message to the number that the order's buyer gave.

    Raises NotWantedError where no provider is set up, and when the buyer has turned it off since;
    GiveUpError when the provider refuses, OutsideError when it does not answer.
    """
    if event_of(delivery).order.whatsapp != delivery.recipient:
        raise NotWantedError(_("the buyer wants no news by WhatsApp any more"))
    _provider()(delivery.recipient, text)


def _provider() -> Callable[[str, str], None]:
    if settings.TWILIO_ACCOUNT_SID:
        return twilio.send
    if settings.META_WHATSAPP_TOKEN:
        return meta.send
    raise NotWantedError(_("WhatsApp is not set up"))
