"""Mail, by whatever backend the settings name."""

from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.crypto import salted_hmac

from notifications.models import Delivery
from notifications.writing import Letter


def send(delivery: Delivery, letter: Letter) -> None:
    """Send a step's message as text and HTML. Raises what the mail backend raises.

    Each step has a Message-ID of its own, the same at each try. A worker that dies between the mail
    server's yes and our note of it sends the message once more; many mail servers and most mail
    programs show two mails with one Message-ID as one.
    """
    mail = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        to=[delivery.recipient],
        reply_to=[settings.REPLY_TO_EMAIL] if settings.REPLY_TO_EMAIL else None,
        headers={"Message-ID": message_id(delivery), **_unsubscribe_headers(letter)},
    )
    mail.attach_alternative(letter.html, "text/html")
    for name, content, mimetype in letter.attachments:
        mail.attach(name, content, mimetype)
    mail.send()


def message_id(delivery: Delivery) -> str:
    """Return the step's Message-ID, which nobody can guess and another shop does not have."""
    step = f"{delivery.pk} {delivery.cause} {delivery.step} {delivery.recipient}"
    digest = salted_hmac("notifications.mail", step).hexdigest()
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{digest}@{domain}>"


def _unsubscribe_headers(letter: Letter) -> dict[str, str]:
    """The headers from which mail programs make a button (RFC 2369 and RFC 8058)."""
    if not letter.unsubscribe_url:
        return {}
    return {
        "List-Unsubscribe": f"<{letter.unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
