"""What the lines of a paid order entitle the buyer to: granted, revoked, granted again.

The only writer of `Grant`; keys, seats and downloads are kept by licences.py, seats.py and
downloads.py. Each verb locks the order first, and has nothing left to do the second time.
"""

import re
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.fulfilling import note_progress
from orders.licences import give_keys, put_back_unclaimed, revoke_keys
from orders.models import Grant, Order, OrderEvent, OrderLine, RefundLine
from orders.refusals import GrantRefusedError
from orders.seats import book_seats, revoke_seats
from orders.states import Actor, append_event, lock
from shop.models import Product

State = Grant.State
Kind = Product.Kind
Event = OrderEvent.Kind
PAID = (Order.State.PAID, Order.State.FULFILLING, Order.State.FULFILLED)
# GitHub's rule for user names.
USER_NAME = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}")
# So long after staff have asked for it, a message to the buyer may still be on its way.
BEING_TOLD = timedelta(minutes=1)


def grants_of(order: Order) -> list[Grant]:
    """Return the grant of each line that is no parcel, in the order of the lines, making new ones.

    Two queries where there are lines to be granted, one where there are none.
    """
    lines = list(order.lines.exclude(kind=Kind.PARCEL))
    Grant.objects.bulk_create([Grant(line=line) for line in lines], ignore_conflicts=True)
    return list(
        Grant.objects.filter(line__order=order).select_related("line__variant").order_by("line_id")
    )


def units_kept(line: OrderLine) -> int:
    """Return the units of a line that no refund has taken back; money alone takes none. 1 query."""
    back = RefundLine.objects.filter(
        line=line, restock=True, refund__succeeded_at__isnull=False
    ).aggregate(units=Sum("quantity"))["units"]
    return max(line.quantity - (back or 0), 0)


@transaction.atomic
def grant_line(grant: Grant, actor: Actor) -> bool:
    """Give the buyer what is due; False when it was granted before.

    For a repository it notes what was done at GitHub. Raises GrantRefusedError when the grant was
    revoked, when the user name is not that of `grant` any more, and when there are too few keys.
    """
    invited = grant.handle
    grant = _locked(grant)
    if grant.handle != invited:
        raise GrantRefusedError(_("Another user name was given meanwhile."))
    if grant.state == State.GRANTED:
        return False
    if grant.state == State.REVOKED:
        raise GrantRefusedError(_("Access was revoked: staff can grant it again."))
    kept = units_kept(grant.line)
    if grant.line.kind == Kind.LICENCE:
        give_keys(grant, kept or grant.licences.count())
        put_back_unclaimed(grant)
    elif grant.line.kind == Kind.EVENT:
        book_seats(grant, kept)
    _note(grant, State.GRANTED, actor)
    return True


@transaction.atomic
def revoke_line(grant: Grant, actor: Actor) -> bool:
    """Take everything away; False when it was revoked before."""
    grant = _locked(grant)
    if grant.state == State.REVOKED:
        return False
    revoke_keys(grant, keep=0)
    revoke_seats(grant, keep=0)
    put_back_unclaimed(grant)
    _note(grant, State.REVOKED, actor)
    return True


@transaction.atomic
def revoke_units(grant: Grant, actor: Actor) -> int:
    """Take away the newest keys or seats until only those that no refund took back are left.

    Returns how many were revoked. Of a file or a course none can be: that ends with `revoke_line`,
    once no unit is left.
    """
    grant = _locked(grant)
    if grant.state != State.GRANTED:
        return 0
    kept = units_kept(grant.line)
    revoked = revoke_keys(grant, kept) + revoke_seats(grant, kept)
    if revoked:
        _tell(grant, Event.REVOKED, actor, pieces=revoked)
    return revoked


