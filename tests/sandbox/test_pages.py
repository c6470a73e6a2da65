"""The stand-in's own pages: home, mailbox, and the challenge as a whole page."""

import urllib.error
import urllib.request
from email.message import EmailMessage

import pytest
import stripe

from tests.standin import StandIn


class _Stay(urllib.request.HTTPRedirectHandler):
    """Show a redirect instead of following it."""

    def redirect_request(self, *_arguments: object) -> None:
        """Return nothing: the redirect is the answer."""


def get(stand_in: StandIn, path: str) -> str:
    """Return a page."""
    with urllib.request.urlopen(stand_in.url + path, timeout=5) as response:
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        body: bytes = response.read()
        return body.decode()


def write_mail(stand_in: StandIn, name: str, subject: str, minute: int) -> None:
    """Leave a mail as Django's file backend does."""
    mail = EmailMessage()
    mail["Subject"], mail["To"] = subject, "ada@example.com"
    mail["Date"] = f"Sat, 21 Nov 2026 10:{minute}:00 +0000"
    mail.set_content("Your order: http://127.0.0.1:8000/orders/7/ <soon>\n")
    mail.add_alternative("<p>Thank you, Ada</p><script>alert(1)</script>", subtype="html")
    folder = stand_in.data.parent / "mailbox"
    folder.mkdir(exist_ok=True)
    with (folder / name).open("ab") as file:
        file.write(mail.as_bytes() + b"\n" + b"-" * 79 + b"\n")


def test_the_home_page_lists_cards_and_events(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    client.v1.payment_intents.create({"amount": 4200, "currency": "usd"})
    page = get(stand_in, "/")
    assert "Test payments" in page
    assert "4242 4242 4242 4242" in page
    assert "payment_intent.created" in page


def test_the_mailbox_shows_mails_newest_first(stand_in: StandIn) -> None:
    assert "No mail yet" in get(stand_in, "/mailbox/")
    write_mail(stand_in, "20261121-1.log", "First <b>order</b>", 10)
    write_mail(stand_in, "20261121-1.log", "Second order", 20)
    listed = get(stand_in, "/mailbox/")
    assert listed.index("Second order") < listed.index("First &lt;b&gt;order&lt;/b&gt;")
    shown = get(stand_in, "/mailbox/2/")
    assert 'href="http://127.0.0.1:8000/orders/7/"' in shown
    assert "&lt;soon&gt;" in shown
    assert "Thank you, Ada" in get(stand_in, "/mailbox/2/html")
    with pytest.raises(urllib.error.HTTPError) as gone:
        get(stand_in, "/mailbox/3/")
    gone.value.close()
    assert gone.value.code == 404


@pytest.mark.parametrize(("outcome", "status"), [("complete", "succeeded"), ("fail", "failed")])
def test_a_challenge_as_a_whole_page_goes_back_to_the_shop(
    client: stripe.StripeClient, stand_in: StandIn, outcome: str, status: str
) -> None:
    intent = client.v1.payment_intents.create(
        {
            "amount": 420000,
            "currency": "jpy",
            "confirm": True,
            "payment_method": "pm_card_authenticationRequired",
            "return_url": "http://127.0.0.1:8000/back?order=7",
        }
    )
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    address = str(intent.next_action.redirect_to_url.url)
    assert "420,000 JPY" in get(stand_in, address.removeprefix(stand_in.url))
    opener = urllib.request.build_opener(_Stay())
    with pytest.raises(urllib.error.HTTPError) as back:
        opener.open(address, f"outcome={outcome}".encode(), timeout=5)
    back.value.close()
    assert back.value.code == 303
    location = back.value.headers["Location"]
    assert location.startswith(f"http://127.0.0.1:8000/back?order=7&payment_intent={intent.id}")
    assert location.endswith(f"redirect_status={status}")
    assert "is over" in get(stand_in, address.removeprefix(stand_in.url))


def test_a_foreign_host_name_is_refused(stand_in: StandIn) -> None:
    request = urllib.request.Request(f"{stand_in.url}/", headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)
    refused.value.close()
    assert refused.value.code == 400
