from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext_lazy as _


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Mails that name the shop, and errors that say what to do next."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _(
            "The email or the password is wrong. Try again, or let us email you a sign-in code."
        ),
        "incorrect_code": _("This is not the code that we sent. Use the one in our newest email."),
        "incorrect_password": _("This is not your password. Try again."),
        "enter_current_password": _("This is not your current password. Try again."),
        "too_many_login_attempts": _(
            "There were too many tries. Wait five minutes, then start again with a new code or "
            "your password."
        ),
        "rate_limited": _("There were too many tries. Wait a few minutes, then try again."),
        "same_as_current": _("This is the address you have now. Enter the new one."),
    }

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """Return the mail, ready to be sent; subject and text know the shop's name and address."""
        shop = {"shop_name": settings.SHOP_NAME, "base_url": settings.BASE_URL}
        mail: EmailMessage = super().render_mail(template_prefix, email, context | shop, headers)
        return mail
