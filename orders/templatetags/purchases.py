from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.safestring import SafeString, mark_safe

from orders.models import Order
from orders.purchases import Purchase, purchases_of

register = template.Library()


@register.simple_tag
def purchases_in(order: Order) -> list[Purchase]:
    """List what was bought besides parcels: `{% purchases_in order as purchases %}`."""
    return purchases_of([order]).get(order.pk, [])


@register.simple_tag(takes_context=True)
def access(context: dict[str, Any]) -> SafeString:
    """Return "?key=…" where that is how the visitor got here, to be put behind an address."""
    key = context["request"].GET.get("key", "")
    return mark_safe(f"?{urlencode({'key': key})}" if key else "")  # noqa: S308 - encoded


@register.filter
def paragraphs(text: str) -> list[str]:
    """Split plain text where lines are empty: `{% for part in text|paragraphs %}`."""
    parts = text.replace("\r\n", "\n").split("\n\n")
    return [part.strip() for part in parts if part.strip()]
