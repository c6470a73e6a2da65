from django.utils import timezone

from cart.models import Cart


def purge_expired() -> int:
    """Delete the carts that nobody has changed for 30 days; returns how many. For a schedule.

    An order that is still to be paid goes on without its cart.
    """
    expired = Cart.objects.filter(expires_at__lt=timezone.now())
    _rows, deleted = expired.delete()
    return deleted.get(Cart._meta.label, 0)
