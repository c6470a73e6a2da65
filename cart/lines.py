"""The verbs of a cart: each refuses first, with a sentence for the shopper, and then writes.

Each locks the cart's row, so that two requests at once neither make two lines of one variant nor
exceed the limits, and keeps the cart for another 30 days.
"""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cart.coupons import problem
from cart.funnel import record_cart
from cart.models import MAX_QUANTITY, Cart, CartLine, Coupon, keep_until
from cart.quoting import PricedLine
from inventory.stock import available_to
from shop.models import FunnelEvent, Price, Variant
from shop.text import is_storable


class CartRefusedError(Exception):
    """The cart was not changed; the message tells the shopper why and what to do."""


def parse_quantity(text: str) -> int:
    """Return the number that a shopper typed. Raises CartRefusedError when it is none."""
    try:
        return int(text)
    except ValueError:
        raise _not_in_range() from None


@transaction.atomic
def add(cart: Cart, variant: Variant, quantity: int) -> CartLine:
    """Put `quantity` more units into the cart and return their line; at most 7 queries.

    Raises CartRefusedError.
    """
    _keep(cart)
    lines = {line.variant_id: line for line in cart.lines.all()}
    line = lines.get(variant.pk)
    if line is None:
        price = _refuse(cart, variant, quantity, 0)
        if not lines:
            record_cart(FunnelEvent.Kind.CART, cart)
        return CartLine.objects.create(
            cart=cart,
            variant=variant,
            quantity=quantity,
            seen_price_minor=price.amount_minor,
            seen_currency=price.currency,
        )
    _refuse(cart, variant, quantity, line.quantity)
    line.quantity += quantity
    line.save(update_fields=["quantity"])
    return line


@transaction.atomic
def set_quantity(line: CartLine, quantity: int) -> None:
    """Change a line to `quantity` units. Raises CartRefusedError; at most 6 queries."""
    _keep(line.cart)
    _refuse(line.cart, line.variant, quantity, 0)
    CartLine.objects.filter(pk=line.pk).update(quantity=quantity)
    line.quantity = quantity


def bring_to(cart: Cart, variant: Variant, quantity: int) -> int:
    """Bring the cart to `quantity` units of a variant, or to as many as there are.

    Returns how many are in it then: more, where there were more before. Raises CartRefusedError
    when there can be none. At most 9 queries.
    """
    line = cart.lines.filter(variant=variant).first()
    wanted = min(max(quantity, line.quantity if line else 0), MAX_QUANTITY)
    if variant.stock_id is not None:
        # Where none is left, one is asked for, and the refusal says why.
        wanted = max(1, min(wanted, available_to(cart.token, [variant.stock_id])[variant.stock_id]))
    if line is None:
        add(cart, variant, wanted)
    else:
        line.cart, line.variant = cart, variant
        set_quantity(line, wanted)
    return wanted


@transaction.atomic
def remove(line: CartLine) -> None:
    """Take a line out of its cart. 2 queries."""
    _keep(line.cart)
    CartLine.objects.filter(pk=line.pk).delete()


def find_variant(sku: str) -> Variant | None:
    """Return the variant with this sku and its product, on sale or not. 1 query."""
    if not is_storable(sku):
        return None
    return Variant.objects.select_related("product").filter(sku=sku).first()


def find_coupon(code: str, currency: str, holder: str) -> Coupon:
    """Return the coupon `code` that the cart `holder` can use now; case makes no difference.

    Raises CartRefusedError; at most 2 queries.
    """
    coupons = Coupon.objects.filter(code__iexact=code.strip())
    coupon = coupons.first() if is_storable(code) else None
    if coupon is None:
        raise CartRefusedError(
            _("We know no coupon “%(code)s”. Check the spelling.") % {"code": code.strip()[:40]}
        )
    if refusal := problem(coupon, currency, holder):
        raise CartRefusedError(refusal)
    return coupon


