"""Mails that Django's file backend wrote, or single .eml files, read for the mailbox page."""

import email
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

SEPARATOR = re.compile(rb"^-{79}\r?\n", re.MULTILINE)


@dataclass(frozen=True)
class Mail:
    """One mail; `number` counts from the oldest and stays the same while the folder only grows."""

    number: int
    date: str
    to: str
    subject: str
    text: str
    html: str


def read_mails(folder: Path | None) -> list[Mail]:
    """Return the mails of the folder, the newest first; none when there is no folder."""
    if folder is None or not folder.is_dir():
        return []
    files = sorted(
        (each for each in folder.iterdir() if each.suffix in (".eml", ".log")),
        key=lambda each: each.stat().st_mtime,
    )
    parts = [part for file in files for part in _split(file)]
    mails = [_mail(number, part) for number, part in enumerate(parts, start=1)]
    return sorted(mails, key=lambda each: (each.date, each.number), reverse=True)


def _split(file: Path) -> list[bytes]:
    content = file.read_bytes()
    if file.suffix == ".eml":
        return [content]
    return [part for part in SEPARATOR.split(content) if part.strip()]


def _mail(number: int, content: bytes) -> Mail:
    message = email.message_from_bytes(content.lstrip(), policy=default)
    return Mail(
        number=number,
        date=_date(message),
        to=str(message.get("To", "")),
        subject=str(message.get("Subject", "(no subject)")),
        text=_body(message, "plain"),
        html=_body(message, "html"),
    )


def _date(message: EmailMessage) -> str:
    try:
        return parsedate_to_datetime(str(message.get("Date", ""))).strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return ""


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content())