@transaction.atomic
def give_handle(grant: Grant, user_name: str, actor: Actor) -> None:
    """Store the buyer's GitHub user name, upon which he is invited, and a former one no longer is.

    Only staff change the name of somebody who was invited already. Raises GrantRefusedError when it
    is no possible name, and when it is too late for one.
    """
    user_name = user_name.strip().removeprefix("@")
    if not USER_NAME.fullmatch(user_name):
        raise GrantRefusedError(
            _("This is no GitHub user name: it has letters, digits and single hyphens, at most 39.")
        )
    grant = _locked(grant)
    if grant.line.kind != Kind.REPOSITORY or (grant.state != State.DUE and not actor.staff):
        raise GrantRefusedError(_("The user name can no longer be changed here: write to us."))
    if grant.state == State.REVOKED:
        raise GrantRefusedError(_("Access was revoked: grant it again first."))
    if grant.line.order.state not in PAID:
        raise GrantRefusedError(_("The order is not paid, so there is nothing to open."))
    former = grant.handle
    # To GitHub, capitals make no difference.
    if former.lower() == user_name.lower():
        return
    grant.handle = user_name
    grant.state = State.DUE
    grant.save(update_fields=["handle", "state"])
    corrected = {"former": former} if former else {}
    _tell(grant, Event.HANDLE_GIVEN, actor, user_name=user_name, **corrected)


@transaction.atomic
def ask_to_grant(grant: Grant, actor: Actor) -> None:
    """Make a grant due again, for the step that grants it.

    Raises GrantRefusedError where there is nothing that could be given.
    """
    grant = _locked(grant)
    if grant.state == State.GRANTED:
        raise GrantRefusedError(_("It is granted already."))
    if not units_kept(grant.line):
        if grant.line.kind == Kind.EVENT:
            raise GrantRefusedError(_("All of its seats are for sale again: sell one of them."))
        if grant.line.kind == Kind.LICENCE and not grant.licences.exists():
            raise GrantRefusedError(_("No key was ever given for it, and all units are refunded."))
    grant.state = State.DUE
    grant.save(update_fields=["state"])
    _tell(grant, Event.REGRANT_ASKED, actor)


@transaction.atomic
def ask_to_revoke(grant: Grant, actor: Actor) -> None:
    """Have a grant revoked. Raises GrantRefusedError when it is."""
    grant = _locked(grant)
    if grant.state == State.REVOKED:
        raise GrantRefusedError(_("It is revoked already."))
    _tell(grant, Event.REVOKE_ASKED, actor)


@transaction.atomic
def ask_to_tell(grant: Grant, actor: Actor) -> None:
    """Have the buyer told once more, by one message for all who ask at about the same time.

    Raises GrantRefusedError when there is nothing to tell, and when somebody has just asked.
    """
    grant = _locked(grant)
    waits_for_name = grant.line.kind == Kind.REPOSITORY and not grant.handle
    if grant.state != State.GRANTED and not (grant.state == State.DUE and waits_for_name):
        raise GrantRefusedError(_("Nothing is granted, so there is nothing to tell the buyer."))
    asked = grant.line.order.events.filter(kind=Event.RESEND_ASKED, data__grant=grant.pk)
    under_way = Q(planned_at=None) | Q(created_at__gt=timezone.now() - BEING_TOLD)
    if asked.filter(under_way).exists():
        raise GrantRefusedError(
            _("The buyer is being told just now. To send it once more, wait a minute.")
        )
    _tell(grant, Event.RESEND_ASKED, actor)


def _locked(grant: Grant) -> Grant:
    """Lock the order and return the grant as it is now, with its line."""
    lock(grant.line.order_id)
    return Grant.objects.select_related("line__order", "line__variant__stock").get(pk=grant.pk)


def _note(grant: Grant, state: Grant.State, actor: Actor) -> None:
    grant.state = state
    if state == State.GRANTED:
        grant.granted_at, grant.revoked_at = timezone.now(), None
    else:
        grant.revoked_at = timezone.now()
    grant.save(update_fields=["state", "granted_at", "revoked_at"])
    _tell(grant, Event(state.value), actor)
    note_progress(grant.line.order_id, actor)


def _tell(grant: Grant, kind: OrderEvent.Kind, actor: Actor, **data: Any) -> None:
    append_event(grant.line.order, kind, actor, grant=grant.pk, product=grant.line.title, **data)
