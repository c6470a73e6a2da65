"""The stand-in's pages: its home, the scripts for the browser, and the mailbox."""

import re
import time
from collections.abc import Sequence
from pathlib import Path
from string import Template

from markupsafe import Markup, escape
from werkzeug import Request, Response
from werkzeug.exceptions import NotFound

from sandbox.cards import CARDS
from sandbox.mails import Mail, read_mails
from sandbox.world import World

HERE = Path(__file__).parent
STRIPE_JS = (
    "errors.js",
    "api.js",
    "dialog.js",
    "frame.js",
    "element.js",
    "express.js",
    "elements.js",
    "confirm.js",
    "stripe.js",
)
ASSETS = {
    "card.js": "text/javascript",
    "challenge.js": "text/javascript",
    "contact.js": "text/javascript",
    "faults.css": "text/css",
    "fields.css": "text/css",
    "hosted.js": "text/javascript",
    "inner.js": "text/javascript",
    "page.css": "text/css",
    "saved.js": "text/javascript",
    "wallet.js": "text/javascript",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action *; base-uri 'none'"
)
# A mail may bring its own styles and pictures, and nothing else.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: http: https:; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


def home(world: World, _request: Request) -> Response:
    """Show the test cards and what happened last."""
    with world.store.transaction():
        rows = world.store.rows(
            "SELECT o.body ->> 'type' AS type, o.created,"
            " o.body -> 'data' -> 'object' ->> 'id' AS about, d.state, d.attempts, d.answer"
            " FROM objects o LEFT JOIN deliveries d ON d.event_id = o.id"
            " WHERE o.kind = 'event' ORDER BY o.seq DESC, d.id DESC LIMIT 30"
        )
    cards = [(_groups(card.number), card.title, card.payment_method) for card in CARDS]
    events = [
        (
            time.strftime("%H:%M:%S", time.localtime(row["created"])),
            row["type"],
            row["about"],
            f"{row['state'] or 'no receiver'} {row['answer'] or ''}",
        )
        for row in rows
    ]
    return page("home.html", cards=_table(cards), events=_table(events))


def stripe_js(_world: World, request: Request) -> Response:
    """Return the script that shops load, as one file."""
    parts = [(HERE / "browser" / name).read_text(encoding="utf-8") for name in STRIPE_JS]
    script = "(() => {\n'use strict';\n" + "\n".join(parts) + "\n})();\n"
    return Response(script, mimetype="text/javascript")


def asset(_world: World, _request: Request, name: str) -> Response:
    """Return one of the scripts and stylesheets of our own pages."""
    if name not in ASSETS:
        raise NotFound
    return Response((HERE / "browser" / name).read_bytes(), mimetype=ASSETS[name])


def mailbox(world: World, _request: Request) -> Response:
    """List the mails, the newest first."""
    mails = read_mails(world.config.mailbox)
    links = Markup("").join(
        Markup('<tr><td>{}</td><td><a href="/mailbox/{}/">{}</a></td><td>{}</td></tr>').format(
            mail.date, mail.number, mail.subject, mail.to
        )
        for mail in mails
    )
    return page("mailbox.html", mails=links or Markup("<tr><td>No mail yet.</td></tr>"))


def mail(world: World, _request: Request, number: int) -> Response:
    """Show one mail."""
    found = _mail(world, number)
    html = ""
    if found.html:
        html = Markup('<iframe title="The mail as HTML" src="/mailbox/{}/html"></iframe>').format(
            number
        )
    text = _linked(found.text)
    return page("mail.html", subject=found.subject, to=found.to, date=found.date, text=text,
                html=html)  # fmt: skip


def mail_html(world: World, _request: Request, number: int) -> Response:
    """Return the HTML part of one mail; its links open in a new tab."""
    body = '<base target="_blank">' + _mail(world, number).html
    return Response(body, mimetype="text/html", headers={"Content-Security-Policy": MAIL_POLICY})


def page(name: str, **values: object) -> Response:
    """Return one of our pages with its values put in, escaped unless they are markup."""
    template = Template((HERE / "pages" / name).read_text(encoding="utf-8"))
    body = template.substitute({key: escape(value) for key, value in values.items()})
    headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
    return Response(body, mimetype="text/html", headers=headers)


def _mail(world: World, number: int) -> Mail:
    for each in read_mails(world.config.mailbox):
        if each.number == number:
            return each
    raise NotFound


def _linked(text: str) -> Markup:
    """Return a text whose addresses can be clicked."""
    parts = re.split(r"(https?://[^\s<>]+)", text)
    link = Markup('<a href="{0}" target="_blank" rel="noopener">{0}</a>')
    return Markup("").join(
        link.format(part) if at % 2 else escape(part) for at, part in enumerate(parts)
    )


def _groups(number: str) -> str:
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def _table(rows: Sequence[tuple[str, ...]]) -> Markup:
    cells = [Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row) for row in rows]
    return Markup("\n").join(Markup("<tr>{}</tr>").format(row) for row in cells)
