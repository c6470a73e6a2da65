"""The death of a process at a chosen point: before or after a commit or a call to Stripe.

The points are counted: a run without a crash says how many there are, a run with `at=n` dies at the
n-th. Dying is an exception that no code of ours catches; the database connection is gone with it,
as it would be with the process, so nothing that was not committed is kept.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from checkout import stripe_gateway

CALLS = ("create_intent", "retrieve_intent", "cancel_intent", "create_refund", "retrieve_refund")
WRITES = ("INSERT", "UPDATE", "DELETE")
# To die at a doorbell is to die after the commit that rings it.
DOORBELLS = ("shop_doorbell", "django_q_ormq")


class Death(BaseException):
    """The process ends here."""


@dataclass
class Points:
    """The points passed up to now, by name; the one numbered `at` kills."""

    at: int | None = None
    passed: list[str] = field(default_factory=list)

    def reach(self, name: str) -> None:
        """Pass a point, or die at it."""
        self.passed.append(name)
        if len(self.passed) - 1 == self.at:
            # What was not committed goes, and nothing rings on commit.
            connection.close()
            raise Death(name)


@contextmanager
def dying(at: int | None = None) -> Iterator[Points]:
    """Count the points of the code inside, and die at the one numbered `at`; survived outside."""
    points = Points(at)
    with ExitStack() as stack:
        for name in CALLS:
            real = getattr(stripe_gateway, name)
            stack.enter_context(
                mock.patch.object(stripe_gateway, name, _around(points, name, real))
            )
        stack.enter_context(
            mock.patch.object(
                BaseDatabaseWrapper, "commit", _around_commit(points, BaseDatabaseWrapper.commit)
            )
        )
        stack.enter_context(connection.execute_wrapper(_around_write(points)))
        with suppress(Death):
            yield points


def _around(points: Points, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        points.reach(f"before {name}")
        answer = real(*args, **kwargs)
        points.reach(f"after {name}")
        return answer

    return call


def _around_commit(points: Points, real: Callable[..., None]) -> Callable[..., None]:
    def commit(wrapper: BaseDatabaseWrapper) -> None:
        points.reach("before commit")
        real(wrapper)
        points.reach("after commit")

    return commit


def _around_write(points: Points) -> Callable[..., Any]:
    """A write outside a transaction commits by itself."""

    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        is_bell = any(table in sql for table in DOORBELLS)
        alone = not connection.in_atomic_block and sql.startswith(WRITES) and not is_bell
        if alone:
            points.reach("before " + sql.split(" SET ", maxsplit=1)[0][:60])
        result = run(sql, params, many, context)
        if alone:
            points.reach("after " + sql.split(" SET ", maxsplit=1)[0][:60])
        return result

    return execute
