"""`audit_books` at the command line, and the check that the schedule makes each night."""

import json
from datetime import timedelta
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler
from django_q.signing import SignedPackage
from pytest_django import Settings

from checkout.books import audit, tasks
from checkout.models import Audit
from inventory.models import StockItem
from orders.models import OrderLine, Payment
from tests.checkout.books import Books, have_no_patience, keep_books
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def books(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> Books:
    have_no_patience(monkeypatch)
    return keep_books(standin)


def run(*args: str) -> tuple[int, str, str]:
    """Run the command; its exit code, what it printed, and its last word where that is an error."""
    out = StringIO()
    try:
        call_command("audit_books", *args, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue(), str(error)
    return 0, out.getvalue(), ""


def change_units_held() -> None:
    StockItem.objects.update(held=3)


# --- The command --------------------------------------------------------------------------------
def test_clean_books_are_said_with_their_figures(books: Books) -> None:
    code, said, _error = run()

    assert code == 0
    assert said.endswith("Yes: every cent and every unit is accounted for.\n")
    rows = [" ".join(row.split()) for row in said.splitlines()]
    assert "Captured USD $139.97 $139.97" in rows
    assert "Refunded USD $40.82 $40.82" in rows
    assert "Taken by disputes USD $51.84 $51.84" in rows
    assert "Left USD $47.31 $47.31" in rows
    assert "Stock on hand 8 8" in rows
    assert Audit.objects.get().breaks == []


def test_a_break_is_named_with_what_to_do_and_ends_with_1(books: Books) -> None:
    change_units_held()

    code, said, error = run()

    assert (code, error) == (1, "The books do not close: 2 breaks were found.")
    assert (
        "held_differs: The units held are not the sum of the item's open holds\n"
        f"   {books.mug.sku}\n"
        "   found: 3; expected: 1\n"
        "   what to do: count the held units from the open holds (--repair)\n"
    ) in said
    assert [one["rule"] for one in Audit.objects.get().breaks] == ["held_differs", "sums_differ"]


def test_repair_says_what_it_did_and_checks_again(books: Books) -> None:
    change_units_held()
    books.standin.refund_in_dashboard(books.payment.intent_id, 500)

    code, said, _error = run("--repair")

    assert code == 0
    assert "held_differs, SKU" in said
    assert "done: count the held units from the open holds" in said
    assert "done: book it as it stands at Stripe" in said
    assert StockItem.objects.get().held == 1
    assert books.payment.refunded_minor == 4082 + 500


def test_a_repair_that_cannot_be_done_says_why_and_touches_nothing(books: Books) -> None:
    # Two uses of one allowed: the count would break the limit.
    type(books.coupon).objects.update(uses=1, max_uses=1)

    code, said, _error = run("--repair", "--without-stripe")

    assert code == 1
    assert "could not count the uses from the redemptions" in said
    books.coupon.refresh_from_db()
    assert books.coupon.uses == 1


def test_a_rehearsal_only_says_what_it_would_do(books: Books) -> None:
    change_units_held()

    code, said, _error = run("--repair", "--dry-run")

    assert code == 1
    assert "would count the held units from the open holds" in said
    assert StockItem.objects.get().held == 3
    assert not Audit.objects.exists()


def test_what_has_no_safe_repair_is_left_alone(books: Books) -> None:
    OrderLine.objects.filter(order=books.sold).update(tax_minor=0)
    Payment.objects.filter(pk=books.payment.pk).update(amount_minor=9999)

    code, said, _error = run("--repair")

    assert code == 1
    assert "done:" not in said
    assert books.payment.amount_minor == 9999
    assert books.sold.lines.get().tax_minor == 0


def test_stripe_down_ends_with_2_and_still_prints_what_the_shop_knows(
    books: Books, settings: Settings
) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"

    code, said, error = run()

    assert code == 2
    assert error.startswith(
        "Orders, stock and coupons close among themselves. Stripe could not be asked: "
    )
    assert "All orders" in said
    assert "At Stripe" not in said


def test_without_stripe_it_makes_no_call_and_says_so(settings: Settings) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"

    code, said, _error = run("--without-stripe")

    assert code == 0
    assert "Stripe was left out." in said


def test_the_answer_can_be_read_by_a_machine(books: Books) -> None:
    change_units_held()

    code, said, _error = run("--json", "--since", "2026-01-01")

    answer: dict[str, Any] = json.loads(said)
    assert code == 1
    assert answer["count"] == 2
    assert answer["since"].startswith("2026-01-01")
    assert answer["breaks"][0] | {"title": "", "subject": "", "hint": ""} == {
        "rule": "held_differs",
        "title": "",
        "subject": "",
        "found": "3",
        "expected": "1",
        "hint": "",
        "order": "",
        "repair": "count the held units from the open holds",
    }
    assert answer["figures"][0] == {
        "table": "Stripe and the shop, since 2026-01-01",
        "name": "Captured",
        "currency": "USD",
        "sources": ["At Stripe", "In the shop"],
        "values": [13997, 13997],
    }


def test_a_date_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="'soon' is no date"):
        call_command("audit_books", "--since", "soon")


# --- Each night ---------------------------------------------------------------------------------
def test_the_admins_are_told_of_breaks_in_plain_words(books: Books, settings: Settings) -> None:
    change_units_held()

    tasks.check_books_nightly()

    message = mail.outbox[0]
    assert message.to == ["owner@example.com"]
    assert message.subject == "[Cartwright Goods] The books need a look"
    page = f"{settings.BASE_URL}/admin/checkout/audit/{Audit.objects.get().pk}/change/"
    assert str(message.body).splitlines() == [
        "The books do not close: 2 breaks were found.",
        "",
        "1. The units held are not the sum of the item's open holds",
        books.mug.sku,
        "Found: 3. Expected: 1.",
        "Count again from the open holds.",
        "",
        "2. Sums differ that must be the same",
        "Units",
        "Found: Stock held for orders 3 and 1. Expected: both the same.",
        str(message.body).splitlines()[10],
        "",
        f"All of it: {page}",
    ]


def test_nobody_is_told_that_the_books_close(books: Books) -> None:
    tasks.check_books_nightly()

    assert mail.outbox == []
    assert Audit.objects.get().sums["count"] == 0


def test_the_admins_are_told_when_stripe_could_not_be_asked(settings: Settings) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"

    tasks.check_books_nightly()

    assert "Stripe could not be asked" in str(mail.outbox[0].body)


def test_a_mail_and_a_row_stay_small_when_everything_breaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit, "MOST_KEPT", 3)
    monkeypatch.setattr(tasks, "MOST_TOLD", 2)
    StockItem.objects.bulk_create(StockItem(sku=f"MUG-{n}", on_hand=1) for n in range(5))

    made = audit.keep(audit.check(None))

    assert (len(made.breaks), made.sums["count"]) == (3, 6)
    assert "And 4 more." in tasks._mail(made)


def test_old_audits_are_forgotten(standin: StandIn) -> None:
    for days in (91, 89):
        made = Audit.objects.create(sums={}, breaks=[])
        Audit.objects.filter(pk=made.pk).update(made_at=timezone.now() - timedelta(days=days))

    tasks.check_books_nightly()

    assert Audit.objects.count() == 2


def test_the_schedule_gives_it_the_time_that_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_q.scheduler.close_old_django_connections", lambda: None)
    # A test before this one may have emptied every table.
    import_module("checkout.migrations.0005_nightly_audit").add_schedule(apps, None)
    schedule = Schedule.objects.get(name="Checkout: audit the books")
    assert import_string(schedule.func) is tasks.check_books_nightly
    assert (schedule.schedule_type, schedule.next_run.hour) == (Schedule.DAILY, 3)
    Schedule.objects.exclude(pk=schedule.pk).delete()
    Schedule.objects.update(next_run=timezone.now() - timedelta(minutes=1))

    scheduler()

    task = SignedPackage.loads(OrmQ.objects.get().payload)
    assert (task["func"], task["timeout"]) == ("checkout.books.tasks.check_books_nightly", 140)
