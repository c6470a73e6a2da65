"""The steps that grant and revoke, and what GitHub says to them."""

import pytest
import requests
from pytest_django import Settings

from notifications import github as client
from notifications import granting as deeds
from notifications.failures import GiveUpError, NotWantedError, OutsideError
from notifications.models import Delivery
from notifications.outbox import deliver, plan_new
from notifications.steering import run_now
from notifications.tasks import send_due
from orders.granting import ask_to_grant, ask_to_revoke, give_handle, grant_line, revoke_line
from orders.models import Grant, Order, Refund
from orders.refund_pricing import RefundWish, Units
from orders.refunding import request_refund, succeed
from orders.refusals import GrantRefusedError
from orders.states import SCHEDULE, SHOPPER, STRIPE
from shop.models import LicenceKey, Product
from tests.grants.goods import a_book, a_licence, a_repository, an_event, grant_of, refund, sell
from tests.orders.paid import stella
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]
Kind = Product.Kind
State = Grant.State


@pytest.fixture
def github(standin: StandIn, settings: Settings) -> StandIn:
    settings.GITHUB_API_BASE = f"{standin.url}/github"
    settings.GITHUB_TOKEN = "ours"
    return standin


@pytest.fixture
def order() -> Order:
    return sell((a_repository(), 1))


def repository(order: Order) -> Grant:
    return grant_of(order, Kind.REPOSITORY)


def step(order: Order, name: str) -> Delivery:
    return Delivery.objects.filter(event__order=order, step=name).latest("pk")


def invited(github: StandIn) -> list[tuple[str, str]]:
    return [(one["user_name"], one["state"]) for one in github.repo_invitations()]


def again(delivery: Delivery) -> None:
    """Do a step that has failed once more, without its wait."""
    run_now(Delivery.objects.filter(pk=delivery.pk))
    send_due()


def accept(github: StandIn) -> None:
    """Accept the one invitation, as its invitee does on the stand-in's page."""
    (invitation,) = github.repo_invitations()
    answer = requests.post(
        f"{github.url}/outside/accept",
        {"invitation": invitation["id"]},
        headers={"Origin": github.url},
        timeout=5,
    )
    assert answer.ok


def test_the_buyer_is_invited_once_he_has_told_his_name(github: StandIn, order: Order) -> None:
    send_due()
    assert invited(github) == []

    give_handle(repository(order), "ada-b", SHOPPER)
    send_due()

    assert invited(github) == [("ada-b", "invited")]
    assert step(order, "grant").result == "ada-b was invited"
    assert repository(order).state == State.GRANTED


def test_to_invite_twice_harms_nothing(github: StandIn) -> None:
    client.invite("clay/glazes", "ada-b")
    client.invite("clay/glazes", "ada-b")
    accept(github)

    assert client.invite("clay/glazes", "ada-b") == "ada-b had access already"
    assert invited(github) == [("ada-b", "accepted")]


def test_access_is_withdrawn_also_before_it_was_accepted(github: StandIn, order: Order) -> None:
    give_handle(repository(order), "Ada-B", SHOPPER)
    send_due()

    ask_to_revoke(repository(order), stella())
    send_due()

    assert invited(github) == []
    assert repository(order).state == State.REVOKED


def test_access_that_was_accepted_is_withdrawn(github: StandIn, order: Order) -> None:
    give_handle(repository(order), "ada-b", SHOPPER)
    send_due()
    accept(github)

    ask_to_revoke(repository(order), stella())
    send_due()

    assert invited(github) == []


def test_whoever_bought_it_twice_keeps_what_he_still_has(github: StandIn, order: Order) -> None:
    variant = repository(order).line.variant
    assert variant is not None
    other = sell((variant, 1))
    for each in (order, other):
        give_handle(repository(each), "ada-b", SHOPPER)
    send_due()

    ask_to_revoke(repository(other), stella())
    send_due()

    assert repository(other).state == State.REVOKED
    assert invited(github) == [("ada-b", "invited")]


