"""Every figure of the report counted a second time: all rows, plain loops, nothing of the report's.

It shares no query, no filter and no word with notifications/report. A day is what the clock on the
wall shows, not what lies between two midnights.
"""

from collections import defaultdict
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Model

from cart.models import LeftBehind
from orders.models import Dispute, Order, OrderEvent, OrderLine, Payment, Refund
from shop.models import FunnelEvent

Row = dict[str, Any]


def rows_of(model: type[Model]) -> list[Row]:
    """Return all rows as they are stored."""
    return list(model._default_manager.order_by("pk").values())


class Raw:
    """The rows of the whole shop."""

    def __init__(self) -> None:
        self.orders = {row["id"]: row for row in rows_of(Order)}
        self.by_number = {row["number"]: row for row in self.orders.values()}
        self.lines = rows_of(OrderLine)
        self.events = rows_of(OrderEvent)
        self.payments = {row["id"]: row for row in rows_of(Payment)}
        self.refunds = rows_of(Refund)
        self.disputes = rows_of(Dispute)
        self.lefts = rows_of(LeftBehind)
        self.funnel = rows_of(FunnelEvent)
        self.good = {
            row["order_id"]: row for row in self.payments.values() if row["outcome"] == "accepted"
        }
        self.first_bought: dict[str, tuple[datetime, int]] = {}
        for order, payment in self.good.items():
            buyer, at = self.orders[order]["email"].lower(), (payment["received_at"], payment["id"])
            self.first_bought[buyer] = min(self.first_bought.get(buyer, at), at)


class Count:
    """The figures of some days in one currency."""

    def __init__(self, raw: Raw, first: date, last: date, currency: str) -> None:
        self.raw, self.first, self.last, self.currency = raw, first, last, currency
        self.zone = ZoneInfo(settings.TIME_ZONE)
        self.paid = [
            row
            for row in raw.good.values()
            if row["currency"] == currency and self.on(row["received_at"])
        ]

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def on(self, at: datetime | None) -> bool:
        return at is not None and self.first <= self.day(at) <= self.last

    def funnel(self, **only: str) -> dict[str, int]:
        counts: dict[str, int] = defaultdict(int)
        for row in self.raw.funnel:
            is_meant = all(row[name] == value for name, value in only.items())
            if is_meant and self.first <= row["day"] <= self.last:
                counts[row["kind"]] += 1
        return dict(counts)

    def refunds(self) -> list[Row]:
        found = []
        for row in self.raw.refunds:
            payment = self.raw.payments[row["payment_id"]]
            if payment["outcome"] != "accepted" or payment["currency"] != self.currency:
                continue
            if row["state"] == "succeeded" and self.on(row["succeeded_at"]):
                found.append(row)
        return found

    def lost(self) -> int:
        lost = 0
        for row in self.raw.disputes:
            payment = self.raw.payments[row["payment_id"]]
            if payment["currency"] == self.currency and payment["outcome"] == "accepted":
                lost += row["withdrawn_minor"] if self.on(row["opened_at"]) else 0
        return lost

    def captured(self) -> int:
        return sum(row["amount_minor"] for row in self.paid)

    def declined(self) -> tuple[int, int, int]:
        orders = set()
        for row in self.raw.events:
            order = self.raw.orders[row["order_id"]]
            if row["kind"] != "declined" or order["currency"] != self.currency:
                continue
            if self.on(row["created_at"]):
                orders.add(order["id"])
        good = [self.raw.good[order] for order in orders if order in self.raw.good]
        return len(orders), len(good), sum(row["amount_minor"] for row in good)

    def left(self, kind: str, is_held_out: bool) -> tuple[int, int, int]:
        people, bought, orders = [], [], {}
        for row in self.raw.lefts:
            if kind and row["kind"] != kind:
                continue
            if row["is_held_out"] is not is_held_out or row["currency"] != self.currency:
                continue
            if self.on(row["left_at"]):
                people.append(row["email"].lower())
                if row["recovered_at"] is not None:
                    bought.append(row["email"].lower())
                    order = self.raw.by_number[row["recovered_by"]]
                    is_ours = order["currency"] == self.currency
                    orders[order["id"]] = order["total_minor"] if is_ours else 0
        return len(set(people)), len(set(bought)), sum(orders.values())

    def customers(self, column: str, value: str) -> tuple[int, int, int, int]:
        """New orders and their money, returning orders and their money."""
        new = new_minor = returning = returning_minor = 0
        for payment in self.paid:
            order = self.raw.orders[payment["order_id"]]
            if order[column] != value:
                continue
            bought_at = (payment["received_at"], payment["id"])
            if self.raw.first_bought[order["email"].lower()] < bought_at:
                returning, returning_minor = (
                    returning + 1,
                    returning_minor + payment["amount_minor"],
                )
            else:
                new, new_minor = new + 1, new_minor + payment["amount_minor"]
        return new, new_minor, returning, returning_minor

    def placed(self, coupon: str) -> tuple[int, int]:
        placed = were_paid = 0
        for row in self.raw.orders.values():
            if row["currency"] != self.currency or row["coupon_code"] != coupon:
                continue
            if self.on(row["placed_at"]):
                placed += 1
                were_paid += row["state"] not in ("pending", "canceled", "failed")
        return placed, were_paid

    def sellers(self) -> dict[str, tuple[int, int, int]]:
        paid = set()
        for event in self.raw.events:
            is_purchase = event["kind"] == "paid" and event["data"].get("from") != "refunded"
            order = self.raw.orders[event["order_id"]]
            if is_purchase and order["currency"] == self.currency and self.on(event["created_at"]):
                paid.add(order["id"])
        found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for row in self.raw.lines:
            if row["order_id"] in paid:
                whole = row["unit_price_minor"] * row["quantity"]
                seller = found[row["title"]]
                seller[0] += row["quantity"]
                seller[1] += row["refunded_quantity"]
                seller[2] += whole - row["discount_minor"] + row["tax_minor"]
        return {title: (units, back, amount) for title, (units, back, amount) in found.items()}
