"""What an operator types when something looks wrong, and what the commands answer."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from cart.models import Cart
from checkout.inbox import MOST_TRIES
from checkout.models import PaymentAttempt, Reconciliation, WebhookEvent
from checkout.stripe_gateway import StripeError
from orders.models import Order, Payment
from tests.checkout.shopper import deliver_all, press_pay
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = WebhookEvent.State
NOBODY = "http://127.0.0.1:9"


def run(*words: str) -> str:
    """Run a command that succeeds; return what it prints."""
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def run_in_vain(*words: str) -> tuple[str, str]:
    """Run a command that fails; return what it prints, and the sentence it ends with."""
    out = StringIO()
    with pytest.raises(CommandError) as ended:
        call_command(*words, stdout=out)
    return out.getvalue(), str(ended.value)


def store(event_id: str, **fields: Any) -> WebhookEvent:
    """An event of a type that is ignored, parked unless the fields say otherwise."""
    wanted = {"type": "customer.created", "state": State.FAILED, "error": "Broken.", **fields}
    return WebhookEvent.objects.create(event_id=event_id, payload={}, tries=MOST_TRIES, **wanted)


def states() -> dict[str, str]:
    return dict(WebhookEvent.objects.values_list("event_id", "state"))


# --- replay_webhooks ---------------------------------------------------------------------------
def test_parked_events_are_applied_again() -> None:
    store("evt_parked")
    store("evt_waiting", state=State.RECEIVED)

    said = run("replay_webhooks")

    assert "evt_parked  customer.created  ignored" in said
    assert "1 events applied again, 1 closed." in said
    assert states() == {"evt_parked": "ignored", "evt_waiting": "received"}


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        (["--state", "received"], {"evt_received"}),
        (["--state", "any"], {"evt_old", "evt_other", "evt_received"}),
        (["--type", "charge.created"], {"evt_other"}),
        (["--since", "2026-01-01"], {"evt_other"}),
        (["--since", "2026-01-01T00:00:00+00:00"], {"evt_other"}),
        (["--event", "evt_received", "evt_old"], {"evt_received", "evt_old"}),
        (["--event", "evt_received", "--type", "charge.created"], set()),
    ],
)
def test_events_are_chosen_by_state_type_time_and_id(words: list[str], chosen: set[str]) -> None:
    old = timezone.now().replace(year=2025)
    store("evt_received", state=State.RECEIVED)
    store("evt_other", type="charge.created")
    store("evt_old")
    WebhookEvent.objects.filter(event_id="evt_old").update(received_at=old)

    said = run("replay_webhooks", "--dry-run", *words)

    assert {line.partition(" ")[0] for line in said.splitlines()[:-1]} == chosen
    assert said.endswith(f"{len(chosen)} events would be applied again.\n")
    assert "ignored" not in states().values()


def test_an_event_that_fails_again_makes_the_command_fail(settings: Settings) -> None:
    settings.STRIPE_API_BASE = NOBODY
    event = store("evt_1", type="refund.created")
    event.payload = {"data": {"object": {"id": "re_1"}}}
    event.save()

    said, ended = run_in_vain("replay_webhooks")

    assert "evt_1  refund.created  StripeError" in said
    assert "1 events applied again, 0 closed." in said
    assert ended.startswith("1 events failed again")
    assert states() == {"evt_1": "received"}


def test_an_event_that_the_inbox_has_not_is_named() -> None:
    _said, ended = run_in_vain("replay_webhooks", "--event", "evt_nowhere")

    assert ended.startswith("The inbox has no event evt_nowhere")


def test_a_date_that_is_none_is_refused() -> None:
    _said, ended = run_in_vain("replay_webhooks", "--since", "yesterday")

    assert "'yesterday' is no date: write 2026-11-20 or 2026-11-20T14:30" in ended


def test_applied_events_change_nothing_the_second_time(cart: Cart, standin: StandIn) -> None:
    standin.pay(press_pay(cart).client_secret)
    deliver_all()

    run("replay_webhooks", "--state", "applied")

    assert Order.objects.get().state == Order.State.PAID
    assert Payment.objects.count() == 1
    assert Order.objects.get().events.filter(kind="paid").count() == 1


# --- reconcile_payments ------------------------------------------------------------------------
def test_what_differed_is_reported_and_brought_into_line(cart: Cart, standin: StandIn) -> None:
    standin.pay(press_pay(cart).client_secret)
    order = Order.objects.get()

    said = run("reconcile_payments")

    assert "Events that no webhook has brought: 2" in said
    assert "  1 × payment_intent.succeeded" in said
    assert f"  {order}: Paid" in said
    assert "Orders that wait for their payment: none" in said
    assert said.endswith("The shop is in line with Stripe.\n")
    assert Order.objects.get().state == Order.State.PAID


def test_a_payment_whose_events_are_lost_for_good_is_found(
    cart: Cart, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin.pay(press_pay(cart).client_secret)
    monkeypatch.setattr("checkout.stripe_gateway.list_events", lambda *_args: iter([]))

    said = run("reconcile_payments")

    assert f"  {Order.objects.get()}: Paid" in said
    assert Order.objects.get().state == Order.State.PAID


def test_a_dry_run_reports_and_changes_nothing(cart: Cart, standin: StandIn) -> None:
    standin.pay(press_pay(cart).client_secret)

    said = run("reconcile_payments", "--dry-run")

    assert "  1 × payment_intent.succeeded" in said
    assert f"  {Order.objects.get()}: its intent is succeeded" in said
    assert said.endswith("Nothing was changed.\n")
    assert Order.objects.get().state == Order.State.PENDING
    assert not WebhookEvent.objects.exists()
    assert not Reconciliation.objects.exists()


def test_orders_that_wait_are_shown_with_what_they_wait_for(cart: Cart, standin: StandIn) -> None:
    press_pay(cart)
    order = Order.objects.get()

    assert f"  {order}: its intent is requires_payment_method" in run("reconcile_payments")

    PaymentAttempt.objects.update(intent_id=None)
    WebhookEvent.objects.all().delete()
    assert f"  {order}: no intent made yet" in run("reconcile_payments", "--dry-run")


def test_a_parked_event_is_reported_and_makes_the_command_fail(
    cart: Cart, standin: StandIn
) -> None:
    store("evt_parked")

    said, ended = run_in_vain("reconcile_payments")

    assert "  evt_parked  customer.created  parked, see replay_webhooks: Broken." in said
    assert ended == "1 things could not be brought into line: see above."


def test_an_order_that_cannot_be_looked_up_makes_the_command_fail(
    cart: Cart, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_intent_id: str) -> None:
        raise StripeError("Stripe is away.", permanent=False)

    press_pay(cart)
    run("reconcile_payments")
    monkeypatch.setattr("checkout.stripe_gateway.retrieve_intent", refuse)

    said, ended = run_in_vain("reconcile_payments")

    assert f"  {Order.objects.get()}: Stripe could not be asked: Stripe is away." in said
    assert ended == "1 things could not be brought into line: see above."


def test_when_stripe_cannot_be_asked_it_says_so(
    cart: Cart, standin: StandIn, settings: Settings
) -> None:
    press_pay(cart)
    settings.STRIPE_API_BASE = NOBODY

    _said, ended = run_in_vain("reconcile_payments")

    assert ended.startswith("Stripe's events could not be read: ")
    assert "check STRIPE_SECRET_KEY and the network" in ended


def test_it_reads_from_the_day_that_is_given(cart: Cart, standin: StandIn) -> None:
    standin.pay(press_pay(cart).client_secret)
    run("reconcile_payments")
    WebhookEvent.objects.all().delete()
    day = f"{timezone.now() - timedelta(days=2):%Y-%m-%d}"

    said = run("reconcile_payments", "--since", day)

    assert "Events that no webhook has brought: 2" in said


# --- expire_orders -----------------------------------------------------------------------------
def test_a_dry_run_of_the_expiry_only_names_the_orders(cart: Cart, standin: StandIn) -> None:
    press_pay(cart)
    assert run("expire_orders", "--dry-run") == ""
    Order.objects.update(held_until=timezone.now())

    assert str(Order.objects.get()) in run("expire_orders", "--dry-run")
    assert Order.objects.get().state == Order.State.PENDING
    assert f"{Order.objects.get()}: canceled" in run("expire_orders")


# --- doctor: what it asks Stripe ---------------------------------------------------------------
def test_the_doctor_asks_stripe_for_the_endpoints(standin: StandIn, settings: Settings) -> None:
    said, _ended = run_in_vain("doctor")

    assert "✓ Stripe key: Stripe answers" in said
    assert f"points at {settings.BASE_URL}/api/webhooks/stripe; none is registered" in said
