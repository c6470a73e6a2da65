"""However often the worker is rung for, one task waits; and no ring is lost that comes too late."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from shop.doorbells import LASTS, answer, ring

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

TASK = "checkout.tasks.sweep"


def waiting() -> list[str]:
    return [task.func() for task in OrmQ.objects.all()]


def test_many_rings_are_one_task() -> None:
    for _ring in range(5):
        ring(TASK)

    assert waiting() == [TASK]


def test_who_rings_once_the_task_has_begun_gets_another() -> None:
    ring(TASK)
    answer(TASK)
    ring(TASK)

    assert waiting() == [TASK, TASK]


def test_nobody_is_rung_for_before_the_commit_nor_for_what_was_undone() -> None:
    with transaction.atomic():
        ring(TASK)
        assert waiting() == []
        transaction.set_rollback(True)

    assert waiting() == []


def test_each_task_has_a_doorbell_of_its_own() -> None:
    ring(TASK)
    ring("checkout.tasks.tidy")
    answer("checkout.tasks.tidy")

    assert waiting() == [TASK, "checkout.tasks.tidy"]


def test_a_task_that_died_with_its_worker_is_rung_for_again() -> None:
    ring(TASK)
    with time_machine.travel(timezone.now() + LASTS + timedelta(seconds=1)):
        ring(TASK)

    assert waiting() == [TASK, TASK]
