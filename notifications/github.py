"""GitHub's API: who may read a repository. The only file that talks to GitHub."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import requests
from django.conf import settings
from django.utils.translation import gettext as _

from notifications.failures import GiveUpError, OutsideError

SECONDS = 10
# GitHub's own limit for a page of a list.
PAGE = 100
# GitHub says "too many requests" with either.
TOO_MANY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.FORBIDDEN)


def invite(repository: str, user_name: str) -> str:
    """Let somebody read a repository ("owner/name"); returns what GitHub did. Safe to repeat.

    Raises GiveUpError when GitHub refuses, and OutsideError when it does not answer well.
    """
    path = f"{_path(repository)}/collaborators/{quote(user_name, safe='')}"
    answer = _call("PUT", path, json={"permission": "pull"})
    if answer.status_code == HTTPStatus.CREATED:
        return _("%(name)s was invited") % {"name": user_name}
    if answer.status_code == HTTPStatus.NO_CONTENT:
        return _("%(name)s had access already") % {"name": user_name}
    raise _refusal(answer, repository, user_name)


def withdraw(repository: str, user_name: str) -> None:
    """Take access away, an invitation not yet accepted too. Safe to repeat. Raises as `invite`."""
    path = f"{_path(repository)}/collaborators/{quote(user_name, safe='')}"
    answer = _call("DELETE", path)
    if answer.status_code not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND):
        raise _refusal(answer, repository, user_name)
    for invitation in _invitations(repository, user_name):
        path = f"{_path(repository)}/invitations/{invitation['id']}"
        answer = _call("DELETE", path)
        if answer.status_code not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND):
            raise _refusal(answer, repository, user_name)


def _invitations(repository: str, user_name: str) -> list[dict[str, Any]]:
    """Return the open invitations of one person."""
    found: list[dict[str, Any]] = []
    number = 1
    while True:
        query = {"per_page": str(PAGE), "page": str(number)}
        answer = _call("GET", f"{_path(repository)}/invitations", params=query)
        if answer.status_code != HTTPStatus.OK:
            raise _refusal(answer, repository, user_name)
        page = answer.json()
        found += [
            one
            for one in page
            if ((one.get("invitee") or {}).get("login") or "").lower() == user_name.lower()
        ]
        if len(page) < PAGE:
            return found
        number += 1


def _path(repository: str) -> str:
    return f"/repos/{quote(repository, safe='/')}"


def _call(method: str, path: str, **arguments: Any) -> requests.Response:
    """Ask GitHub. Raises OutsideError when it cannot be reached or has a fault of its own."""
    if not settings.GITHUB_TOKEN:
        raise GiveUpError(
            _("GITHUB_TOKEN is not set: set it to a token that may administer the repository.")
        )
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {settings.GITHUB_TOKEN}",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    try:
        answer = requests.request(
            method,
            f"{settings.GITHUB_API_BASE.rstrip('/')}{path}",
            headers=headers,
            timeout=SECONDS,
            allow_redirects=False,
            **arguments,
        )
    except requests.RequestException as error:
        raise OutsideError(_("GitHub cannot be reached: %(error)s") % {"error": error}) from error
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or _is_one_too_many(answer):
        said = {"status": answer.status_code, "message": _message(answer)}
        raise OutsideError(_("GitHub answered %(status)d: %(message)s") % said)
    return answer


def _is_one_too_many(answer: requests.Response) -> bool:
    if answer.status_code not in TOO_MANY:
        return False
    is_limit = "Retry-After" in answer.headers or answer.headers.get("X-RateLimit-Remaining") == "0"
    return is_limit or answer.status_code == HTTPStatus.TOO_MANY_REQUESTS


def _refusal(answer: requests.Response, repository: str, user_name: str) -> GiveUpError:
    words = {
        "status": answer.status_code,
        "message": _message(answer),
        "repository": repository,
        "name": user_name,
    }
    if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return GiveUpError(
            _(
                "GitHub refused our token (%(status)d: %(message)s): set GITHUB_TOKEN to one that "
                "may administer %(repository)s, then try again."
            )
            % words
        )
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return GiveUpError(
            _(
                "GitHub knows no repository %(repository)s or no user %(name)s: correct the "
                "product, or ask the buyer for the right name, then try again."
            )
            % words
        )
    return GiveUpError(
        _("GitHub refused (%(status)d: %(message)s). Put that right at GitHub, then try again.")
        % words
    )


def _message(answer: requests.Response) -> str:
    """Return what GitHub says of it, where it says so as it does elsewhere."""
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        return answer.reason or ""
    return str(body.get("message", "")) if isinstance(body, dict) else ""
