"""The numbered receipts of paid orders. The only writer of `Receipt` and its counter."""

from django.db import transaction

from orders.fulfilling import EVER_PAID
from orders.models import Order, OrderEvent, Receipt, ReceiptCounter
from orders.states import SCHEDULE, append_event, lock


class NotPaidError(Exception):
    """Only paid orders have receipts."""


@transaction.atomic
def issue(order: Order) -> Receipt:
    """Return the order's receipt, with the next number where it has none yet.

    Numbers have no gaps: the counter stays locked until the transaction ends, and is undone with
    it. Raises NotPaidError. At most 6 queries.
    """
    locked = lock(order.pk)
    known = Receipt.objects.filter(order=locked).first()
    if known is not None:
        return known
    if locked.state not in EVER_PAID:
        raise NotPaidError(f"Order {locked.number} is {locked.state}: it has no receipt.")
    counter, _is_new = ReceiptCounter.objects.select_for_update().get_or_create(pk=1)
    counter.last += 1
    counter.save(update_fields=["last"])
    receipt = Receipt.objects.create(order=locked, number=counter.last)
    append_event(locked, OrderEvent.Kind.RECEIPT_ISSUED, SCHEDULE, number=receipt.number)
    return receipt
