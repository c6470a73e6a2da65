"""The steps that grant and revoke what was bought."""

from django.utils import timezone
from django.utils.translation import gettext as _

from notifications.causes import event_of
from notifications.failures import GiveUpError, NotWantedError, OutsideError
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
        # A try before this one may have invited the buyer, and failed to withdraw that.
        _withdraw_revoked(grant)
        raise NotWantedError(_("revoked meanwhile"))
    said = ""
    if grant.line.kind == Kind.REPOSITORY:
        _wait_for_withdrawal(grant)
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
    """Take it away again. Safe to repeat: the second time only asks GitHub once more."""
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
    """Take away those units of a line that a partial refund takes back."""
    if event_of(delivery).order.state == Order.State.REFUNDED:
        raise NotWantedError(_("all of the order is revoked"))
    grant = _current(delivery)
    if not units_kept(grant.line):
        return _revoke(grant)
    return _("%(count)d revoked") % {"count": revoke_units_of(grant, SCHEDULE)}


def _revoke(grant: Grant) -> str:
    """Note it first: from then on nobody is invited any more, and no other name can be given."""
    is_new = revoke_line(grant, SCHEDULE)
    grant.refresh_from_db(fields=["state", "handle"])
    _withdraw_revoked(grant)
    return _("revoked") if is_new else _("was revoked before")


def _withdraw_revoked(grant: Grant) -> None:
    """Take access away at GitHub while the grant is revoked. Raises as notifications/github.py."""
    if grant.line.kind == Kind.REPOSITORY and grant.state == State.REVOKED:
        _withdraw(grant, grant.handle)


def _wait_for_withdrawal(grant: Grant) -> None:
    """Raise OutsideError while GitHub is being asked to withdraw: the invitation could go, too."""
    under_way = Delivery.objects.filter(
        grant=grant,
        step__in=["revoke", "revoke_units", "withdraw_former"],
        state=Delivery.State.DUE,
        claimed_until__gt=timezone.now(),
    )
    if under_way.exists():
        raise OutsideError(_("Access is just being withdrawn at GitHub."))


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
