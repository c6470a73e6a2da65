"""What a buyer hears later, unless the order was refunded or the buyer has unsubscribed."""

from typing import Any

from django.utils.translation import gettext as _

from notifications.causes import event_of
from notifications.failures import NotWantedError
from notifications.models import Delivery
from shop.models import Product

NEWEST = 3


def follow_up_first(delivery: Delivery) -> dict[str, Any]:
    """After a week: is everything all right?"""
    order = event_of(delivery).order
    return {"order": order, "lines": list(order.lines.all()), "why": _why()}


def follow_up_second(delivery: Delivery) -> dict[str, Any]:
    """After two weeks: how to use and look after what was bought."""
    order = event_of(delivery).order
    bought = Product.objects.filter(is_published=True, variants__in=order.lines.values("variant"))
    products = list(bought.distinct().order_by("pk"))
    if not products:
        raise NotWantedError(_("nothing of the order is for sale any more"))
    return {"order": order, "products": products, "why": _why()}


def follow_up_third(delivery: Delivery) -> dict[str, Any]:
    """After a month: the newest things in the shop."""
    order = event_of(delivery).order
    bought = order.lines.exclude(variant=None).values("variant__product")
    others = Product.objects.filter(is_published=True, variants__is_active=True)
    products = list(others.exclude(pk__in=bought).distinct().order_by("-pk")[:NEWEST])
    if not products:
        raise NotWantedError(_("there is nothing new"))
    return {"order": order, "products": products, "why": _why()}


def _why() -> str:
    return _("You get this because you bought from us.")
