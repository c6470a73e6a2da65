"""Lists: one page of the objects of a kind, newest first, however many there are."""

import json
from dataclasses import dataclass, field

from sandbox.errors import Json, StripeError
from sandbox.world import Call

PAGING = frozenset({"limit", "starting_after", "ending_before", "expand"})
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass
class Conditions:
    """What the objects of a list must satisfy, as parts of a query and their values."""

    parts: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)
    index: str = ""
    """The index to go by when few of very many are wanted; else it is the newest of the kind."""

    def add(self, part: str, *values: object) -> None:
        """Demand one thing more; `part` is text of our own, never of a request."""
        self.parts.append(part)
        self.values += values


def page(
    call: Call, kind: str, url: str, *, equal: tuple[str, ...] = (), also: Conditions | None = None
) -> Json:
    """Return one page of a list by limit, starting_after, ending_before and created.

    `equal` names the parameters that the property of the same name must agree with, `also` adds
    conditions of the call's own. Costs one query, and one more for a cursor.
    """
    limit = call.params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise StripeError("Invalid limit: must be between 1 and 100", param="limit")
    conditions = also or Conditions()
    conditions.add("kind = ?", kind)
    for name in equal:
        if name in call.params:
            conditions.add(f"body ->> '{name}' = ?", call.params[name])
    _created(call, kind, conditions)
    before = _cursor(call, kind, "ending_before")
    after = _cursor(call, kind, "starting_after")
    if before is not None:
        conditions.add("seq > ?", before)
    elif after is not None:
        conditions.add("seq < ?", after)
    order = "DESC" if before is None else "ASC"
    by = f"INDEXED BY {conditions.index}" if conditions.index else ""
    # Every part is written in this program; what a request says is bound. Only the numbers are
    # sorted, not the bodies.
    query = (
        f"SELECT body FROM objects WHERE seq IN (SELECT seq FROM objects {by} WHERE "  # noqa: S608
        f"{' AND '.join(conditions.parts)} ORDER BY seq {order} LIMIT ?) ORDER BY seq {order}"
    )
    rows = call.store.rows(query, *conditions.values, limit + 1)
    found = [json.loads(row["body"]) for row in rows[:limit]]
    data = found if before is None else found[::-1]
    return {"object": "list", "data": data, "has_more": len(rows) > limit, "url": url}


def _created(call: Call, kind: str, conditions: Conditions) -> None:
    wish = call.params.get("created")
    limits = {"gte": wish, "lte": wish} if isinstance(wish, int) else wish or {}
    for name, second in limits.items():
        conditions.add(f"created {COMPARISONS[name]} ?", second)
    since = [second for name, second in limits.items() if name.startswith("g")]
    if since:
        # The clock only goes forward: what lies before the first one of that time need not be read.
        first = "SELECT seq FROM objects WHERE kind = ? AND created >= ? ORDER BY created, seq"
        conditions.add(f"seq >= ifnull(({first} LIMIT 1), 1e18)", kind, max(since))


def _cursor(call: Call, kind: str, param: str) -> int | None:
    """Return the place of the object that a page begins behind or ends before."""
    wanted = call.params.get(param)
    if wanted is None:
        return None
    rows = call.store.rows("SELECT seq FROM objects WHERE id = ? AND kind = ?", wanted, kind)
    if not rows:
        raise StripeError(f"No such object: '{wanted}'", code="resource_missing", param=param)
    seq: int = rows[0]["seq"]
    return seq
