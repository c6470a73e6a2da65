"""What the stand-in does for GitHub and WhatsApp."""

from collections.abc import Callable

import pytest
import requests

from tests.standin import StandIn

Send = Callable[[StandIn, str], requests.Response]
OURS = {"Authorization": "Bearer ours"}


def invite(stand_in: StandIn, user_name: str = "ada", **headers: str) -> requests.Response:
    address = f"{stand_in.url}/github/repos/clay/glazes/collaborators/{user_name}"
    return requests.put(address, json={"permission": "pull"}, headers=headers or OURS, timeout=5)


def test_an_invitation_is_kept_and_shown(stand_in: StandIn) -> None:
    answer = invite(stand_in)

    assert answer.status_code == 201
    assert answer.json()["invitee"] == {"login": "ada"}
    page = requests.get(f"{stand_in.url}/outside/", timeout=5).text
    assert "clay/glazes" in page
    assert "Accept" in page


def test_invitations_come_by_the_page_and_can_be_withdrawn(stand_in: StandIn) -> None:
    for name in ("ada", "grace"):
        invite(stand_in, name)
    address = f"{stand_in.url}/github/repos/clay/glazes/invitations"
    query = {"per_page": "1", "page": "2"}

    (second,) = requests.get(address, query, headers=OURS, timeout=5).json()
    first = requests.delete(f"{address}/{second['id']}", headers=OURS, timeout=5)
    again = requests.delete(f"{address}/{second['id']}", headers=OURS, timeout=5)

    assert (first.status_code, again.status_code) == (204, 404)
    assert [one["user_name"] for one in stand_in.repo_invitations()] == ["ada"]


def test_nothing_is_done_without_a_key(stand_in: StandIn) -> None:
    assert invite(stand_in, Authorization="none").status_code == 401
    assert stand_in.repo_invitations() == []


def test_it_fails_as_often_as_was_armed_and_then_no_more(stand_in: StandIn) -> None:
    stand_in.fail_outside("github", 2)

    assert [invite(stand_in).status_code for _ in range(3)] == [503, 503, 201]


def test_another_site_accepts_nothing(stand_in: StandIn) -> None:
    invite(stand_in)
    (invitation,) = stand_in.repo_invitations()
    headers = {"Origin": "https://evil.example"}
    wish = {"invitation": invitation["id"]}

    answer = requests.post(f"{stand_in.url}/outside/accept", wish, headers=headers, timeout=5)

    assert answer.status_code == 403
    assert stand_in.repo_invitations()[0]["state"] == "invited"


def twilio(stand_in: StandIn, recipient: str) -> requests.Response:
    form = {"From": "whatsapp:+1415", "To": f"whatsapp:{recipient}", "Body": "Sent <today>"}
    address = f"{stand_in.url}/twilio/2010-04-01/Accounts/AC1/Messages.json"
    return requests.post(address, form, auth=("AC1", "ours"), timeout=5)


def meta(stand_in: StandIn, recipient: str) -> requests.Response:
    wish = {"messaging_product": "whatsapp", "to": recipient, "text": {"body": "Sent <today>"}}
    address = f"{stand_in.url}/meta/v21.0/1234/messages"
    return requests.post(address, json=wish, headers=OURS, timeout=5)


def test_messages_of_both_are_kept_and_shown(stand_in: StandIn) -> None:
    assert twilio(stand_in, "+4915112345678").status_code == 201
    assert meta(stand_in, "+4915112345678").status_code == 200

    sent = [(one["sent_by"], one["recipient"]) for one in stand_in.whatsapp_messages()]
    assert sent == [("Twilio AC1", "+4915112345678"), ("Meta 1234", "+4915112345678")]
    page = requests.get(f"{stand_in.url}/outside/", timeout=5).text
    assert "Sent &lt;today&gt;" in page


@pytest.mark.parametrize("send", [twilio, meta])
def test_what_is_no_number_is_refused(stand_in: StandIn, send: Send) -> None:
    assert send(stand_in, "Ada").status_code == 400
    assert stand_in.whatsapp_messages() == []
