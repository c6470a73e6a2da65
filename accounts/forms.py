from typing import Any

from allauth.account.forms import RequestLoginCodeForm, SignupForm
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from accounts.models import User


class RequestCodeForm(RequestLoginCodeForm):  # type: ignore[misc]  # allauth has no types
    """Ask for a sign-in code; also from the sign-in form, whose address field is named `login`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        data = kwargs.get("data")
        if data is not None and "email" not in data:
            kwargs["data"] = {"email": data.get("login", "")}
        super().__init__(*args, **kwargs)


class NewAccountForm(SignupForm):  # type: ignore[misc]  # allauth has no types
    """Make an account, or mail to the address that it has one."""

    def save(self, request: HttpRequest) -> User:
        """Make the account and its address, or neither. Raises IntegrityError."""
        with transaction.atomic():
            user: User = super().save(request)
        return user

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Return the new account, or the answer of an address that has one."""
        try:
            saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        except IntegrityError:
            # The button was pressed twice: the other request has just made the account.
            self.account_already_exists = True
            saved = super().try_save(request)
        return saved
