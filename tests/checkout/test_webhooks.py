"""The webhook stores each signed event once and answers; what is no event it refuses."""

import json
from typing import Any

import pytest
from django.db.models import Manager
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from checkout.models import WebhookEvent
from tests.checkout.shopper import fake_event, post_event, sign

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = WebhookEvent.State
URL = "/api/webhooks/stripe"


def test_an_event_is_stored_and_answered_without_asking_stripe() -> None:
    assert post_event(fake_event("payment_intent.succeeded", "pi_1")) == 200

    event = WebhookEvent.objects.get()
    assert (event.type, event.state) == ("payment_intent.succeeded", State.RECEIVED)


def test_the_request_costs_one_statement_before_it_rings(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    event = fake_event("payment_intent.succeeded", "pi_1")

    with django_assert_num_queries(1):
        post_event(event)


def test_a_repeated_delivery_adds_no_row() -> None:
    event = fake_event("payment_intent.succeeded", "pi_1")

    assert [post_event(event) for _ in range(3)] == [200, 200, 200]

    assert WebhookEvent.objects.count() == 1


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "t=1,v1=00",
        "t=9999999999,v1=é",
        "nonsense",
        sign(b"{}", "whsec_of_somebody_else", at=2_000_000_000),
    ],
)
def test_a_wrong_signature_is_refused_and_stores_nothing(signature: str) -> None:
    answer = Client().post(
        URL, b"{}", content_type="application/json", headers={"Stripe-Signature": signature}
    )

    assert answer.status_code == 400
    assert b"STRIPE_WEBHOOK_SECRET" in answer.content
    assert not WebhookEvent.objects.exists()


def test_a_changed_body_is_refused() -> None:
    body = json.dumps(fake_event("payment_intent.succeeded", "pi_1")).encode()
    answer = Client().post(
        URL,
        body.replace(b"pi_1", b"pi_2"),
        content_type="application/json",
        headers={"Stripe-Signature": sign(body)},
    )

    assert answer.status_code == 400


def test_an_old_delivery_is_refused() -> None:
    body = json.dumps(fake_event("payment_intent.succeeded", "pi_1")).encode()
    answer = Client().post(
        URL,
        body,
        content_type="application/json",
        headers={"Stripe-Signature": sign(body, at=1_700_000_000)},
    )

    assert answer.status_code == 400


def test_the_webhook_is_only_posted_to() -> None:
    assert Client().get(URL).status_code == 405


def test_an_event_that_could_not_be_stored_is_not_answered_2xx(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise RuntimeError("the database is gone")

    monkeypatch.setattr(Manager, "bulk_create", fail)
    client = Client(raise_request_exception=False)

    assert post_event(fake_event("payment_intent.succeeded", "pi_1"), client) == 500
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        [],
        "word",
        {},
        {"id": "evt_1", "type": "refund.created"},
        {"id": 7, "type": "refund.created", "data": {"object": {}}},
        {"id": "evt_1", "type": "x" * 101, "data": {"object": {}}},
        {"id": "evt_1", "type": "refund.created", "data": {"object": None}},
    ],
)
def test_a_signed_body_that_is_no_event_is_refused_with_a_sentence(body: Any) -> None:
    raw = json.dumps(body).encode()
    answer = Client().post(
        URL, raw, content_type="application/json", headers={"Stripe-Signature": sign(raw)}
    )

    assert answer.status_code == 400
    assert answer.content.decode() == (
        "The body is no event of Stripe: it needs an id, a type and data.object."
    )
    assert not WebhookEvent.objects.exists()


def test_a_webhook_after_the_list_still_counts_as_brought_by_webhook() -> None:
    event = fake_event("payment_intent.succeeded", "pi_1")
    WebhookEvent.objects.create(
        event_id=event["id"], type=event["type"], payload=event, source=WebhookEvent.Source.LIST
    )

    assert post_event(event) == 200

    assert WebhookEvent.objects.get().source == WebhookEvent.Source.WEBHOOK
