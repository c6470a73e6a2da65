"""Who may see an order: its account, or whoever holds its unguessable link."""

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from accounts.models import User
from orders.models import Order


class SignedInRequest(HttpRequest):
    """A request behind `login_required` or the admin's gate."""

    user: User


def orders_of(user: User) -> QuerySet[Order]:
    """The orders placed by `user`, and those placed as a guest with an address `user` confirmed.

    1 query at once, for the addresses: with them in hand the database finds either kind by an
    index, where a subquery would have it read all orders of the shop.
    """
    addresses = EmailAddress.objects.filter(user=user, verified=True)
    confirmed = list(addresses.values_list("email", flat=True))
    return Order.objects.alias(lower_email=Lower("email")).filter(
        Q(user=user) | Q(lower_email__in=confirmed)
    )


def find_order(number: str, key: str, user: User | AnonymousUser) -> Order | None:
    """Return the order when `key` is its own or `user` may see it, else None. At most 3 queries."""
    order = Order.objects.filter(number=number).first()
    if order is None or constant_time_compare(key, order.access_key):
        return order
    if user.is_authenticated:
        return orders_of(user).filter(pk=order.pk).first()
    return None
