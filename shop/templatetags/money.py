from django import template

from shop.money import format_money

register = template.Library()


@register.filter
def money(amount_minor: int, currency: str) -> str:
    """Write an amount for people: `{{ order.total_minor|money:order.currency }}` gives "$42.00"."""
    return format_money(amount_minor, currency)