def apply_coupon(cart: Cart, code: str) -> None:
    """Use the coupon `code` for the cart, in place of any other. Raises CartRefusedError.

    Whoever calls this for a visitor limits the tries (cart/codes.py).
    """
    cart.coupon = find_coupon(code, cart.currency, cart.token)
    _keep(cart, "coupon")


def remove_coupon(cart: Cart) -> None:
    """Use no coupon for the cart."""
    cart.coupon = None
    _keep(cart, "coupon")


def mark_seen(lines: list[PricedLine], currency: str) -> None:
    """Count the prices of `lines` as shown to the shopper. One query where any has changed."""
    changed = []
    for priced in lines:
        line = priced.line
        if (line.seen_price_minor, line.seen_currency) != (priced.unit_price_minor, currency):
            line.seen_price_minor = priced.unit_price_minor
            line.seen_currency = currency
            changed.append(line)
    if changed:
        CartLine.objects.bulk_update(changed, ["seen_price_minor", "seen_currency"])


@transaction.atomic
def empty(cart: Cart, quantities: Mapping[int, int]) -> None:
    """Take the bought units out (variant key → units), and the coupon; what came later stays."""
    for line in cart.lines.select_for_update().filter(variant_id__in=quantities):
        left = line.quantity - quantities[line.variant_id]
        if left > 0:
            line.quantity = left
            line.save(update_fields=["quantity"])
        else:
            line.delete()
    # What is left in it has not been taken to the checkout yet.
    cart.checkout_at = None
    cart.coupon = None
    _keep(cart, "checkout_at", "coupon")


def _keep(cart: Cart, *fields: str) -> None:
    """Keep the cart for longer, as it is changed now.

    The write also locks its row until the transaction ends.
    """
    cart.changed_at = timezone.now()
    cart.expires_at = keep_until()
    cart.save(update_fields=["changed_at", "expires_at", *fields])


def _refuse(cart: Cart, variant: Variant, quantity: int, in_cart: int) -> Price:
    """Return the price of `variant` when `quantity` may be added to what is `in_cart`.

    Raises CartRefusedError.
    """
    wanted = in_cart + quantity
    names = {"name": variant, "currency": cart.currency}
    if not 1 <= quantity <= MAX_QUANTITY:
        raise _not_in_range()
    if wanted > MAX_QUANTITY:
        raise CartRefusedError(
            _("At most %(most)d of one item can be bought, you have %(have)d in your cart.")
            % {"most": MAX_QUANTITY, "have": in_cart}
        )
    if not (variant.is_active and variant.product.is_published):
        raise CartRefusedError(_("%(name)s is no longer for sale.") % names)
    if variant.product.is_over:
        raise CartRefusedError(_("%(name)s has begun: tickets are no longer sold.") % names)
    price = variant.prices.filter(currency=cart.currency).first()
    if price is None:
        raise CartRefusedError(
            _("%(name)s is not sold in %(currency)s. Choose another currency.") % names
        )
    _refuse_above_stock(cart, variant, wanted, in_cart)
    return price


def _refuse_above_stock(cart: Cart, variant: Variant, wanted: int, in_cart: int) -> None:
    if variant.stock_id is None:
        return
    available = available_to(cart.token, [variant.stock_id])[variant.stock_id]
    if wanted <= available:
        return
    if available <= 0:
        raise CartRefusedError(_("%(name)s is sold out.") % {"name": variant})
    counts = {"left": available, "have": in_cart}
    if in_cart:
        raise CartRefusedError(_("Only %(left)d left, you have %(have)d in your cart.") % counts)
    raise CartRefusedError(
        ngettext(
            "Only %(left)d left. Choose 1.",
            "Only %(left)d left. Choose %(left)d or fewer.",
            available,
        )
        % counts
    )


def _not_in_range() -> CartRefusedError:
    return CartRefusedError(_("Enter a whole number from 1 to %(most)d.") % {"most": MAX_QUANTITY})
