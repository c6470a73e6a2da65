"""Paid orders told to PostHog, where POSTHOG_KEY is set: figures, and nobody's name or address."""

from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from notifications.causes import event_of
from notifications.models import Delivery
from notifications.posting import post
from shop.money import to_decimal


def tell_posthog(delivery: Delivery) -> str:
    """Tell of a paid order; the second time PostHog knows it by its id and counts it once.

    Raises GiveUpError and OutsideError.
    """
    event = event_of(delivery)
    order = event.order
    post(
        "PostHog",
        _("Check POSTHOG_KEY and POSTHOG_HOST."),
        f"{settings.POSTHOG_HOST.rstrip('/')}/capture/",
        json={
            "api_key": settings.POSTHOG_KEY,
            "uuid": str(uuid5(NAMESPACE_URL, f"{settings.BASE_URL}/orders/{order.number}")),
            "event": "order paid",
            "distinct_id": _nobody(order.email),
            "timestamp": event.created_at.isoformat(),
            "properties": {
                "value": float(to_decimal(order.total_minor, order.currency)),
                "currency": order.currency,
                "coupon": order.coupon_code,
                "source": order.source,
                "$process_person_profile": False,
            },
        },
    )
    return ""


def _nobody(email: str) -> str:
    """The same for all orders of a person, and nothing from which the address can be told."""
    return salted_hmac("notifications.posthog", email.lower(), algorithm="sha256").hexdigest()
