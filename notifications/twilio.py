"""WhatsApp through Twilio's API."""

from django.conf import settings
from django.utils.translation import gettext as _

from notifications.posting import post


def send(number: str, text: str) -> None:
    """Send `text` to a number such as +4915112345678. Raises GiveUpError and OutsideError."""
    account = settings.TWILIO_ACCOUNT_SID
    post(
        "Twilio",
        _("Check the TWILIO_… settings and, in Twilio's console, the sender and its templates."),
        f"{settings.TWILIO_API_BASE}/2010-04-01/Accounts/{account}/Messages.json",
        data={
            "From": f"whatsapp:{settings.TWILIO_WHATSAPP_FROM}",
            "To": f"whatsapp:{number}",
            "Body": text,
        },
        auth=(account, settings.TWILIO_AUTH_TOKEN),
    )
