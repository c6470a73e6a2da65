"""News by WhatsApp: asked for on the order's page, sent by Twilio or Meta, in the same steps."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from notifications.failures import GiveUpError, NotWantedError, OutsideError
from notifications.models import Delivery
from notifications.outbox import plan_new_events
from notifications.sending import send
from orders.models import Order, OrderEvent
from orders.states import SHOPPER, STRIPE, State, append_event, move
from tests.orders.factory import make_order

pytestmark = [pytest.mark.django_db, pytest.mark.both]

NUMBER = "+14155550100"


class Provider(ThreadingHTTPServer):
    """Answers each POST with `status` and `answer`, and keeps what it was sent."""

    daemon_threads = True
    status = 201
    answer: dict[str, Any] = {}

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.path, self.headers["Authorization"], body))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.answer).encode())

    def log_message(self, *_said: Any) -> None:
        """Say nothing."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    server = Provider()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def twilio(settings: Settings, provider: Provider) -> Provider:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC1", "secret"
    settings.TWILIO_WHATSAPP_FROM = "+14155238886"
    settings.TWILIO_API_BASE = provider.url
    return provider


@pytest.fixture
def meta(settings: Settings, provider: Provider) -> Provider:
    settings.META_WHATSAPP_TOKEN, settings.META_WHATSAPP_PHONE_ID = "token", "99"
    settings.META_API_BASE = provider.url
    return provider


@pytest.fixture
def order() -> Order:
    return move(make_order(whatsapp=NUMBER).pk, State.PAID, STRIPE)


def confirmation(order: Order, recipient: str = NUMBER) -> Delivery:
    event = append_event(order, OrderEvent.Kind.WHATSAPP_ON, SHOPPER)
    return Delivery(step="order_confirmed", recipient=recipient, event=event)


# --- Sending ---------------------------------------------------------------------------------
def test_twilio_sends_a_short_text(order: Order, twilio: Provider) -> None:
    said = send(confirmation(order))

    ((path, authorization, body),) = twilio.asked
    assert path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert authorization == "Basic QUMxOnNlY3JldA=="
    sent = parse_qs(body)
    assert sent["From"] == ["whatsapp:+14155238886"]
    assert sent["To"] == [f"whatsapp:{NUMBER}"]
    assert said.startswith("Cartwright Goods: we have received your payment of $49.68")
    # The timeline has no use for the link, which opens the order.
    assert sent["Body"] == [f"{said}\nhttp://localhost:8000{order.get_absolute_url()}"]


def test_meta_sends_it_where_only_meta_is_set_up(order: Order, meta: Provider) -> None:
    said = send(confirmation(order))

    ((path, authorization, body),) = meta.asked
    assert path == "/v21.0/99/messages"
    assert authorization == "Bearer token"
    sent = json.loads(body)
    assert sent["text"].pop("body").startswith(said)
    assert sent == {
        "messaging_product": "whatsapp",
        "to": NUMBER,
        "type": "text",
        "text": {"preview_url": True},
    }


def test_without_a_provider_nothing_is_sent(order: Order) -> None:
    with pytest.raises(NotWantedError, match="WhatsApp is not set up"):
        send(confirmation(order))


@pytest.mark.parametrize("now", ["", "+14155550199"])
def test_a_number_that_was_turned_off_gets_no_more(
    order: Order, twilio: Provider, now: str
) -> None:
    delivery = confirmation(order)
    order.whatsapp = now

    with pytest.raises(NotWantedError, match="wants no news by WhatsApp any more"):
        send(delivery)

    assert not twilio.asked


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_or_broken_provider_is_asked_again_later(
    order: Order, twilio: Provider, status: int
) -> None:
    twilio.status = status

    with pytest.raises(OutsideError, match=f"Twilio answered {status}"):
        send(confirmation(order))


def test_a_provider_that_cannot_be_reached_is_asked_again_later(
    order: Order, twilio: Provider, settings: Settings
) -> None:
    settings.TWILIO_API_BASE = "http://127.0.0.1:9"

    with pytest.raises(OutsideError, match="Twilio could not be reached"):
        send(confirmation(order))


@pytest.mark.parametrize("status", [302, 400, 401, 404])
def test_a_refusal_says_what_to_do(order: Order, twilio: Provider, status: int) -> None:
    twilio.status, twilio.answer = status, {"code": 63016, "message": "Use a template."}

    with pytest.raises(GiveUpError, match=r"Use a template\. Check the TWILIO_… settings"):
        send(confirmation(order))


