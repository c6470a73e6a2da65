"""What must hold between the stock of a licence and the free keys of its pool."""

from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef, Q, Value
from django.utils.translation import gettext as _

from checkout.books.findings import PAID_STATES, Break, sum_of
from inventory.models import StockMovement
from orders.models import OrderLine
from shop.models import LicenceKey, Product, Variant

Kind = Product.Kind


def free_keys() -> Iterator[Break]:
    """Yield each counted licence with other free keys than are on sale or sold and due. 1 query."""
    free = LicenceKey.objects.filter(variant=OuterRef("pk"), taken_by="").annotate(one=Value(1))
    # A sale from before there were keys took none of them.
    sold = StockMovement.objects.filter(
        item=OuterRef("variant__stock"),
        reference=OuterRef("order__number"),
        reason=StockMovement.Reason.SOLD,
    )
    due = OrderLine.objects.filter(
        Q(grant=None) | Q(grant__granted_at=None, grant__revoked_at=None),
        Exists(sold),
        variant=OuterRef("pk"),
        kind=Kind.LICENCE,
        order__state__in=PAID_STATES,
    )
    variants = Variant.objects.filter(product__kind=Kind.LICENCE, stock__isnull=False).annotate(
        free=sum_of(free, "variant", "one"), due=sum_of(due, "variant", "quantity")
    )
    for variant in variants.exclude(free=F("stock__on_hand") + F("due")).select_related("stock"):
        on_hand = variant.stock.on_hand if variant.stock else 0
        yield Break(
            rule="free_keys_differ",
            title=_("A licence has other free keys than its stock says"),
            subject=variant.sku,
            found=_("%(count)d free keys") % {"count": variant.free},
            expected=_("%(on_hand)d for sale and %(due)d sold but not given yet")
            % {"on_hand": on_hand, "due": variant.due},
            hint=_(
                "Keys were added or deleted without their stock. Correct the stock to what is "
                "free, or buyers will be promised keys that are not there."
            ),
        )


RULES = (free_keys,)
