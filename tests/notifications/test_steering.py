"""What staff do with steps: run them now, try them again, cancel them, and practise failure."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from notifications.models import Delivery
from notifications.outbox import LEASE, MOST_TRIES, plan_new_events
from notifications.plan import DAYS, PLAN, Step
from notifications.steering import cancel, let_fail, run_now, try_again
from notifications.targets import buyer
from notifications.tasks import send_due
from orders.models import Order, OrderEvent
from orders.states import STRIPE, State, move
from tests.factories import UserFactory
from tests.orders.factory import make_order

pytestmark = [pytest.mark.django_db, pytest.mark.both]

Steps = Delivery.objects


@pytest.fixture(autouse=True)
def order(monkeypatch: pytest.MonkeyPatch, db: None) -> Order:
    """A paid order: its receipt is due now, its follow-up in a week and after the receipt."""
    plan = [
        Step("order_confirmed", buyer),
        Step("order_expired", buyer, wait=7 * DAYS, after="order_confirmed"),
    ]
    monkeypatch.setitem(PLAN, OrderEvent.Kind.PAID, plan)
    order = move(make_order().pk, State.PAID, STRIPE)
    plan_new_events()
    return order


@pytest.fixture
def stella(db: None) -> User:
    user: User = UserFactory.create(
        email="stella@example.com", is_staff=True, is_superuser=True, name=""
    )
    return user


@pytest.fixture
def staff(stella: User) -> Client:
    client = Client()
    client.force_login(stella)
    return client


def step(name: str) -> Delivery:
    return Steps.get(step=name)


def test_a_wait_can_be_skipped() -> None:
    send_due()
    assert len(mail.outbox) == 1

    assert run_now(Steps.filter(step="order_expired")) == 1

    send_due()
    assert len(mail.outbox) == 2


def test_skipping_the_wait_does_not_skip_the_step_before_it() -> None:
    run_now(Steps.filter(step="order_expired"))
    Steps.filter(step="order_confirmed").update(due_at=timezone.now() + timedelta(days=1))

    assert send_due() == 0
    assert not mail.outbox


def test_what_is_done_is_not_run_again() -> None:
    send_due()

    assert run_now(Steps.filter(step="order_confirmed")) == 0
    assert try_again(Steps.filter(step="order_confirmed")) == 0
    assert len(mail.outbox) == 1


def test_what_a_worker_is_doing_is_left_to_him(stella: User) -> None:
    under_way = Steps.filter(step="order_confirmed")
    under_way.update(claimed_until=timezone.now() + LEASE)

    assert run_now(under_way) == 0
    assert cancel(under_way, stella) == 0

    assert send_due() == 0
    assert {one.state for one in Steps.all()} == {Delivery.State.DUE}


def test_the_page_has_no_buttons_for_what_is_being_done(staff: Client, order: Order) -> None:
    address = reverse("admin:notifications_delivery_of_order", args=[order.pk])
    run = reverse("admin:notifications_delivery_run", args=[step("order_confirmed").pk])
    assert run in staff.get(address).content.decode()

    Steps.filter(step="order_confirmed").update(claimed_until=timezone.now() + LEASE)

    page = staff.get(address).content.decode()
    assert run not in page
    assert "being done" in page


def test_a_step_that_was_given_up_begins_anew() -> None:
    Steps.filter(step="order_confirmed").update(
        state=Delivery.State.FAILED, tries=MOST_TRIES, error="The mail server is down."
    )

    assert try_again(Steps.filter(step="order_confirmed")) == 1

    send_due()
    done = step("order_confirmed")
    assert (done.state, done.tries, done.error) == (Delivery.State.DONE, 1, "")


def test_a_canceled_step_takes_those_that_wait_for_it_along(stella: User) -> None:
    assert cancel(Steps.filter(step="order_confirmed"), stella) == 2

    send_due()
    assert not mail.outbox
    assert {one.result for one in Steps.all()} == {"canceled by stella@example.com"}


def test_a_drill_makes_the_next_try_fail_and_no_other(settings: Settings) -> None:
    settings.DRILLS = True
    let_fail(Steps.filter(step="order_confirmed"))

    send_due()
    assert "drill" in step("order_confirmed").error
    assert not mail.outbox

    run_now(Steps.filter(step="order_confirmed"))
    send_due()
    assert len(mail.outbox) == 1


def test_without_drills_nothing_can_be_made_to_fail(settings: Settings) -> None:
    settings.DRILLS = False

    assert let_fail(Steps.all()) == 0


# --- In the admin ----------------------------------------------------------------------------
def test_the_orders_page_shows_its_steps_and_their_buttons(staff: Client, order: Order) -> None:
    page = staff.get(f"/admin/notifications/delivery/of-order/{order.pk}/").content.decode()

    assert "order_confirmed" in page
    assert "after order_confirmed" in page
    assert page.count("Run now") == 2
    assert "Make it fail" not in page


def test_the_steps_are_sent_only_when_they_say_something_new(staff: Client, order: Order) -> None:
    page = staff.get(f"/admin/notifications/delivery/of-order/{order.pk}/").content.decode()
    asks = re.findall(r'hx-get="([^"]+)"', page)[0]
    assert staff.get(asks).status_code == 204

    Steps.filter(step="order_expired").update(error="The mail server is down.")

    answer = staff.get(asks)
    assert answer.status_code == 200
    assert "The mail server is down." in answer.content.decode()


def test_the_steps_stop_asking_once_nothing_runs(staff: Client, order: Order) -> None:
    Steps.filter(step="order_expired").update(state=Delivery.State.DONE)
    now = f"/admin/notifications/delivery/of-order/{order.pk}/"
    asks = re.findall(r'hx-get="([^"]+)"', staff.get(now).content.decode())[0]

    send_due()
    plan_new_events()

    assert "hx-get" not in staff.get(asks).content.decode()


def test_a_button_does_it_and_answers_the_steps(staff: Client, order: Order) -> None:
    address = f"/admin/notifications/delivery/{step('order_confirmed').pk}/cancel/"

    page = staff.post(address, headers={"HX-Request": "true"}).content.decode()

    assert "canceled by stella@example.com" in page
    assert step("order_confirmed").state == Delivery.State.CANCELED


def test_without_scripts_a_button_leads_back_to_the_order(staff: Client, order: Order) -> None:
    address = f"/admin/notifications/delivery/{step('order_confirmed').pk}/run/"

    assert staff.post(address).headers["Location"] == f"/admin/orders/order/{order.pk}/change/"
    assert staff.get(address).status_code == 405


def test_who_may_only_look_cannot_steer(order: Order) -> None:
    looker = UserFactory.create(is_staff=True)
    client = Client()
    client.force_login(looker)

    assert client.get(f"/admin/notifications/delivery/of-order/{order.pk}/").status_code == 403
    address = f"/admin/notifications/delivery/{step('order_confirmed').pk}/cancel/"
    assert client.post(address).status_code == 403


@pytest.mark.parametrize("action", ["run_selected", "try_selected_again", "cancel_selected"])
def test_the_list_of_all_steps_has_the_same_verbs(staff: Client, action: str) -> None:
    keys = [str(one.pk) for one in Steps.all()]

    answer = staff.post(
        "/admin/notifications/delivery/",
        {"action": action, "_selected_action": keys},
        follow=True,
    )

    words = {"run_selected": "2 steps", "try_selected_again": "Nothing", "cancel_selected": "2 st"}
    assert words[action] in answer.content.decode()
