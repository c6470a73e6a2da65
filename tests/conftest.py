"""What every test may count on: no network, a small cast, and a browser that is watched.

The cast: `buyer` owns things, `stranger` has an account and owns nothing, `staff` runs the shop.
Browser tests take `page` (a laptop's window), `phone` (360 pixels) or `new_page(...)`, and
`shop_server` for the shop's address.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    Route,
    expect,
    sync_playwright,
)
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests import chromium
from tests.standin import StandIn

PASSWORD = "correct horse battery"
BROWSER_TIMEOUT_MS = 10_000
LAPTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}

NewPage = Callable[..., Page]


def pytest_configure() -> None:
    """Make the folders that a fresh checkout lacks."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


# --- No network ------------------------------------------------------------------------------
@pytest.fixture
def reachable_hosts() -> Collection[str]:
    """Return the hosts beyond this machine that a test may ask: none, but in tests/stripe_account.

    A package that may ask some overrides this.
    """
    return ()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, reachable_hosts: Collection[str]) -> Iterator[None]:
    """Fail a test that reaches beyond this machine, even when the code swallows the refusal."""
    refused: list[str] = []
    # By name, and by the addresses that they turn out to have.
    allowed = set(reachable_hosts)

    def check(host: Any) -> None:
        if host is not None and not _is_loopback(str(host)) and host not in allowed:
            refused.append(str(host))
            raise OSError(f"Tests have no network: {host} was asked for.")

    def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
        def connect(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                check(address[0])
            return method(self, address)

        return connect

    look_up = socket.getaddrinfo

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        check(host)
        found = look_up(host, *args, **kwargs)
        if host in allowed:
            allowed.update(str(address[0]) for *_kind, address in found)
        return found

    monkeypatch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
    yield
    assert not refused, f"The test tried to reach {', '.join(refused)}."


def _is_loopback(host: str) -> bool:
    return host in ("", "localhost", "::1") or host.startswith("127.")


# --- Stripe ----------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def standin_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    data = tmp_path_factory.mktemp("stripe") / "stripe.sqlite3"
    standin = StandIn(data, settle_seconds=3600).start()
    yield standin
    violations = standin.contract_violations()
    standin.stop()
    assert violations == []


@pytest.fixture
def standin(standin_process: StandIn, settings: Settings) -> StandIn:
    """The stand-in for Stripe, empty, and the shop told where it is."""
    standin_process.reset()
    settings.STRIPE_SECRET_KEY = standin_process.secret_key
    settings.STRIPE_PUBLISHABLE_KEY = standin_process.publishable_key
    settings.STRIPE_WEBHOOK_SECRET = standin_process.webhook_secret
    settings.STRIPE_API_BASE = standin_process.url
    settings.STRIPE_JS_URL = standin_process.js_url
    settings.STRIPE_JS_ORIGIN = settings.STRIPE_API_ORIGIN = standin_process.url
    return standin_process


# --- The cast --------------------------------------------------------------------------------
@pytest.fixture
def buyer(db: None) -> User:
    """Return a shopper with an account; the password is `tests.conftest.PASSWORD`."""
    return _person("buyer@example.com", name="Ada Buyer")


@pytest.fixture
def stranger(db: None) -> User:
    """Return a second shopper, who must never see what is the buyer's."""
    return _person("stranger@example.com", name="Sam Stranger")


@pytest.fixture
def staff(db: None) -> User:
    """Return a member of staff with every permission."""
    return _person("staff@example.com", name="Stella Staff", is_staff=True, is_superuser=True)


def _person(email: str, **fields: Any) -> User:
    user = User.objects.create_user(email, PASSWORD, **fields)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


# --- The browser -----------------------------------------------------------------------------
@pytest.fixture
def shop_server(live_server: LiveServer, settings: Settings) -> str:
    """Run the shop in a thread and return its address; no worker runs."""
    settings.BASE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    return str(live_server.url)


@pytest.fixture(scope="session", autouse=True)
def playwright(request: pytest.FixtureRequest) -> Iterator[Playwright | None]:
    """Start Playwright's driver before anything touches the database, if a browser test is to run.

    Its event loop stays in this thread. Django takes that for asynchronous code, and would give a
    test another database connection after the start than before.
    """
    if not any("new_page" in getattr(item, "fixturenames", ()) for item in request.session.items):
        yield None
        return
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=BROWSER_TIMEOUT_MS)
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Run one Chromium for all browser tests of this process."""
    browser = playwright.chromium.launch(
        executable_path=chromium.find(), args=chromium.FLAGS, chromium_sandbox=False
    )
    yield browser
    browser.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Return a function that opens a page in a browser profile of its own.

    It takes the options of Playwright's `new_context`, such as java_script_enabled. The test fails
    when a page asks a foreign host for anything, breaks the content security policy, or throws.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def refuse_foreign(route: Route) -> None:
        if _is_loopback(urlsplit(route.request.url).hostname or ""):
            route.continue_()
        else:
            faults.append(f"asked for {route.request.url}")
            route.abort()

    def open_page(**options: Any) -> Page:
        context = browser.new_context(locale="en-US", **{**LAPTOP, **options})
        contexts.append(context)
        context.set_default_timeout(BROWSER_TIMEOUT_MS)
        context.route("**/*", refuse_foreign)
        context.on("weberror", lambda error: faults.append(f"threw {error.error}"))
        context.on(
            "console",
            lambda message: (
                faults.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
    _let_the_server_finish()
    assert not faults, f"The page {'; '.join(faults)}."


def _let_the_server_finish() -> None:
    """Wait for the requests of closed pages, which the next test's empty database would break."""
    deadline = time.monotonic() + BROWSER_TIMEOUT_MS / 1000
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(max(0, deadline - time.monotonic()))
            assert not thread.is_alive(), "A request to the shop did not end."


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """Return a page in a window of a laptop's size."""
    return new_page()


@pytest.fixture
def phone(new_page: NewPage) -> Page:
    """Return a page on a small phone with a touch screen."""
    return new_page(**PHONE)


@pytest.fixture
def sign_in() -> Callable[[Page, User, str], None]:
    """Return a function that signs a user in on a page of the shop at that address."""

    def put_session_cookie(page: Page, user: User, address: str) -> None:
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": address}]
        )

    return put_session_cookie


@pytest.fixture
def assert_accessible() -> Callable[[Page], None]:
    """Return a function that fails with what axe finds on the page."""

    def check(page: Page) -> None:
        # A click is over when the next page begins to arrive.
        page.wait_for_load_state()
        violations = Axe().run(page).response["violations"]
        assert not violations, "\n".join(
            f"{violation['id']}: {violation['help']} at {node['target']}"
            for violation in violations
            for node in violation["nodes"]
        )

    return check
