"""Staff see what Stripe has told, what could not be applied and why, and apply it again."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from checkout.inbox import MOST_TRIES
from checkout.models import Reconciliation, WebhookEvent

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = WebhookEvent.State
LIST = "/admin/checkout/webhookevent/"


@pytest.fixture
def stella(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


@pytest.fixture
def looker(client: Client, stranger: User) -> Client:
    """Staff who may look at events, but not apply them again."""
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.add(Permission.objects.get(codename="view_webhookevent"))
    client.force_login(stranger)
    return client


@pytest.fixture
def parked() -> WebhookEvent:
    return store("evt_parked", state=State.FAILED, error="StripeError: No such refund.")


def store(event_id: str, **fields: Any) -> WebhookEvent:
    wanted = {"type": "refund.created", "state": State.APPLIED, "tries": MOST_TRIES, **fields}
    payload = {"id": event_id, "data": {"object": {"id": "re_42"}}}
    return WebhookEvent.objects.create(event_id=event_id, payload=payload, **wanted)


def page(client: Client, address: str, **query: str) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200
    return answer.content.decode()


def replay_selected(client: Client, *events: WebhookEvent) -> str:
    form = {"action": "replay_selected", "_selected_action": [event.pk for event in events]}
    return client.post(LIST, form, follow=True).content.decode()


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, {"evt_parked", "evt_applied", "evt_listed", "evt_else"}),
        ({"state__exact": "failed"}, {"evt_parked"}),
        ({"type": "charge.refunded"}, {"evt_listed"}),
        ({"type": "other"}, {"evt_else"}),
        ({"source__exact": "list"}, {"evt_listed"}),
        ({"q": "re_42"}, {"evt_parked", "evt_applied", "evt_listed", "evt_else"}),
        ({"q": "evt_applied"}, {"evt_applied"}),
    ],
)
def test_events_are_found_by_state_type_source_and_id(
    stella: Client, parked: WebhookEvent, query: dict[str, str], shown: set[str]
) -> None:
    events = [
        parked,
        store("evt_applied"),
        store("evt_listed", type="charge.refunded", source=WebhookEvent.Source.LIST),
        store("evt_else", type="customer.created"),
    ]

    html = page(stella, LIST, **query)

    assert {event.event_id for event in events if f"/{event.pk}/change/" in html} == shown


def test_a_parked_event_is_shown_with_its_error(stella: Client, parked: WebhookEvent) -> None:
    assert "StripeError: No such refund." in page(stella, LIST)

    html = page(stella, f"{LIST}{parked.pk}/change/")

    assert "StripeError: No such refund." in html
    assert "re_42" in html
    assert "Apply again" in html


def test_one_event_is_applied_again_by_its_button(stella: Client, parked: WebhookEvent) -> None:
    answer = stella.post(f"{LIST}{parked.pk}/replay/", follow=True)

    assert "The event is applied again now." in answer.content.decode()
    parked.refresh_from_db()
    assert (parked.state, parked.tries, parked.error) == (State.RECEIVED, 0, "")


def test_a_selection_is_applied_again(stella: Client, parked: WebhookEvent) -> None:
    applied, other = store("evt_applied"), store("evt_other")

    assert "2 events are applied again now." in replay_selected(stella, parked, applied)

    for event, state in ((parked, "received"), (applied, "received"), (other, "applied")):
        event.refresh_from_db()
        assert event.state == state


def test_who_may_only_look_cannot_apply_again(looker: Client, parked: WebhookEvent) -> None:
    assert "Apply again" not in page(looker, LIST)
    assert "Apply again" not in page(looker, f"{LIST}{parked.pk}/change/")

    assert looker.post(f"{LIST}{parked.pk}/replay/").status_code == 403
    replay_selected(looker, parked)

    parked.refresh_from_db()
    assert parked.state == State.FAILED


def test_a_link_applies_nothing(stella: Client, parked: WebhookEvent) -> None:
    assert stella.get(f"{LIST}{parked.pk}/replay/").status_code == 405

    parked.refresh_from_db()
    assert parked.state == State.FAILED


def test_an_event_that_is_not_there_is_not_found(stella: Client) -> None:
    assert stella.post(f"{LIST}7/replay/").status_code == 404


def test_a_shopper_applies_nothing(client: Client, buyer: User, parked: WebhookEvent) -> None:
    client.force_login(buyer)

    answer = client.post(f"{LIST}{parked.pk}/replay/")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")
    parked.refresh_from_db()
    assert parked.state == State.FAILED


@pytest.mark.parametrize("wish", ["add/", "{pk}/delete/"])
def test_nobody_adds_or_deletes_events(stella: Client, parked: WebhookEvent, wish: str) -> None:
    assert stella.get(LIST + wish.format(pk=parked.pk)).status_code == 403


def test_the_list_costs_as_many_queries_for_many_as_for_few(
    stella: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        store(f"evt_{number}")

    with django_assert_max_num_queries(6):
        page(stella, LIST)


def test_readings_of_stripes_list_are_shown(stella: Client) -> None:
    now = timezone.now()
    Reconciliation.objects.create(
        read_from=now, read_until=now, events_read=317, events_missing=29, finished_at=now
    )

    html = page(stella, "/admin/checkout/reconciliation/")

    assert ">317<" in html
    assert ">29<" in html
    assert page(stella, f"/admin/checkout/reconciliation/{Reconciliation.objects.get().pk}/change/")
