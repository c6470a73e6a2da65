"""PostHog, where the owner wants it, is told of paid orders, and never who bought."""

import json
from typing import Any

import pytest
import requests
from pytest_django import Settings

from notifications.failures import GiveUpError, OutsideError
from notifications.models import Delivery
from notifications.outbox import plan_new_events
from notifications.posthog import tell_posthog
from orders.models import Order
from orders.states import STRIPE, State, move
from tests.orders.factory import make_order

pytestmark = [pytest.mark.django_db, pytest.mark.both]


class Answers:
    """In the place of requests.post: keeps what was sent, and answers with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, address: str, **request: Any) -> requests.Response:
        self.asked.append((address, request["json"]))
        answer = requests.Response()
        answer.status_code = self.status
        return answer


@pytest.fixture
def posthog(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Answers:
    settings.POSTHOG_KEY = "phc_key"
    settings.POSTHOG_HOST = "https://posthog.example/"
    answers = Answers()
    monkeypatch.setattr("notifications.posting.requests.post", answers)
    return answers


def paid_step(email: str = "Ada@Example.com") -> Delivery:
    order = make_order(
        email=email, currency="JPY", coupon_code="WELCOME", source="newsletter/november"
    )
    move(order.pk, State.PAID, STRIPE)
    plan_new_events()
    return Delivery.objects.get(step="tell_posthog", event__order=order)


def test_a_paid_order_is_told_without_a_name(posthog: Answers) -> None:
    tell_posthog(paid_step())

    ((address, told),) = posthog.asked
    assert address == "https://posthog.example/capture/"
    assert (told["api_key"], told["event"]) == ("phc_key", "order paid")
    assert told["properties"] == {
        "value": 4968.0,
        "currency": "JPY",
        "coupon": "WELCOME",
        "source": "newsletter/november",
        "$process_person_profile": False,
    }
    assert "example.com" not in json.dumps(told).lower()
    assert Order.objects.get().number not in json.dumps(told)


def test_told_twice_it_is_the_same_event_of_the_same_nobody(posthog: Answers) -> None:
    step = paid_step()
    tell_posthog(step)
    tell_posthog(step)
    tell_posthog(paid_step("ada@example.COM"))

    first, again, other = (told for _address, told in posthog.asked)
    assert first == again
    assert first["uuid"] != other["uuid"]
    assert first["distinct_id"] == other["distinct_id"]


@pytest.mark.parametrize(
    ("status", "failure"), [(401, GiveUpError), (429, OutsideError), (503, OutsideError)]
)
def test_a_refusal_is_given_up_and_a_fault_is_tried_again(
    posthog: Answers, status: int, failure: type[Exception]
) -> None:
    posthog.status = status

    with pytest.raises(failure, match="PostHog"):
        tell_posthog(paid_step())


def test_nobody_is_told_without_a_key(settings: Settings) -> None:
    assert settings.POSTHOG_KEY == ""
    move(make_order().pk, State.PAID, STRIPE)
    plan_new_events()

    assert not Delivery.objects.filter(step="tell_posthog").exists()
