"""A load balancer learns whether the shop works, and which part of it does not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from checkout.models import WebhookEvent
from config import health
from config.watchdog import STALLED_SECONDS
from notifications.models import Delivery
from orders.models import OrderEvent, Payment, Refund
from tests.orders.factory import make_order, make_payment

pytestmark = [pytest.mark.django_db, pytest.mark.both]

LONG_AGO = timezone.now() - timedelta(minutes=11)


def ready(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json()


def test_alive_asks_nobody(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok")


def test_a_working_shop_is_ready(client: Client) -> None:
    status, parts = ready(client)

    assert status == 200
    assert all(parts[name]["ok"] for name in ("database", "cache", "queue", "migrations"))
    assert parts["queue"]["detail"] == {
        "tasks": 0,
        "webhook_events": 0,
        "refunds": 0,
        "order_events": 0,
        "deliveries": 0,
        "worker_stalled": False,
    }


def test_a_stalled_worker_is_told_and_the_shop_stays_on_the_net(client: Client) -> None:
    OrmQ.objects.create(
        key="cartwright", payload="", lock=timezone.now() - timedelta(seconds=STALLED_SECONDS)
    )

    status, parts = ready(client)

    assert status == 200
    assert parts["queue"]["detail"]["worker_stalled"] is True


def test_the_answer_is_never_kept(client: Client) -> None:
    assert "no-store" in client.get("/readyz")["Cache-Control"]


def leave_task() -> None:
    OrmQ.objects.create(key="cartwright", payload="", lock=LONG_AGO)


def leave_webhook_event() -> None:
    WebhookEvent.objects.create(event_id="evt_1", payload={})
    WebhookEvent.objects.update(next_try_at=LONG_AGO)


def leave_refund(state: Refund.State = Refund.State.REQUESTED) -> None:
    payment = make_payment(make_order(), Payment.Outcome.ACCEPTED)
    Refund.objects.create(
        payment=payment, amount_minor=1, other_minor=1, state=state, next_try_at=LONG_AGO
    )


def leave_sent_refund() -> None:
    leave_refund(Refund.State.SENT)


def leave_order_event() -> None:
    make_order()
    OrderEvent.objects.update(created_at=LONG_AGO)


def leave_delivery() -> None:
    event = make_order().events.get()
    Delivery.objects.create(event=event, step="order_confirmed", due_at=LONG_AGO)


@pytest.mark.parametrize(
    ("leave", "name"),
    [
        (leave_task, "tasks"),
        (leave_webhook_event, "webhook_events"),
        (leave_refund, "refunds"),
        (leave_sent_refund, "refunds"),
        (leave_order_event, "order_events"),
        (leave_delivery, "deliveries"),
    ],
)
def test_work_left_undone_for_ten_minutes_is_not_ready(
    client: Client, leave: Callable[[], None], name: str
) -> None:
    leave()

    status, parts = ready(client)

    assert (status, parts["ready"], parts["queue"]["ok"]) == (503, False, False)
    assert parts["queue"]["detail"][name] >= 660
    assert parts["database"]["ok"]


def test_done_work_is_not_counted(client: Client) -> None:
    leave_webhook_event()
    WebhookEvent.objects.update(state=WebhookEvent.State.APPLIED)
    leave_order_event()
    OrderEvent.objects.update(planned_at=timezone.now())
    leave_delivery()
    Delivery.objects.update(state=Delivery.State.DONE)
    leave_refund(Refund.State.SUCCEEDED)
    OrderEvent.objects.update(planned_at=timezone.now())

    assert ready(client)[0] == 200


def test_an_event_that_was_given_up_waits_for_staff_and_not_for_the_worker(client: Client) -> None:
    leave_webhook_event()
    WebhookEvent.objects.update(state=WebhookEvent.State.FAILED)

    assert ready(client)[0] == 200


def test_work_that_waits_for_its_next_try_is_not_overdue(client: Client) -> None:
    leave_webhook_event()
    WebhookEvent.objects.update(
        received_at=LONG_AGO, next_try_at=timezone.now() + timedelta(hours=1)
    )

    assert ready(client)[0] == 200


def test_a_broken_part_is_named_and_tells_no_secret(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> str:
        raise OperationalError("connection to server at 10.0.0.7 refused, password=hunter2")

    monkeypatch.setitem(health.CHECKS, "database", refuse)

    status, parts = ready(client)

    assert status == 503
    assert parts["database"] == {"ok": False, "detail": "failed, see the log"}


def test_a_cache_that_forgets_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "get", lambda key: None)

    assert ready(client)[1]["cache"] == {"ok": False, "detail": "forgets what was just written"}


def test_a_missing_migration_is_not_ready(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'notifications'")

    status, parts = ready(client)

    assert (status, parts["migrations"]["ok"]) == (503, False)
    assert "not applied: run manage.py migrate" in parts["migrations"]["detail"]
