"""One order with everything: all of it delivered, then taken back, while GitHub fails."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from notifications.models import Delivery
from notifications.tasks import send_due
from orders.granting import give_handle, grants_of
from orders.models import Grant, Order, OrderEvent, Refund
from orders.refunding import request_all, succeed
from orders.shipping import ship
from orders.states import SHOPPER, STRIPE
from shop.models import Product
from tests.grants.goods import a_book, a_licence, a_repository, an_event, grant_of, sell
from tests.orders.paid import stella
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]
Kind = Product.Kind
State = Grant.State


@pytest.fixture
def github(standin: StandIn, settings: Settings) -> StandIn:
    settings.GITHUB_API_BASE = f"{standin.url}/github"
    settings.GITHUB_TOKEN = "ours"
    return standin


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


def everything() -> Order:
    return sell(
        (a_book(), 1),
        (a_licence(["A-1", "A-2"]), 1),
        (a_repository(), 1),
        (an_event(in_hours=48), 2),
        (a_licence(), 2),
    )


def states(order: Order) -> set[str]:
    return {grant.state for grant in grants_of(order)}


def step_about(grant: Grant, name: str) -> Delivery:
    """Return the newest step of that name about a grant."""
    return Delivery.objects.filter(grant=grant, step=name).latest("pk")


def wait(clock: time_machine.Traveller, seconds: int) -> None:
    clock.shift(timedelta(seconds=seconds))
    send_due()


def test_all_is_delivered_and_taken_back_while_github_fails(
    github: StandIn, clock: time_machine.Traveller
) -> None:
    order = everything()
    send_due()
    repository = grant_of(order, Kind.REPOSITORY)
    assert states(order) == {State.GRANTED, State.DUE}
    assert repository.state == State.DUE

    github.fail_outside("github", 2)
    give_handle(repository, "ada-buyer", SHOPPER)
    send_due()
    wait(clock, 31)
    assert github.repo_invitations() == []
    wait(clock, 61)

    assert states(order) == {State.GRANTED}
    (invitation,) = github.repo_invitations()
    assert (invitation["repository"], invitation["user_name"]) == ("clay/glazes", "ada-buyer")
    assert step_about(repository, "grant").tries == 3
    parcel = [(line.pk, line.quantity) for line in order.lines.filter(kind=Kind.PARCEL)]
    ship(order.pk, parcel, "DHL", "123", "", stella())
    order.refresh_from_db()
    assert order.state == Order.State.FULFILLED

    github.fail_outside("github", 2)
    refund = request_all(order.payments.get().pk, Refund.Reason.CANCELED, STRIPE)
    succeed(refund.pk, STRIPE)
    send_due()
    wait(clock, 31)
    # Only GitHub is late; it has held up nothing.
    assert states(order) == {State.REVOKED}
    assert len(github.repo_invitations()) == 1
    wait(clock, 61)

    assert github.repo_invitations() == []
    for grant in grants_of(order):
        assert not grant.licences.filter(revoked_at=None).exists()
        assert not grant.bookings.filter(revoked_at=None).exists()
    kinds = [event.kind for event in order.events.all()]
    assert kinds.count(OrderEvent.Kind.GRANTED) == kinds.count(OrderEvent.Kind.REVOKED) == 5
