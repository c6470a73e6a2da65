"""Which addresses get less, or nothing: who said so, or whose mail server did."""

from notifications.models import Suppression

Reason = Suppression.Reason


def suppress(email: str, reason: Suppression.Reason) -> None:
    """Write to `email` less, or no more. Nothing is left to do the second time.

    Who had only unsubscribed gets nothing after a bounce or a complaint; never the other way round.
    """
    email = email.lower()
    _row, is_new = Suppression.objects.get_or_create(email=email, defaults={"reason": reason})
    if not is_new and reason != Reason.UNSUBSCRIBED:
        unsubscribed = Suppression.objects.filter(email=email, reason=Reason.UNSUBSCRIBED)
        unsubscribed.update(reason=reason)


def allow_again(email: str) -> None:
    """Undo an unsubscription; what bounced or was complained about stays."""
    Suppression.objects.filter(email=email.lower(), reason=Reason.UNSUBSCRIBED).delete()
