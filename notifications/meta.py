"""WhatsApp through Meta's Cloud API."""

from django.conf import settings
from django.utils.translation import gettext as _

from notifications.posting import post


def send(number: str, text: str) -> None:
    """Send `text` to a number such as +4915112345678. Raises GiveUpError and OutsideError."""
    post(
        "Meta",
        _("Check the META_… settings and, in Meta's console, the number and its permissions."),
        f"{settings.META_API_BASE}/v21.0/{settings.META_WHATSAPP_PHONE_ID}/messages",
        json={
            "messaging_product": "whatsapp",
            "to": number,
            "type": "text",
            "text": {"body": text, "preview_url": True},
        },
        headers={"Authorization": f"Bearer {settings.META_WHATSAPP_TOKEN}"},
    )
