"""The schedule's sweep: no part of it keeps another from its work."""

import pytest
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks

from checkout import tasks
from checkout.models import WebhookEvent

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def store_events(count: int) -> None:
    for number in range(count):
        WebhookEvent.objects.create(
            event_id=f"evt_{number}", type="customer.created", payload={"data": {"object": {}}}
        )


def left() -> int:
    return WebhookEvent.objects.filter(state=WebhookEvent.State.RECEIVED).count()


def test_a_part_that_takes_too_long_goes_on_in_a_task_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    store_events(3)
    monkeypatch.setattr(tasks, "PART_SECONDS", 0)

    with django_capture_on_commit_callbacks(execute=True):
        tasks.apply_events()

    assert left() == 2
    assert [task.func() for task in OrmQ.objects.all()] == ["checkout.tasks.apply_events"]


def test_a_part_that_is_done_rings_for_nothing() -> None:
    store_events(3)

    tasks.apply_events()

    assert left() == 0
    assert not OrmQ.objects.exists()


def test_a_large_backlog_is_done_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    store_events(450)
    monkeypatch.setattr(tasks, "PART_SECONDS", 600)

    tasks.apply_events()

    assert left() == 0
