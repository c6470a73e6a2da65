"""A message as mail: one Message-ID a step, headers, attachments, and who gets none."""

import email
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from django.core import mail
from django.utils import translation
from pytest_django import Settings

from cart.models import LeftBehind
from notifications.failures import NotWantedError
from notifications.mail import message_id
from notifications.models import Delivery, Suppression
from notifications.samples import sample
from notifications.sending import send
from orders.models import OrderEvent
from orders.states import STRIPE, State, append_event, move
from tests.orders.factory import make_order

pytestmark = [pytest.mark.django_db, pytest.mark.both]

Reason = Suppression.Reason


@pytest.fixture
def confirmation() -> Delivery:
    """The step that confirms a paid order to ada@example.com."""
    order = move(make_order(email="ada@example.com").pk, State.PAID, STRIPE)
    return confirmation_of(append_event(order, OrderEvent.Kind.PAID, STRIPE))


@pytest.fixture
def reminder() -> Delivery:
    """The step that reminds ada@example.com of a cart."""
    left = LeftBehind.objects.create(
        kind=LeftBehind.Kind.CART,
        mark="K7QM-4T9X",
        email="ada@example.com",
        language="en",
        currency="USD",
        value_minor=4000,
        items=[{"variant": 1, "title": "Stoneware mug", "quantity": 2}],
        left_at="2026-11-20T12:00Z",
    )
    return Delivery.objects.create(
        cause=f"left {left.pk}",
        step="cart_left",
        recipient="ada@example.com",
        left=left,
        due_at=left.left_at,
    )


def confirmation_of(event: OrderEvent) -> Delivery:
    return Delivery.objects.create(
        cause=f"event {event.pk}",
        step="order_confirmed",
        recipient="ada@example.com",
        event=event,
        due_at=event.created_at,
    )


def sent() -> mail.EmailMultiAlternatives:
    (letter,) = mail.outbox
    assert isinstance(letter, mail.EmailMultiAlternatives)
    return letter


# --- What is sent ----------------------------------------------------------------------------
def test_a_mail_has_text_and_html_and_its_subject_is_the_result(confirmation: Delivery) -> None:
    assert send(confirmation) == sent().subject

    (html, mimetype) = sent().alternatives[0]
    assert mimetype == "text/html"
    assert "<h1 style=" in str(html)
    assert "Thank you, Ada Buyer." in str(sent().body)


def test_each_try_of_a_step_has_the_same_message_id(confirmation: Delivery) -> None:
    send(confirmation)
    send(Delivery.objects.get())

    first, second = mail.outbox
    assert first.message()["Message-ID"] == second.message()["Message-ID"]
    assert first.message()["Message-ID"].endswith("@example.com>")


def test_another_step_or_recipient_has_another_message_id(
    confirmation: Delivery, reminder: Delivery
) -> None:
    copy = Delivery.objects.get(pk=confirmation.pk)
    copy.recipient = "bob@example.com"

    assert len({message_id(one) for one in (confirmation, reminder, copy)}) == 3


def test_answers_go_where_the_owner_reads_them(confirmation: Delivery, settings: Settings) -> None:
    settings.REPLY_TO_EMAIL = "help@example.com"

    send(confirmation)

    assert sent().reply_to == ["help@example.com"]


def test_without_such_an_address_they_go_to_the_sender(
    confirmation: Delivery, settings: Settings
) -> None:
    settings.REPLY_TO_EMAIL = ""

    send(confirmation)

    assert "Reply-To" not in sent().message()


def test_a_mail_about_a_purchase_has_no_list_headers(confirmation: Delivery) -> None:
    send(confirmation)

    assert not {"List-Unsubscribe", "List-Unsubscribe-Post"} & sent().extra_headers.keys()


def test_any_other_mail_brings_the_mail_programs_unsubscribe_button(reminder: Delivery) -> None:
    send(reminder)

    headers = sent().extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"].strip("<>")
    assert address.startswith("http://localhost:8000/unsubscribe/")
    assert address in str(sent().body)


def test_a_booking_is_sent_with_its_calendar_file() -> None:
    with sample("booking_confirmed", "ada@example.com") as delivery:
        send(delivery)

    ((name, content, mimetype),) = [tuple(one) for one in sent().attachments]
    assert str(name).endswith(".ics")
    assert "BEGIN:VEVENT" in str(content)
    assert mimetype == "text/calendar"


def test_amounts_are_written_as_the_buyers_language_does(settings: Settings) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    order = move(make_order(language="de").pk, State.PAID, STRIPE)

    send(confirmation_of(append_event(order, OrderEvent.Kind.PAID, STRIPE)))

    assert "49,68\xa0$" in str(sent().body)
    assert '<html lang="de">' in str(sent().alternatives[0][0])
    assert translation.get_language() == "en-us"


def test_an_address_that_begins_with_a_plus_is_no_phone_number(confirmation: Delivery) -> None:
    confirmation.recipient = "+ada@example.com"

    send(confirmation)

    assert sent().to == ["+ada@example.com"]


# --- Who gets none ---------------------------------------------------------------------------
@pytest.mark.parametrize("reason", [Reason.BOUNCED, Reason.COMPLAINED])
def test_nothing_goes_to_an_address_that_bounced_or_complained(
    confirmation: Delivery, reason: str
) -> None:
    Suppression.objects.create(email="ada@example.com", reason=reason)
    confirmation.recipient = "Ada@Example.com"

    with pytest.raises(NotWantedError, match="bounced or was complained about"):
        send(confirmation)

    assert not mail.outbox


def test_whoever_unsubscribed_is_still_told_of_purchases(confirmation: Delivery) -> None:
    Suppression.objects.create(email="ada@example.com", reason=Reason.UNSUBSCRIBED)

    send(confirmation)

    assert sent().to == ["ada@example.com"]


# --- The mailbox in a folder -------------------------------------------------------------------
@pytest.fixture
def mailbox(settings: Settings, tmp_path: Path) -> Path:
    settings.MAILBOX = str(tmp_path / "mail")
    settings.EMAIL_BACKEND = "notifications.mailbox.EmailBackend"
    return tmp_path / "mail"


def read(mailbox: Path) -> list[EmailMessage]:
    return [
        email.message_from_bytes(path.read_bytes(), policy=default)
        for path in sorted(mailbox.iterdir())
    ]


def test_a_mail_that_is_sent_again_after_a_crash_is_there_once(
    mailbox: Path, confirmation: Delivery
) -> None:
    send(confirmation)
    (first,) = mailbox.iterdir()
    content = first.read_bytes()

    send(Delivery.objects.get())

    (one,) = read(mailbox)
    assert first.read_bytes() == content
    assert one["Message-ID"] == message_id(confirmation)
    assert one["To"] == "ada@example.com"


def test_each_mail_is_a_file_that_mail_programs_open(
    mailbox: Path, confirmation: Delivery, reminder: Delivery
) -> None:
    send(confirmation)
    send(reminder)

    assert {path.suffix for path in mailbox.iterdir()} == {".eml"}
    assert {one["Subject"] for one in read(mailbox)} > {"Still in your cart at Cartwright Goods"}


def test_mails_that_are_no_steps_are_kept_apart(mailbox: Path) -> None:
    for _time in range(2):
        mail.send_mail("Your code", "123456", None, ["ada@example.com"])

    assert len(read(mailbox)) == 2


def test_a_write_that_fails_leaves_no_half_mail(
    mailbox: Path, confirmation: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: Path, _target: Path) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "replace", fail)

    with pytest.raises(OSError, match="the disk is full"):
        send(confirmation)

    assert not list(mailbox.glob("*.eml"))
