"""Who a step is for: functions from what happened to those it concerns."""

from dataclasses import dataclass

from django.conf import settings

from cart.models import LeftBehind
from notifications.low_stock import low_after
from orders.granting import grants_of
from orders.models import Grant, OrderEvent, RefundLine
from shop.models import Product, StockAlert

Kind = Product.Kind
Event = OrderEvent.Kind
SHOP = "shop"


@dataclass(frozen=True)
class Target:
    """`recipient` as in Delivery; `grant` where the step is about one line of the order."""

    recipient: str
    grant: Grant | None = None


def shop(_event: OrderEvent) -> list[Target]:
    """Nobody is told: the step is the shop's own."""
    return [Target(SHOP)]


def shop_with_posthog(event: OrderEvent) -> list[Target]:
    """As `shop`, where the shop counts with PostHog too."""
    return shop(event) if settings.POSTHOG_KEY else []


def staff(_event: OrderEvent | None = None) -> list[Target]:
    """The shop's owner, where an address is set."""
    return [Target(settings.ADMIN_EMAIL)] if settings.ADMIN_EMAIL else []


def buyer(event: OrderEvent) -> list[Target]:
    """The buyer, by e-mail."""
    return [Target(event.order.email)]


def phone(event: OrderEvent) -> list[Target]:
    """The buyer, by WhatsApp, where he asked for it."""
    return [Target(event.order.whatsapp)] if event.order.whatsapp else []


def buyer_who_waits(event: OrderEvent) -> list[Target]:
    """The buyer, where he waits for the bank's word, or staff have put the order aside.

    Of a declined card the page tells at once, and a letter with a link to try again.
    """
    waits_for = [Event.PROCESSING, Event.CANCEL_REQUESTED]
    return buyer(event) if event.order.events.filter(kind__in=waits_for).exists() else []


def staff_of_low_stock(event: OrderEvent) -> list[Target]:
    """The shop's owner, when this order took the last but a few of something."""
    return staff(event) if low_after(event.order) else []


def all_grants(event: OrderEvent) -> list[Target]:
    """Each line that is or will be granted: of the whole order, or the one the event is about."""
    return [Target(SHOP, grant) for grant in _grants(event)]


def grants(event: OrderEvent) -> list[Target]:
    """As `all_grants`, without repositories that wait for the buyer's user name."""
    return [Target(SHOP, grant) for grant in _grants(event) if not _is_nameless(grant)]


def taken_back(event: OrderEvent) -> list[Target]:
    """Each line of which this refund takes units back."""
    lines = set(
        RefundLine.objects.filter(refund=event.data["refund"], restock=True).values_list(
            "line", flat=True
        )
    )
    if not lines:
        return []
    return [Target(SHOP, grant) for grant in grants_of(event.order) if grant.line_id in lines]


def renamed(event: OrderEvent) -> list[Target]:
    """The repository of which the buyer's user name was corrected."""
    return grants(event) if event.data.get("former") else []


def downloads(event: OrderEvent) -> list[Target]:
    """The buyer, for each line with files to download."""
    return _buyer_of(event, Kind.DOWNLOAD)


def licences(event: OrderEvent) -> list[Target]:
    """The buyer, for each line with licence keys."""
    return _buyer_of(event, Kind.LICENCE)


def accesses(event: OrderEvent) -> list[Target]:
    """The buyer, for each course, and each repository whose user name we know."""
    return _buyer_of(event, Kind.COURSE, Kind.REPOSITORY)


def bookings(event: OrderEvent) -> list[Target]:
    """The buyer, for each event booked."""
    return _buyer_of(event, Kind.EVENT)


def nameless(event: OrderEvent) -> list[Target]:
    """The buyer, for each repository that cannot be opened until we know his user name."""
    return [Target(event.order.email, grant) for grant in _grants(event) if _is_nameless(grant)]


def who_left(left: LeftBehind) -> list[Target]:
    """Whoever began the purchase and did not finish it."""
    return [Target(left.email)]


def who_waits(alert: StockAlert) -> list[Target]:
    """Whoever wants to know that a variant is back."""
    return [Target(alert.email)]


def _buyer_of(event: OrderEvent, *kinds: Kind) -> list[Target]:
    return [
        Target(event.order.email, grant)
        for grant in _grants(event)
        if grant.line.kind in kinds and not _is_nameless(grant)
    ]


def _grants(event: OrderEvent) -> list[Grant]:
    only = event.data.get("grant")
    return [grant for grant in grants_of(event.order) if only in (None, grant.pk)]


def _is_nameless(grant: Grant) -> bool:
    return grant.line.kind == Kind.REPOSITORY and not grant.handle
