from collections.abc import Mapping

from django import template

from orders import addresses

register = template.Library()


@register.filter
def address_lines(address: Mapping[str, str]) -> list[str]:
    """List an address's lines: `{{ order.shipping_address|address_lines|join:", " }}`."""
    return addresses.address_lines(address)
