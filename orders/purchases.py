"""What was bought and is no parcel, as its buyer sees it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from orders.downloads import Download, downloads_of
from orders.models import Booking, Grant, LicenceGrant, Order, OrderLine
from shop.models import EventDetails, Lesson, Product

Kind = Product.Kind
# Once paid, things stay to be seen, also when they were revoked.
SHOWN = (Order.State.PAID, Order.State.FULFILLING, Order.State.FULFILLED, Order.State.REFUNDED)


@dataclass(frozen=True)
class Purchase:
    """One line: what is granted of it. `state` is "due" too while its grant was not made yet."""

    line: OrderLine
    grant: Grant | None

    @property
    def state(self) -> str:
        """The grant's state."""
        return self.grant.state if self.grant else Grant.State.DUE

    @property
    def repository(self) -> str:
        """The name of the repository; empty when it is no longer in the shop."""
        return self.line.variant.product.repository if self.line.variant else ""

    @property
    def wants_user_name(self) -> bool:
        """Whether nothing can be granted before the buyer has told who he is."""
        return self.line.kind == Kind.REPOSITORY and not (self.grant and self.grant.handle)

    @property
    def is_under_way(self) -> bool:
        """Whether it will be granted any moment."""
        return self.state == Grant.State.DUE and not self.wants_user_name

    @property
    def downloads(self) -> list[Download]:
        """The files, each with a fresh link."""
        return downloads_of(self.grant) if self.grant else []

    @property
    def licences(self) -> list[LicenceGrant]:
        """The keys, revoked ones too."""
        return list(self.grant.licences.all()) if self.grant else []

    @property
    def bookings(self) -> list[Booking]:
        """The seats, revoked ones too."""
        return list(self.grant.bookings.all()) if self.grant else []

    @property
    def lessons(self) -> list[Lesson]:
        """The pages of the course."""
        return list(self.line.variant.product.lessons.all()) if self.line.variant else []

    @property
    def event(self) -> EventDetails | None:
        """When and where; None when it is no longer in the shop."""
        return getattr(self.line.variant.product, "event", None) if self.line.variant else None

    @property
    def is_before_event(self) -> bool:
        """Whether names can still be changed."""
        return self.event is None or timezone.now() < self.event.starts_at


def purchases_of(orders: Iterable[Order]) -> dict[int, list[Purchase]]:
    """Return what the orders, by their keys, granted or will grant. 6 queries, however many."""
    lines = (
        OrderLine.objects.filter(order__in=orders, order__state__in=SHOWN)
        .exclude(kind=Kind.PARCEL)
        .select_related("order", "grant", "variant__product__event")
        .prefetch_related(
            "grant__licences",
            "grant__bookings",
            "grant__downloads",
            "variant__product__downloads",
            "variant__product__lessons",
        )
    )
    found: dict[int, list[Purchase]] = {}
    for line in lines:
        purchase = Purchase(line, getattr(line, "grant", None))
        found.setdefault(line.order_id, []).append(purchase)
    return found
