from typing import Any

from allauth.account.forms import RequestLoginCodeForm


class RequestCodeForm(RequestLoginCodeForm):  # type: ignore[misc]  # allauth has no types
    """Ask for a sign-in code; also from the sign-in form, whose address field is named `login`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        data = kwargs.get("data")
        if data is not None and "email" not in data:
            kwargs["data"] = {"email": data.get("login", "")}
        super().__init__(*args, **kwargs)
