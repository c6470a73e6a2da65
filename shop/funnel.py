"""The way from a visit to a paid order, counted by the shop itself."""

from datetime import datetime

from django.utils import timezone

from shop.models import FunnelEvent


def record(
    kind: FunnelEvent.Kind, key: str, at: datetime, *, source: str = "", coupon: str = ""
) -> None:
    """Count one step once for `key`; the second time changes nothing. One query."""
    event = FunnelEvent(
        kind=kind, key=key, day=timezone.localdate(at), source=source, coupon=coupon
    )
    FunnelEvent.objects.bulk_create([event], ignore_conflicts=True)
