"""What buyers fill in about what they bought."""

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.models import Booking, Grant
from orders.seats import NAME_LENGTH


class UserNameForm(forms.Form):
    """The GitHub user name that is to be invited. What it may be, `orders.granting` says."""

    user_name = forms.CharField(
        label=_("GitHub user name"),
        max_length=100,
        error_messages={"required": _("Write your user name at GitHub.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def __init__(self, grant: Grant, data: dict[str, str] | None = None) -> None:
        super().__init__(
            data,
            initial={"user_name": grant.handle},
            auto_id=f"grant-{grant.pk}-%s",
            label_suffix="",
        )


class AttendeeForm(forms.Form):
    """Who comes with a ticket."""

    attendee = forms.CharField(
        label=_("Name on the ticket"),
        max_length=NAME_LENGTH,
        error_messages={"required": _("Write the name of whoever comes.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, booking: Booking, data: dict[str, str] | None = None) -> None:
        super().__init__(
            data,
            initial={"attendee": booking.attendee},
            auto_id=f"seat-{booking.pk}-%s",
            label_suffix="",
        )
