"""Staff keep people, who sign in by e-mail address."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.admin import PersonAdmin
from accounts.models import User

pytestmark = pytest.mark.django_db

NEW = "/admin/accounts/user/add/"
PASSWORD = "tea and stars"


@pytest.fixture
def stella(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def test_a_colleague_is_added_with_a_password(stella: Client) -> None:
    form = {"email": "sven@example.com", "name": "Sven", "usable_password": "true"}

    stella.post(NEW, {**form, "password1": PASSWORD, "password2": PASSWORD})

    sven = User.objects.get(email="sven@example.com")
    assert sven.check_password(PASSWORD)
    assert PASSWORD not in sven.password
    assert not sven.is_staff


def test_one_who_signs_in_by_code_needs_no_password(stella: Client) -> None:
    stella.post(NEW, {"email": "sven@example.com", "usable_password": "false"})

    assert not User.objects.get(email="sven@example.com").has_usable_password()


def test_an_address_is_used_once_in_whatever_letters(stella: Client, buyer: User) -> None:
    form = {"email": buyer.email.upper(), "usable_password": "false"}

    page = stella.post(NEW, form).content.decode()

    assert "Somebody already signs in with this e-mail address." in page
    assert User.objects.filter(email__iexact=buyer.email).count() == 1


def test_changing_a_person_keeps_the_password(stella: Client, buyer: User) -> None:
    address = reverse("admin:accounts_user_change", args=[buyer.pk])
    before = buyer.password

    stella.post(address, {"email": buyer.email, "name": "Ada B.", "is_active": "on"})

    buyer.refresh_from_db()
    assert (buyer.name, buyer.password) == ("Ada B.", before)


def test_changing_a_person_leaves_a_password_that_was_changed_meanwhile(
    stella: Client, buyer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_model = PersonAdmin.save_model

    def change_password_then_save(*args: Any) -> None:
        User.objects.filter(pk=buyer.pk).update(password="changed meanwhile")
        save_model(*args)

    monkeypatch.setattr(PersonAdmin, "save_model", change_password_then_save)
    address = reverse("admin:accounts_user_change", args=[buyer.pk])

    stella.post(address, {"email": buyer.email, "name": "Ada B."})

    buyer.refresh_from_db()
    assert (buyer.name, buyer.password) == ("Ada B.", "changed meanwhile")
    assert not buyer.is_active


def test_a_person_gets_groups(stella: Client, buyer: User) -> None:
    group = Group.objects.create(name="Packers")
    address = reverse("admin:accounts_user_change", args=[buyer.pk])

    stella.post(address, {"email": buyer.email, "is_active": "on", "groups": [group.pk]})

    assert list(buyer.groups.all()) == [group]


def test_an_address_is_kept_in_small_letters(stella: Client) -> None:
    stella.post(NEW, {"email": "Sven@Example.com", "usable_password": "false"})

    assert User.objects.filter(email="sven@example.com").exists()


def test_a_changed_address_has_to_be_confirmed_and_the_old_one_opens_nothing(
    stella: Client, buyer: User
) -> None:
    address = reverse("admin:accounts_user_change", args=[buyer.pk])

    stella.post(address, {"email": "ada@example.org", "name": buyer.name, "is_active": "on"})

    buyer.refresh_from_db()
    assert buyer.email == "ada@example.org"
    assert not EmailAddress.objects.filter(user=buyer).exists()


def test_people_are_found_by_name_and_address(stella: Client, buyer: User) -> None:
    address = reverse("admin:accounts_user_changelist")

    for words in ("ada", "buyer@"):
        page = stella.get(address, {"q": words})
        assert list(page.context["cl"].result_list) == [buyer]