def test_an_invitation_that_comes_after_the_revocation_is_withdrawn(
    github: StandIn, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def revoked_meanwhile(name: str, user_name: str) -> str:
        revoke_line(repository(order), SCHEDULE)
        return client.invite(name, user_name)

    give_handle(repository(order), "ada-b", SHOPPER)
    monkeypatch.setattr(deeds, "invite", revoked_meanwhile)
    send_due()

    assert invited(github) == []
    assert step(order, "grant").state == Delivery.State.CANCELED


def test_an_invitation_is_withdrawn_also_when_that_fails_at_first(
    github: StandIn, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def revoked_meanwhile(name: str, user_name: str) -> str:
        revoke_line(repository(order), SCHEDULE)
        said = client.invite(name, user_name)
        github.fail_outside("github", 1)
        return said

    send_due()
    give_handle(repository(order), "ada-b", SHOPPER)
    monkeypatch.setattr(deeds, "invite", revoked_meanwhile)
    send_due()
    assert invited(github) == [("ada-b", "invited")]

    again(step(order, "grant"))

    assert invited(github) == []


def test_a_grant_that_overlaps_its_revocation_gives_nothing(
    github: StandIn, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def granted_meanwhile(name: str, user_name: str) -> None:
        client.withdraw(name, user_name)
        deliver(step(order, "grant").pk)

    send_due()
    give_handle(repository(order), "ada-b", SHOPPER)
    ask_to_revoke(repository(order), stella())
    plan_new()
    monkeypatch.setattr(deeds, "withdraw", granted_meanwhile)
    deliver(step(order, "revoke").pk)
    monkeypatch.undo()
    again(step(order, "grant"))

    assert repository(order).state == State.REVOKED
    assert invited(github) == []


def test_no_other_name_is_invited_while_access_is_withdrawn(
    github: StandIn, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def renamed_meanwhile(name: str, user_name: str) -> None:
        client.withdraw(name, user_name)
        with pytest.raises(GrantRefusedError, match="Access was revoked"):
            give_handle(repository(order), "grace", stella())

    give_handle(repository(order), "ada-b", SHOPPER)
    send_due()
    ask_to_revoke(repository(order), stella())
    monkeypatch.setattr(deeds, "withdraw", renamed_meanwhile)
    send_due()

    assert repository(order).state == State.REVOKED
    assert invited(github) == []


def test_a_revocation_that_died_halfway_is_completed(github: StandIn, order: Order) -> None:
    give_handle(repository(order), "ada-b", SHOPPER)
    send_due()
    ask_to_revoke(repository(order), stella())
    revoke_line(repository(order), SCHEDULE)

    send_due()

    assert invited(github) == []
    assert step(order, "revoke").result == "was revoked before"


def test_a_revocation_that_github_held_up_ends_when_staff_grant_again(
    github: StandIn, order: Order
) -> None:
    give_handle(repository(order), "ada-b", SHOPPER)
    send_due()
    ask_to_revoke(repository(order), stella())
    github.fail_outside("github", 1)
    send_due()
    assert repository(order).state == State.REVOKED

    ask_to_grant(repository(order), stella())
    send_due()
    again(step(order, "revoke"))

    assert step(order, "revoke").result == "granted again since"
    assert repository(order).state == State.GRANTED
    assert invited(github) == [("ada-b", "invited")]


def test_nobody_is_invited_while_github_is_asked_to_withdraw(
    github: StandIn, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def granted_meanwhile(name: str, user_name: str) -> None:
        monkeypatch.undo()
        ask_to_grant(repository(order), stella())
        send_due()
        client.withdraw(name, user_name)

    give_handle(repository(order), "ada-b", SHOPPER)
    send_due()
    ask_to_revoke(repository(order), stella())
    monkeypatch.setattr(deeds, "withdraw", granted_meanwhile)
    send_due()
    again(step(order, "grant"))

    assert repository(order).state == State.GRANTED
    assert invited(github) == [("ada-b", "invited")]


def test_a_corrected_name_is_invited_and_the_wrong_one_is_not_any_more(
    github: StandIn, order: Order
) -> None:
    give_handle(repository(order), "adda", SHOPPER)
    send_due()
    accept(github)

    give_handle(repository(order), "ada", stella())
    send_due()

    assert invited(github) == [("ada", "invited")]
    assert step(order, "withdraw_former").result == "adda has no access"
    assert repository(order).state == State.GRANTED


def test_a_wrong_name_that_bought_it_as_well_keeps_what_it_has(
    github: StandIn, order: Order
) -> None:
    variant = repository(order).line.variant
    assert variant is not None
    other = sell((variant, 1))
    for each in (order, other):
        give_handle(repository(each), "grace", SHOPPER)
    send_due()

    give_handle(repository(order), "ada", stella())
    send_due()

    assert sorted(invited(github)) == [("ada", "invited"), ("grace", "invited")]


def test_a_name_that_is_right_again_keeps_its_access(github: StandIn, order: Order) -> None:
    for name in ("ada", "adda", "ada"):
        give_handle(repository(order), name, stella())

    send_due()

    assert invited(github) == [("ada", "invited")]
    results = Delivery.objects.filter(step="withdraw_former").values_list("result", "state")
    assert set(results) == {
        ("adda has no access", "done"),
        ("it is the user name again", "canceled"),
    }


def test_an_invitation_to_a_name_that_was_corrected_meanwhile_is_withdrawn(
    github: StandIn, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def corrected_meanwhile(name: str, user_name: str) -> str:
        monkeypatch.setattr(deeds, "invite", client.invite)
        give_handle(repository(order), "ada", stella())
        send_due()
        return client.invite(name, user_name)

    give_handle(repository(order), "adda", SHOPPER)
    monkeypatch.setattr(deeds, "invite", corrected_meanwhile)
    send_due()

    assert invited(github) == [("ada", "invited")]
    assert repository(order).state == State.GRANTED


@pytest.mark.parametrize(
    ("name", "user_name", "token", "why"),
    [
        ("clay/glazes", "missing-ada", "ours", "no repository clay/glazes or no user missing-ada"),
        ("missing/glazes", "ada", "ours", "no repository missing/glazes"),
        ("clay/glazes", "ada", "", "GITHUB_TOKEN is not set"),
    ],
)
def test_what_github_will_never_do_is_given_up(
    github: StandIn, settings: Settings, name: str, user_name: str, token: str, why: str
) -> None:
    settings.GITHUB_TOKEN = token

    with pytest.raises(GiveUpError, match=why):
        client.invite(name, user_name)


def answering(monkeypatch: pytest.MonkeyPatch, status: int, **headers: str) -> None:
    answer = requests.Response()
    answer.status_code = status
    answer.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    monkeypatch.setattr(requests, "request", lambda *args, **kwargs: answer)


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (500, {}, OutsideError),
        (502, {}, OutsideError),
        (429, {}, OutsideError),
        (403, {"Retry_After": "60"}, OutsideError),
        (403, {"X_RateLimit_Remaining": "0"}, OutsideError),
        (403, {}, GiveUpError),
        (401, {}, GiveUpError),
        (404, {}, GiveUpError),
        (422, {}, GiveUpError),
        (301, {}, GiveUpError),
    ],
)
def test_each_answer_is_tried_again_or_given_up(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    headers: dict[str, str],
    error: type[Exception],
) -> None:
    settings.GITHUB_TOKEN = "ours"
    answering(monkeypatch, status, **headers)

    with pytest.raises(error, match=str(status) if status != 404 else "GitHub knows"):
        client.invite("clay/glazes", "ada-b")


def test_a_github_that_cannot_be_reached_is_tried_again(settings: Settings) -> None:
    settings.GITHUB_TOKEN = "ours"
    settings.GITHUB_API_BASE = "http://127.0.0.1:9"

    with pytest.raises(OutsideError, match="cannot be reached"):
        client.withdraw("clay/glazes", "ada-b")


def test_too_few_keys_wait_for_staff_and_not_for_the_clock() -> None:
    pool = a_licence(["A-1"])
    order = sell((pool, 1))
    LicenceKey.objects.all().delete()

    send_due()

    assert step(order, "grant").state == Delivery.State.FAILED
    assert "Add keys, then try again" in step(order, "grant").error


def test_units_of_a_partial_refund_are_taken_back_as_staff_wish() -> None:
    order = sell((a_licence(), 3))
    send_due()
    refund(order, Kind.LICENCE, 1, take_back=True)
    send_due()
    refund(order, Kind.LICENCE, 1, take_back=False)
    send_due()

    grant = grant_of(order, Kind.LICENCE)
    assert grant.state == State.GRANTED
    assert grant.licences.filter(revoked_at=None).count() == 2


def test_a_line_that_cannot_be_revoked_keeps_no_other_line_valid(github: StandIn) -> None:
    order = sell((a_repository(), 1), (an_event(), 2))
    give_handle(repository(order), "ada-b", SHOPPER)
    send_due()
    lines = order.lines.filter(kind__in=[Kind.REPOSITORY, Kind.EVENT])
    units = tuple(Units(line.pk, line.quantity, restock=True) for line in lines)
    wish = RefundWish(units, 0, 0, Refund.Reason.GOODWILL)
    succeed(request_refund(order.payments.get().pk, wish, STRIPE).pk, STRIPE)

    github.fail_outside("github", 1)
    send_due()

    assert not grant_of(order, Kind.EVENT).bookings.filter(revoked_at=None).exists()
    assert grant_of(order, Kind.EVENT).state == State.REVOKED
    steps = Delivery.objects.filter(event__order=order, step="revoke_units")
    assert {(one.grant_id, one.state) for one in steps} == {
        (repository(order).pk, Delivery.State.DUE),
        (grant_of(order, Kind.EVENT).pk, Delivery.State.DONE),
    }


def test_a_refund_of_money_alone_takes_nothing_back() -> None:
    order = sell((a_licence(), 3))
    send_due()
    refund(order, Kind.LICENCE, 1, take_back=False)
    send_due()

    assert not Delivery.objects.filter(step="revoke_units").exists()


def test_the_last_unit_that_is_taken_back_takes_the_whole() -> None:
    order = sell((a_book(), 2))
    send_due()
    refund(order, Kind.DOWNLOAD, 1, take_back=True)
    send_due()
    assert grant_of(order, Kind.DOWNLOAD).state == State.GRANTED

    refund(order, Kind.DOWNLOAD, 1, take_back=True)
    send_due()

    assert grant_of(order, Kind.DOWNLOAD).state == State.REVOKED


def test_what_was_taken_back_before_it_came_never_comes() -> None:
    order = sell((a_book(), 1))
    refund(order, Kind.DOWNLOAD, 1, take_back=True)
    revoke_line(grant_of(order, Kind.DOWNLOAD), SCHEDULE)

    send_due()

    assert step(order, "grant").state == Delivery.State.CANCELED
    assert step(order, "download_ready").state == Delivery.State.CANCELED


def test_a_repository_that_left_the_shop_is_for_staff_to_see_to(
    github: StandIn, order: Order
) -> None:
    give_handle(repository(order), "ada-b", SHOPPER)
    send_due()
    order.lines.update(variant=None)

    ask_to_revoke(repository(order), stella())
    send_due()

    assert "see to its access at GitHub by hand" in step(order, "revoke").error
    assert step(order, "revoke").state == Delivery.State.FAILED
    assert repository(order).state == State.REVOKED


def test_revoke_units_needs_a_refund() -> None:
    with pytest.raises(ValueError, match="follows an event"):
        deeds.revoke_units(Delivery(step="revoke_units"))


def test_a_full_refund_leaves_the_revoking_to_its_own_steps() -> None:
    order = sell((a_book(), 1))
    grant_line(grant_of(order, Kind.DOWNLOAD), SCHEDULE)
    refund(order, Kind.DOWNLOAD, 1, take_back=True)
    send_due()
    delivery = step(order, "revoke_units")
    Order.objects.filter(pk=order.pk).update(state=Order.State.REFUNDED)
    delivery.refresh_from_db()

    with pytest.raises(NotWantedError, match="all of the order"):
        deeds.revoke_units(delivery)
