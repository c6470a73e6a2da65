"""The figures that an owner looks at first, each with a few words that explain it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from notifications.report.figures import Report, share
from notifications.report.tables import Kind, written


@dataclass(frozen=True)
class Headline:
    title: str
    value: str
    words: str


def headlines_of(report: Report) -> list[Headline]:
    """Return what the page and the weekly mail begin with."""
    return [
        _revenue(report),
        _orders(report),
        *_abandoned(report),
        _declined(report),
        _won_back(report),
        _refunds(report),
    ]


def _revenue(report: Report) -> Headline:
    money = report.money
    words = _("%(taken)s taken, %(refunded)s refunded, %(lost)s lost in disputes") % {
        "taken": _money(report, money.captured_minor),
        "refunded": _money(report, money.refunded_minor),
        "lost": _money(report, money.lost_minor),
    }
    return Headline(_("Revenue"), _money(report, money.revenue_minor), words)


def _orders(report: Report) -> Headline:
    customers = report.customers
    words = _("%(new)s by new buyers, %(returning)s by returning ones") % {
        "new": _count(customers.new),
        "returning": _count(customers.returning),
    }
    return Headline(_("Paid orders"), _count(customers.orders), words)


def _abandoned(report: Report) -> list[Headline]:
    funnel = report.funnel
    carts = _("of %(count)s carts were not paid") % {"count": _count(funnel.carts)}
    checkouts = _("of %(count)s checkouts were not paid") % {"count": _count(funnel.checkouts)}
    return [
        Headline(_("Carts abandoned"), _share(funnel.carts_abandoned), carts),
        Headline(_("Checkouts abandoned"), _share(funnel.checkouts_abandoned), checkouts),
    ]


def _declined(report: Report) -> Headline:
    declined = report.declined
    words = _("%(paid)s of these orders were paid after all (%(share)s): %(amount)s") % {
        "paid": _count(declined.paid),
        "share": _share(share(declined.paid, declined.orders)),
        "amount": _money(report, declined.paid_minor),
    }
    return Headline(_("Orders with a failed payment"), _count(declined.orders), words)


def _won_back(report: Report) -> Headline:
    everybody = report.winning_back[0]
    words = _("%(bought)s of %(people)s written to bought after all, for %(amount)s.") % {
        "bought": _count(everybody.written.bought),
        "people": _count(everybody.written.people),
        "amount": _money(report, everybody.written.bought_minor),
    }
    earned = everybody.earned_minor
    value = "–" if earned is None else _money(report, earned)
    return Headline(_("Earned by messages"), value, f"{words} {everybody.remark}".strip())


def _refunds(report: Report) -> Headline:
    words = _("%(amount)s, %(share)s of what was taken") % {
        "amount": _money(report, report.money.refunded_minor),
        "share": _share(report.refund_share),
    }
    return Headline(_("Refunds"), _count(report.refund_count), words)


def _money(report: Report, amount_minor: int) -> str:
    return written(amount_minor, Kind.MONEY, report.currency)


def _count(count: int) -> str:
    return written(count, Kind.COUNT, "")


def _share(value: float | None) -> str:
    return written(value, Kind.SHARE, "")
