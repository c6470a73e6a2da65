"""The outbox: each event's messages are planned once, sent once, and tried until they are."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from notifications.models import Delivery
from notifications.outbox import LEASE, MOST_TRIES, deliver, plan_new_events
from notifications.plan import PLAN, Step
from notifications.sending import send
from notifications.targets import buyer
from notifications.tasks import send_due
from orders.models import Order, OrderEvent
from orders.states import STRIPE, State, append_event, move
from tests.orders.factory import make_order

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def _one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the whole plan only the receipt follows a payment here, and nothing an order."""
    monkeypatch.setitem(PLAN, OrderEvent.Kind.PAID, [Step("order_confirmed", buyer)])
    monkeypatch.setitem(PLAN, OrderEvent.Kind.REFUNDED, [])


@pytest.fixture
def paid_order() -> Order:
    order = make_order(email="ada@example.com")
    return move(order.pk, State.PAID, STRIPE)


@pytest.fixture
def broken_mail(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    def refuse(_delivery: Delivery) -> None:
        raise ConnectionRefusedError("the mail server is down")

    monkeypatch.setattr("notifications.outbox.send", refuse)
    return monkeypatch


def only_letter() -> mail.EmailMultiAlternatives:
    (letter,) = mail.outbox
    assert isinstance(letter, mail.EmailMultiAlternatives)
    return letter


def test_a_paid_order_is_confirmed_in_text_and_html(paid_order: Order) -> None:
    assert send_due() == 1

    letter = only_letter()
    assert letter.to == ["ada@example.com"]
    assert paid_order.number in letter.subject
    (html, content_type) = letter.alternatives[0]
    assert content_type == "text/html"
    for body in (str(letter.body), str(html)):
        assert paid_order.number in body
        assert "$49.68" in body
        assert "Ada Buyer" in body
    assert f"http://localhost:8000{paid_order.get_absolute_url()}" in str(letter.body)


def test_names_are_escaped_in_html_and_left_alone_in_text() -> None:
    order = make_order(shipping_address={"name": "Tom <b>& Co</b>", "line1": "1 Way"})
    move(order.pk, State.PAID, STRIPE)

    send_due()

    letter = only_letter()
    assert "Tom <b>& Co</b>" in str(letter.body)
    assert "Tom &lt;b&gt;&amp; Co&lt;/b&gt;" in str(letter.alternatives[0][0])


def test_a_round_tax_rate_is_written_as_people_write_it() -> None:
    move(make_order(tax_percent=20).pk, State.PAID, STRIPE)

    send_due()

    assert "Tax (20 %)" in str(mail.outbox[0].body)


def test_a_sent_message_is_on_the_orders_timeline(paid_order: Order) -> None:
    send_due()

    event = paid_order.events.get(kind=OrderEvent.Kind.MESSAGE_SENT)
    assert event.actor == OrderEvent.Actor.SCHEDULE
    assert event.data == {
        "message": "order_confirmed",
        "recipient": "ada@example.com",
        "subject": f"Your order {paid_order.number} at Cartwright Goods",
    }


def test_the_note_of_a_message_brings_no_further_message(paid_order: Order) -> None:
    for _ in range(3):
        send_due()

    assert paid_order.events.filter(kind=OrderEvent.Kind.MESSAGE_SENT).count() == 1
    assert not OrderEvent.objects.filter(planned_at=None).exists()
    assert len(mail.outbox) == 1


def test_two_senders_of_one_message_note_it_once(
    paid_order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outlive_the_lease(delivery: Delivery) -> str:
        with time_machine.travel(timezone.now() + LEASE + timedelta(seconds=1), tick=False):
            monkeypatch.undo()
            assert deliver(delivery.pk)
        return send(delivery)

    plan_new_events()
    monkeypatch.setattr("notifications.outbox.send", outlive_the_lease)

    deliver(Delivery.objects.get().pk)

    assert paid_order.events.filter(kind=OrderEvent.Kind.MESSAGE_SENT).count() == 1


def test_a_message_counts_as_sent_only_together_with_its_note(
    paid_order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_args: object, **_data: object) -> None:
        raise KeyboardInterrupt

    plan_new_events()
    monkeypatch.setattr("notifications.outbox.append_event", crash)

    with pytest.raises(KeyboardInterrupt):
        deliver(Delivery.objects.get().pk)

    assert Delivery.objects.get().state == Delivery.State.DUE


def test_a_message_that_failed_is_not_on_the_timeline(
    paid_order: Order, broken_mail: pytest.MonkeyPatch
) -> None:
    send_due()

    assert not paid_order.events.filter(kind=OrderEvent.Kind.MESSAGE_SENT).exists()


def test_sending_again_sends_nothing(paid_order: Order) -> None:
    send_due()

    assert send_due() == 0
    assert len(mail.outbox) == 1


def test_planning_again_plans_nothing(paid_order: Order) -> None:
    plan_new_events()
    OrderEvent.objects.update(planned_at=None)

    plan_new_events()

    assert Delivery.objects.count() == 1


def test_an_event_without_a_message_is_read_and_done() -> None:
    append_event(make_order(), OrderEvent.Kind.PROCESSING, STRIPE)

    assert send_due() == 0
    assert OrderEvent.objects.exists()
    assert not OrderEvent.objects.filter(planned_at=None).exists()


def test_a_failing_message_leaves_the_order_paid_and_says_why(
    paid_order: Order, broken_mail: pytest.MonkeyPatch
) -> None:
    assert send_due() == 0

    delivery = Delivery.objects.get()
    paid_order.refresh_from_db()
    assert paid_order.state == State.PAID
    assert delivery.error == "ConnectionRefusedError: the mail server is down"
    assert delivery.due_at > timezone.now()


def test_a_failed_message_arrives_once_after_the_repair(
    paid_order: Order, broken_mail: pytest.MonkeyPatch
) -> None:
    send_due()
    broken_mail.undo()

    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        assert send_due() == 1
        assert send_due() == 0


def test_a_message_is_given_up_after_the_last_try(
    paid_order: Order, broken_mail: pytest.MonkeyPatch
) -> None:
    plan_new_events()
    Delivery.objects.update(tries=MOST_TRIES - 1)

    send_due()

    assert Delivery.objects.get().state == Delivery.State.FAILED


def test_a_message_that_somebody_is_sending_is_left_to_him_until_he_is_dead(
    paid_order: Order,
) -> None:
    plan_new_events()
    delivery = Delivery.objects.get()
    Delivery.objects.update(claimed_until=timezone.now() + LEASE)

    assert not deliver(delivery.pk)

    with time_machine.travel(timezone.now() + LEASE + timedelta(seconds=1), tick=False):
        assert deliver(delivery.pk)


@pytest.mark.parametrize("end", ["done", "canceled"])
def test_a_worker_that_fails_too_late_does_not_undo_what_others_did(
    paid_order: Order, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    def fail_slowly(_delivery: Delivery) -> str:
        Delivery.objects.update(claimed_until=None)
        monkeypatch.undo()
        if end == "done":
            assert deliver(delivery.pk)
        else:
            Delivery.objects.update(state=end)
        raise TimeoutError("no answer")

    plan_new_events()
    delivery = Delivery.objects.get()
    monkeypatch.setattr("notifications.outbox.send", fail_slowly)

    assert not deliver(delivery.pk)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.error) == (end, "")


def test_a_worker_that_fails_too_late_leaves_the_step_to_his_rival(
    paid_order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    rivals_lease = timezone.now() + 2 * LEASE

    def fail_slowly(_delivery: Delivery) -> str:
        Delivery.objects.update(claimed_until=rivals_lease, tries=2)
        raise TimeoutError("no answer")

    plan_new_events()
    delivery = Delivery.objects.get()
    monkeypatch.setattr("notifications.outbox.send", fail_slowly)

    assert not deliver(delivery.pk)

    delivery.refresh_from_db()
    assert (delivery.claimed_until, delivery.error) == (rivals_lease, "")


def test_planning_costs_the_same_for_many_events(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(5):
        move(make_order().pk, State.PAID, STRIPE)

    with django_assert_num_queries(5):  # savepoint, read, plan, mark, release
        plan_new_events()


def test_the_command_sends_and_tells_when_mail_is_down(
    paid_order: Order, broken_mail: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="1 steps have failed and wait"):
        call_command("send_due")


def test_the_command_can_only_look(paid_order: Order, capsys: pytest.CaptureFixture[str]) -> None:
    plan_new_events()

    call_command("send_due", dry_run=True)

    assert "order_confirmed for ada@example.com" in capsys.readouterr().out
    assert not mail.outbox


def test_a_refund_that_fails_late_confirms_the_order_no_second_time(paid_order: Order) -> None:
    send_due()
    mail.outbox.clear()
    move(paid_order.pk, State.REFUNDED, STRIPE)
    move(paid_order.pk, State.PAID, STRIPE)

    send_due()

    assert not mail.outbox