def test_a_refusal_by_meta_says_what_to_do(order: Order, meta: Provider) -> None:
    meta.status, meta.answer = 400, {"error": {"message": "Re-engagement message"}}

    with pytest.raises(GiveUpError, match="Re-engagement message Check the META_… settings"):
        send(confirmation(order))


def test_a_refusal_without_words_is_none_the_worse(order: Order, meta: Provider) -> None:
    meta.status, meta.answer = 400, {"error": "?"}

    with pytest.raises(GiveUpError, match="Meta refused"):
        send(confirmation(order))


# --- Asking for it ---------------------------------------------------------------------------
def post(client: Client, order: Order, **data: str) -> Any:
    return client.post(f"/orders/{order.number}/whatsapp/?key={order.access_key}", data)


def number_of(order: Order) -> str:
    return Order.objects.get(pk=order.pk).whatsapp


@pytest.fixture
def silent() -> Order:
    """A paid order that nobody hears of by WhatsApp."""
    return move(make_order().pk, State.PAID, STRIPE)


@pytest.mark.parametrize("typed", ["(415) 555-2671", "+1 415 555 2671", "1 415-555-2671"])
def test_a_number_is_read_as_people_of_the_country_type_it(
    client: Client, silent: Order, twilio: Provider, typed: str
) -> None:
    answer = post(client, silent, number=typed)

    assert answer.status_code == 302
    assert answer.url == f"{silent.get_absolute_url()}#whatsapp"
    assert number_of(silent) == "+14155552671"


def test_a_number_from_elsewhere_is_given_with_its_country(
    client: Client, silent: Order, twilio: Provider
) -> None:
    post(client, silent, number="+49 1512 3456789")

    assert number_of(silent) == "+4915123456789"


def test_asking_is_confirmed_by_whatsapp_once(
    client: Client, silent: Order, twilio: Provider
) -> None:
    plan_new_events()
    for _time in range(2):
        post(client, silent, number="+14155552671")
    plan_new_events()

    (step,) = Delivery.objects.filter(recipient="+14155552671")
    assert step.step == "order_confirmed"


@pytest.mark.parametrize("typed", ["", "12", "no number", "+1 555 555 5555 555", "٠" * 40])
def test_what_is_no_number_stays_in_the_field_and_says_so(
    client: Client, silent: Order, twilio: Provider, typed: str
) -> None:
    page = post(client, silent, number=typed)

    assert page.status_code == 200
    text = page.content.decode()
    assert "This is no phone number. Type it with its country, such as +1" in text
    assert f'value="{typed}"' in text
    assert 'aria-invalid="true"' in text
    assert number_of(silent) == ""
    assert not silent.events.filter(kind=OrderEvent.Kind.WHATSAPP_ON).exists()


def test_the_part_of_the_page_alone_answers_htmx(
    client: Client, silent: Order, twilio: Provider
) -> None:
    part = client.post(
        f"/orders/{silent.number}/whatsapp/?key={silent.access_key}",
        {"number": "415 555 2671"},
        headers={"HX-Request": "true"},
    ).content.decode()

    assert "<html" not in part
    assert "goes to +14155552671, too." in part


def test_it_can_be_turned_off(client: Client, order: Order, twilio: Provider) -> None:
    post(client, order, off="yes")

    assert number_of(order) == ""


def test_numbers_cannot_be_tried_without_end(
    client: Client, silent: Order, twilio: Provider
) -> None:
    for last in range(5):
        post(client, silent, number=f"+1415555267{last}")

    page = post(client, silent, number="+14155552679")

    assert "The number was changed too often: wait an hour." in page.content.decode()
    assert number_of(silent) == "+14155552674"


def test_a_stranger_turns_nothing_on(
    client: Client, silent: Order, twilio: Provider, stranger: User
) -> None:
    client.force_login(stranger)

    answer = client.post(f"/orders/{silent.number}/whatsapp/?key=guess", {"number": NUMBER})

    assert answer.status_code == 404
    assert number_of(silent) == ""


def test_the_order_page_offers_it_where_it_is_set_up(
    client: Client, silent: Order, twilio: Provider
) -> None:
    assert "News by WhatsApp" in client.get(silent.get_absolute_url()).content.decode()


def test_it_is_not_offered_where_it_is_not_set_up(client: Client, silent: Order) -> None:
    assert "WhatsApp" not in client.get(silent.get_absolute_url()).content.decode()
    assert post(client, silent, number=NUMBER).status_code == 404


def test_it_is_not_offered_for_an_order_that_is_over(client: Client, twilio: Provider) -> None:
    order = make_order(state=State.CANCELED)

    assert "WhatsApp" not in client.get(order.get_absolute_url()).content.decode()
