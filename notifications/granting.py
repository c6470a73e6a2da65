"""The steps that grant and revoke what was bought."""

from django.utils.translation import gettext as _

from notifications.causes import event_of
from notifications.failures import GiveUpError, NotWantedError
from notifications.github import invite, withdraw
from notifications.models import Delivery
from orders.granting import grant_line, revoke_line, units_kept
from orders.granting import revoke_units as revoke_units_of
from orders.models import Grant, Order
from orders.refusals import GrantRefusedError
from orders.states import SCHEDULE
from shop.models import Product

Kind = Product.Kind
State = Grant.State


def grant(delivery: Delivery) -> str:
    """Give the buyer what the line entitles him to; nothing happens the second time.

    What was revoked stays so: `orders.granting.ask_to_grant` makes it due again first.
    """
    grant = _current(delivery)
    if grant.state == State.GRANTED:
        return _("was granted before")
    if grant.state == State.REVOKED:
        raise NotWantedError(_("revoked meanwhile"))
    said = ""
    if grant.line.kind == Kind.REPOSITORY:
        said = _invite(grant)
    try:
        grant_line(grant, SCHEDULE)
    except GrantRefusedError as error:
        if grant.line.kind == Kind.REPOSITORY:
            # It was revoked or renamed while GitHub was being asked, by a step that may have come
            # too early.
            _withdraw(grant, grant.handle)
            raise NotWantedError(str(error)) from error
        raise GiveUpError(str(error)) from error
    return said or _("granted")


def revoke(delivery: Delivery) -> str:
    """Take it away again; nothing happens the second time."""
    return _revoke(_current(delivery))


def withdraw_former(delivery: Delivery) -> str:
    """Take access away from whom the buyer's user name was before it was corrected."""
    grant = _current(delivery)
    former = event_of(delivery).data["former"]
    if grant.handle.lower() == former.lower():
        raise NotWantedError(_("it is the user name again"))
    _withdraw(grant, former)
    return _("%(name)s has no access") % {"name": former}


def revoke_units(delivery: Delivery) -> str:
    """Take away those units of a partial refund that staff wanted back."""
    event = event_of(delivery)
    if event.order.state == Order.State.REFUNDED:
        raise NotWantedError(_("all of the order is revoked"))
    grants = Grant.objects.select_related("line__variant__product").filter(
        line__order=event.order_id,
        line__refund_lines__refund=event.data["refund"],
        line__refund_lines__restock=True,
    )
    return "; ".join(_revoke_returned(grant) for grant in grants)


def _revoke_returned(grant: Grant) -> str:
    if not units_kept(grant.line):
        return f"{grant.line.title}: {_revoke(grant)}"
    return f"{grant.line.title}: {revoke_units_of(grant, SCHEDULE)}"


def _revoke(grant: Grant) -> str:
    if grant.state == State.REVOKED:
        return _("was revoked before")
    if grant.line.kind == Kind.REPOSITORY:
        _withdraw(grant, grant.handle)
    revoke_line(grant, SCHEDULE)
    return _("revoked")


def _current(delivery: Delivery) -> Grant:
    if delivery.grant_id is None:
        raise ValueError(f"{delivery.step} is about one line of an order.")
    return Grant.objects.select_related("line__variant__product").get(pk=delivery.grant_id)


def _invite(grant: Grant) -> str:
    if not grant.handle:
        raise GiveUpError(_("The buyer has not told his GitHub user name yet."))
    return invite(_repository(grant), grant.handle)


def _withdraw(grant: Grant, user_name: str) -> None:
    """Take access away at GitHub, unless the same person has bought it once more."""
    if user_name and not _has_another(grant, user_name):
        withdraw(_repository(grant), user_name)


def _has_another(grant: Grant, user_name: str) -> bool:
    others = Grant.objects.exclude(pk=grant.pk).filter(
        state=State.GRANTED,
        handle__iexact=user_name,
        line__variant__product__repository=_repository(grant),
    )
    return others.exists()


def _repository(grant: Grant) -> str:
    variant = grant.line.variant
    if variant is None or not variant.product.repository:
        raise GiveUpError(
            _("%(title)s is no longer in the shop: see to its access at GitHub by hand.")
            % {"title": grant.line.title}
        )
    return variant.product.repository
