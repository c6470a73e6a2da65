"""Send a step's message the way its recipient is reached."""

from django.utils import translation

from notifications import mail, whatsapp
from notifications.failures import NotWantedError
from notifications.models import Delivery
from notifications.reasons import undeliverable
from notifications.writing import language_of, write, write_short


def send(delivery: Delivery) -> str:
    """Write and send one message; returns its subject, or its first line where it has none.

    Raises NotWantedError where there is nothing to say or nobody to say it to, and else what the
    mail backend and notifications/whatsapp.py raise.
    """
    with translation.override(language_of(delivery)):
        if is_number(delivery.recipient):
            text = write_short(delivery)
            whatsapp.send(delivery, text)
            return text.partition("\n")[0]
        if why := undeliverable(delivery):
            raise NotWantedError(why)
        letter = write(delivery)
        mail.send(delivery, letter)
        return letter.subject


def is_number(recipient: str) -> bool:
    """Tell a number for WhatsApp from an e-mail address, which may begin with a plus, too."""
    return recipient.startswith("+") and "@" not in recipient
