"""Rate limits counted in the database: exact under concurrency, kept over a restart."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import RateWindow


@dataclass(frozen=True)
class Limit:
    """At most `times` tries in each window of `seconds`."""

    name: str
    times: int
    seconds: int


def over_limit(limit: Limit, who: str) -> bool:
    """Count one try by `who` and say whether it is one too many. One upsert.

    The windows are fixed, so a burst over a window's edge may reach twice the limit.
    """
    now = timezone.now()
    started_at = datetime.fromtimestamp(
        int(now.timestamp()) // limit.seconds * limit.seconds, tz=UTC
    )
    table = connection.ops.quote_name(RateWindow._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (key, started_at, count) VALUES (%s, %s, 1) "
            f"ON CONFLICT (key, started_at) DO UPDATE SET count = {table}.count + 1 "
            "RETURNING count",
            [f"{limit.name}:{who}"[:120], connection.ops.adapt_datetimefield_value(started_at)],
        )
        (count,) = cursor.fetchone()
    return bool(count > limit.times)


def seconds_left(limit: Limit) -> int:
    """Return for how long the present window of `limit` still lasts, in seconds."""
    return limit.seconds - int(timezone.now().timestamp()) % limit.seconds


def client_address(request: HttpRequest) -> str:
    """Return the shopper's network address, as told by the nearest proxy that we trust."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    trusted: int = settings.TRUSTED_PROXY_COUNT
    if trusted and len(hops) >= trusted and hops[-trusted]:
        return hops[-trusted]
    return str(request.META["REMOTE_ADDR"])


def forget_old_windows() -> int:
    """Delete the windows of yesterday and before; returns how many."""
    deleted, _ = RateWindow.objects.filter(
        started_at__lt=timezone.now() - timedelta(days=1)
    ).delete()
    return deleted
