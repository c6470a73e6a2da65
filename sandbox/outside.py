"""Other parties that the shop calls: GitHub's collaborators, WhatsApp by Twilio and by Meta.

Only the calls that the shop makes, and only what it reads of their answers.
"""

import json
import secrets
from collections.abc import Callable
from functools import wraps

from markupsafe import Markup
from werkzeug import Request, Response
from werkzeug.exceptions import Forbidden
from werkzeug.utils import redirect

from sandbox.control import reply
from sandbox.errors import Json
from sandbox.pages import page
from sandbox.world import World

View = Callable[..., Response]
# GitHub knows no repository and no user whose name begins so.
UNKNOWN = "missing"
POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def _party(name: str, scheme: str) -> Callable[[View], View]:
    """Make a view answer as a party: 401 without a key, 503 where that was armed."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(world: World, request: Request, **values: str) -> Response:
            if not request.headers.get("Authorization", "").startswith(f"{scheme} "):
                return reply({"message": "Bad credentials"}, 401)
            if world.faults.strike("outside_fails", f"{name} {request.method} {request.path}"):
                return reply({"message": "No server is available (a fault on demand)."}, 503)
            with world.store.transaction():
                return view(world, request, **values)

        return answer

    return decorate


@_party("github", "Bearer")
def _invite(world: World, request: Request, owner: str, repo: str, user_name: str) -> Response:
    if user_name.startswith(UNKNOWN) or owner.startswith(UNKNOWN):
        return _unknown()
    if request.get_json().get("permission") != "pull":
        return reply({"message": "Validation Failed"}, 422)
    found = _invitations(world, f"{owner}/{repo}", user_name)
    if found and found[0]["state"] == "accepted":
        return Response(status=204)
    if not found:
        world.store.change(
            "INSERT INTO invitations (repository, user_name, state) VALUES (?, ?, 'invited')",
            f"{owner}/{repo}",
            user_name,
        )
        found = _invitations(world, f"{owner}/{repo}", user_name)
    return reply(_shown(found[0]), 201)


@_party("github", "Bearer")
def _remove(world: World, _request: Request, owner: str, repo: str, user_name: str) -> Response:
    if owner.startswith(UNKNOWN):
        return _unknown()
    # Who has not accepted yet is no collaborator: his invitation is withdrawn by itself.
    world.store.change(
        "DELETE FROM invitations"
        " WHERE repository = ? AND lower(user_name) = lower(?) AND state = 'accepted'",
        f"{owner}/{repo}",
        user_name,
    )
    return Response(status=204)


@_party("github", "Bearer")
def _list_invitations(world: World, request: Request, owner: str, repo: str) -> Response:
    size = int(request.args.get("per_page", "30"))
    skipped = size * (int(request.args.get("page", "1")) - 1)
    rows = world.store.rows(
        "SELECT * FROM invitations WHERE repository = ? AND state = 'invited'"
        " ORDER BY id LIMIT ? OFFSET ?",
        f"{owner}/{repo}",
        size,
        skipped,
    )
    return _list([_shown(dict(row)) for row in rows])


@_party("github", "Bearer")
def _withdraw(
    world: World, _request: Request, owner: str, repo: str, invitation_id: str
) -> Response:
    gone = world.store.change(
        "DELETE FROM invitations WHERE repository = ? AND id = ? AND state = 'invited'",
        f"{owner}/{repo}",
        invitation_id,
    )
    return Response(status=204) if gone else _unknown()


@_party("whatsapp", "Basic")
def _twilio(world: World, request: Request, account: str) -> Response:
    recipient = request.form.get("To", "").removeprefix("whatsapp:")
    body = request.form.get("Body") or request.form.get("ContentVariables", "")
    if not recipient.startswith("+") or not body:
        problem = {"code": 21211, "message": "Invalid 'To' phone number or no body", "status": 400}
        return reply(problem, 400)
    _keep_message(world, f"Twilio {account}", recipient, body)
    return reply({"sid": f"SM{secrets.token_hex(16)}", "status": "queued", "body": body}, 201)


@_party("whatsapp", "Bearer")
def _meta(world: World, request: Request, version: str, phone_id: str) -> Response:
    wish = request.get_json()
    body = wish.get("text", {}).get("body") or json.dumps(wish.get("template") or "")
    recipient = str(wish.get("to", "")).removeprefix("+")
    if wish.get("messaging_product") != "whatsapp" or not recipient.isdigit() or body == '""':
        problem = {"message": f"({version}) Invalid parameter", "code": 100}
        return reply({"error": problem}, 400)
    _keep_message(world, f"Meta {phone_id}", f"+{recipient}", body)
    answer = {
        "messaging_product": "whatsapp",
        "contacts": [{"input": wish["to"], "wa_id": recipient}],
        "messages": [{"id": f"wamid.{secrets.token_hex(16)}"}],
    }
    return reply(answer)


REPOSITORY = "/github/repos/<owner>/<repo>"
CALLS: dict[str, View] = {
    f"PUT {REPOSITORY}/collaborators/<user_name>": _invite,
    f"DELETE {REPOSITORY}/collaborators/<user_name>": _remove,
    f"GET {REPOSITORY}/invitations": _list_invitations,
    f"DELETE {REPOSITORY}/invitations/<invitation_id>": _withdraw,
    "POST /twilio/2010-04-01/Accounts/<account>/Messages.json": _twilio,
    "POST /meta/<version>/<phone_id>/messages": _meta,
}


def state(world: World, _request: Request) -> Response:
    """Return who was invited to which repository, and the messages by WhatsApp, oldest first."""
    return reply(_everything(world))


def show(world: World, _request: Request) -> Response:
    """Show the same to whoever tries the shop; an invitation can be accepted."""
    found = _everything(world)
    invitations = Markup("").join(
        Markup("<tr><td>{}</td><td>{}</td><td>{}</td></tr>").format(
            one["repository"], one["user_name"], _accept_button(one)
        )
        for one in found["invitations"]
    )
    messages = Markup("").join(
        Markup("<tr><td>{}</td><td>{}</td><td>{}</td></tr>").format(
            one["recipient"], one["sent_by"], one["body"]
        )
        for one in reversed(found["messages"])
    )
    response = page(
        "outside.html",
        invitations=invitations or Markup("<tr><td>Nobody was invited yet.</td></tr>"),
        messages=messages or Markup("<tr><td>No message yet.</td></tr>"),
    )
    response.headers["Content-Security-Policy"] = POLICY
    # Without a referrer browsers hide where a form comes from, even from its own site.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def accept(world: World, request: Request) -> Response:
    """Accept an invitation as its invitee does at GitHub."""
    if request.headers.get("Origin") != f"http://{request.host}":
        raise Forbidden("Only the stand-in's own page may do that.")
    with world.store.transaction():
        world.store.change(
            "UPDATE invitations SET state = 'accepted' WHERE id = ?", request.form["invitation"]
        )
    return redirect("/outside/", 303)


def _everything(world: World) -> Json:
    with world.store.transaction():
        invitations = world.store.rows("SELECT * FROM invitations ORDER BY id")
        messages = world.store.rows("SELECT * FROM whatsapp ORDER BY id")
    return {
        "invitations": [dict(row) for row in invitations],
        "messages": [dict(row) for row in messages],
    }


def _invitations(world: World, repository: str, user_name: str) -> list[Json]:
    rows = world.store.rows(
        "SELECT * FROM invitations WHERE repository = ? AND lower(user_name) = lower(?)",
        repository,
        user_name,
    )
    return [dict(row) for row in rows]


def _keep_message(world: World, sent_by: str, recipient: str, body: str) -> None:
    world.store.change(
        "INSERT INTO whatsapp (sent_by, recipient, body, created) VALUES (?, ?, ?, ?)",
        sent_by,
        recipient,
        body,
        world.clock.now(),
    )


def _shown(invitation: Json) -> Json:
    return {
        "id": invitation["id"],
        "invitee": {"login": invitation["user_name"]},
        "permissions": "read",
        "repository": {"full_name": invitation["repository"]},
    }


def _list(body: list[Json]) -> Response:
    return Response(json.dumps(body), mimetype="application/json")


def _unknown() -> Response:
    return reply({"message": "Not Found"}, 404)


def _accept_button(invitation: Json) -> Markup:
    if invitation["state"] == "accepted":
        return Markup("accepted")
    return Markup(
        '<form method="post" action="/outside/accept">'
        '<button class="quiet" name="invitation" value="{}">Accept</button></form>'
    ).format(invitation["id"])
