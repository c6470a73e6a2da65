"""Whether the shop is alive and ready, for a load balancer and for an alarm."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from checkout.models import WebhookEvent
from config.watchdog import Look, is_stalled, look
from notifications.outbox import due_deliveries
from orders.models import OrderEvent, Refund

logger = logging.getLogger(__name__)

OVERDUE_SECONDS = 600


class NotReadyError(Exception):
    """One part does not work: `detail` is what is told outside."""

    def __init__(self, detail: object) -> None:
        super().__init__(str(detail))
        self.detail = detail


@require_safe
@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process answers at all. No query."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when every part works, else 503; the body says which part does not."""
    parts = {name: _result(check) for name, check in CHECKS.items()}
    is_ready = all(part["ok"] for part in parts.values())
    return JsonResponse({"ready": is_ready, **parts}, status=200 if is_ready else 503)


def _result(check: Callable[[], object]) -> dict[str, Any]:
    try:
        return {"ok": True, "detail": check()}
    except NotReadyError as error:
        return {"ok": False, "detail": error.detail}
    except Exception:
        # Whatever it is, the answer is "not ready"; what it was is for the log, not for strangers.
        logger.exception("A part of the shop is not ready.")
        return {"ok": False, "detail": "failed, see the log"}


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "answers"


def _cache() -> str:
    written = get_random_string(12)
    cache.set("readyz", written, timeout=60)
    if cache.get("readyz") is None:
        raise NotReadyError("forgets what was just written")
    return "answers"


def ages(seen: Look) -> dict[str, int]:
    """Return for how many seconds the oldest undone row of each table has been due. 4 queries.

    A row that waits for its next try is not due yet: one message that cannot be sent must not take
    the shop off the net.
    """
    undone = {
        "webhook_events": WebhookEvent.objects.filter(state=WebhookEvent.State.RECEIVED).aggregate(
            due=Min("next_try_at")
        ),
        "refunds": Refund.objects.filter(
            state__in=[Refund.State.REQUESTED, Refund.State.SENT]
        ).aggregate(due=Min("next_try_at")),
        "order_events": OrderEvent.objects.filter(planned_at=None).aggregate(due=Min("created_at")),
        "deliveries": due_deliveries().order_by().aggregate(due=Min("due_at")),
    }
    rows = {name: _seconds_since(oldest["due"]) for name, oldest in undone.items()}
    return {"tasks": int(seen.waiting), **rows}


def overdue(ages: dict[str, int]) -> bool:
    """Tell whether something waits so long that somebody has to look."""
    return max(ages.values()) > OVERDUE_SECONDS


def _queue() -> dict[str, int | bool]:
    """Return the ages, and whether the worker seems to have stalled. 6 queries.

    A stall alone does not take the shop off the net: orders are taken, and the worker's supervisor
    starts it again.
    """
    seen = look()
    waiting = ages(seen)
    detail = {**waiting, "worker_stalled": is_stalled(seen)}
    if overdue(waiting):
        raise NotReadyError(detail)
    return detail


def _seconds_since(moment: datetime | None) -> int:
    return max(0, int((timezone.now() - moment).total_seconds())) if moment else 0


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    if missing := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReadyError(f"{len(missing)} not applied: run manage.py migrate")
    return "all applied"


CHECKS: dict[str, Callable[[], object]] = {
    "database": _database,
    "cache": _cache,
    "queue": _queue,
    "migrations": _migrations,
}
