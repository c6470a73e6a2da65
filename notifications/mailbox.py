"""A mail backend that puts each mail as a file into settings.MAILBOX, and sends nothing."""

import hashlib
import secrets
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    """One file for each Message-ID: a mail that is sent once more is there once."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the mails and return how many there were. Raises OSError."""
        folder = Path(settings.MAILBOX)
        folder.mkdir(parents=True, exist_ok=True)
        for mail in email_messages:
            _put(folder, mail)
        return len(email_messages)


def _put(folder: Path, mail: EmailMessage) -> None:
    """Write aside and rename, so that nobody ever reads half a mail."""
    message = mail.message()
    name = hashlib.sha256(str(message["Message-ID"]).encode()).hexdigest()[:32]
    path = folder / f"{name}.eml"
    if path.exists():
        return
    half_written = folder / f"{name}.{secrets.token_hex(4)}.part"
    half_written.write_bytes(message.as_bytes())
    half_written.replace(path)
