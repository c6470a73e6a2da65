"""`make demo`: the whole shop on this machine, with sample goods and test payments.

Web server, worker and the stand-in for Stripe run as children of honcho. Everything they
store, keys included, lies in one folder (DEMO_DATA, var/demo): the next start goes on from there.
"""

import json
import multiprocessing
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import quote

from honcho.manager import Manager

from sandbox.tether import end_with_parent

ROOT = Path(__file__).resolve().parent.parent
STAFF_EMAIL = "staff@example.com"
SECONDS_TO_ANSWER = 60
STOPPED_ON_REQUEST = (130, 143)


class CannotStartError(Exception):
    """The message says why, and what to do."""


def main() -> int:
    """Prepare what is missing and run the demo until Ctrl-C; return the exit code."""
    data = Path(os.environ.get("DEMO_DATA") or ROOT / "var" / "demo").resolve()
    try:
        port, stripe_port = _port("PORT", 8000), _port("STRIPE_PORT", 12111)
        if port == stripe_port:
            raise CannotStartError(f"PORT and STRIPE_PORT are both {port}: choose another for one.")
        environment = {**os.environ, **_settings(data, port, stripe_port, _keys(data))}
        _prepare(environment)
    except CannotStartError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return _run(environment, _welcome(environment))


def _port(name: str, default: int) -> int:
    """Return the port that the variable names, after a look whether it is free."""
    text = os.environ.get(name) or str(default)
    advice = f"choose another with `make demo {name}={default + 1}`."
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise CannotStartError(f"{name} is {text!r}, which is not a port from 1 to 65535: {advice}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(text)))
        except PermissionError:
            raise CannotStartError(
                f"Port {text} ({name}) is for administrators: {advice}"
            ) from None
        except OSError:
            raise CannotStartError(
                f"Port {text} ({name}) is taken by another program: stop it, or {advice}"
            ) from None
    return int(text)


def _keys(data: Path) -> dict[str, str]:
    """Return the keys and the staff password of this demo, made at random on its first start."""
    path = data / "keys.json"
    data.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        keys = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "STRIPE_SECRET_KEY": "sk_test_" + secrets.token_hex(24),
            "STRIPE_PUBLISHABLE_KEY": "pk_test_" + secrets.token_hex(24),
            "STRIPE_WEBHOOK_SECRET": "whsec_" + secrets.token_hex(24),
            "DEMO_STAFF_PASSWORD": secrets.token_urlsafe(9),
        }
        half_written = path.with_suffix(".new")
        half_written.touch(mode=0o600)
        half_written.write_text(json.dumps(keys, indent=1))
        half_written.replace(path)
    stored: dict[str, str] = json.loads(path.read_text())
    return stored


def _settings(data: Path, port: int, stripe_port: int, keys: dict[str, str]) -> dict[str, str]:
    """Return the environment of all three children; it leaves nothing to a developer's .env."""
    shop, stripe = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{stripe_port}"
    mail = data / "mail"
    mail.mkdir(exist_ok=True)
    settings = {
        **keys,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONUNBUFFERED": "1",
        "DEBUG": "false",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WEB_CONCURRENCY": "2",
        "BASE_URL": shop,
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "SHOP_NAME": "Cartwright Goods",
        "CURRENCIES": "USD,EUR",
        "DEFAULT_COUNTRY": "US",
        "TRUSTED_PROXY_COUNT": "0",
        "DATABASE_URL": f"sqlite:///{quote(str(data))}/shop.sqlite3",
        "REDIS_URL": "",
        "STATIC_ROOT": str(data / "static"),
        "MEDIA_ROOT": str(data / "media"),
        "PRIVATE_ROOT": str(data / "private"),
        "EMAIL_URL": "consolemail://",
        "MAILBOX": str(mail),
        "ANYMAIL_ESP": "",
        "ADMIN_EMAIL": STAFF_EMAIL,
        "DRILLS": "true",
        # The stand-in takes any key of other parties than Stripe.
        "GITHUB_TOKEN": "demo",
        "GITHUB_API_BASE": f"{stripe}/github",
        "TWILIO_AUTH_TOKEN": "demo",
        "TWILIO_API_BASE": f"{stripe}/twilio",
        "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000000",
        "TWILIO_WHATSAPP_FROM": "+14155238886",
        "META_WHATSAPP_TOKEN": "",
        "META_WHATSAPP_PHONE_ID": "",
        "POSTHOG_KEY": "",
        "STRIPE_API_BASE": stripe,
        "STRIPE_JS_URL": f"{stripe}/endive/stripe.js",
        "STRIPE_PORT": str(stripe_port),
        "STRIPE_WEBHOOK_URL": f"{shop}/api/webhooks/stripe",
        "STRIPE_SANDBOX_DATA": str(data / "stripe.sqlite3"),
        "STRIPE_SANDBOX_MAILBOX": str(mail),
    }
    # A NAME_FILE wins over NAME: one of a developer's would lead to his own database or keys.
    return {**settings, **{f"{name}_FILE": "" for name in settings}}


def _prepare(environment: dict[str, str]) -> None:
    """Bring database, files and sample goods up to date. Raises CannotStartError."""
    print("Preparing the shop…", flush=True)
    password = environment["DEMO_STAFF_PASSWORD"]
    steps = (
        ("migrate", "-v0"),
        ("createcachetable", "-v0"),
        ("seed_demo", f"--staff-email={STAFF_EMAIL}", f"--staff-password={password}"),
    )
    collect = ("collectstatic", "--no-input", "--clear", "-v0")
    must_collect = _static_files_changed(Path(environment["STATIC_ROOT"]))
    with _manage(environment, *collect) if must_collect else nullcontext() as collecting:
        for step in steps:
            with _manage(environment, *step) as process:
                _must_succeed(step[0], process)
        if collecting:
            _must_succeed("collectstatic", collecting)


def _static_files_changed(collected: Path) -> bool:
    """Tell whether our files or the list of packages are newer than what was collected."""
    manifest = collected / "staticfiles.json"
    sources = [ROOT / "requirements" / "demo.txt", *(ROOT / "static").rglob("*")]
    newest = max(source.stat().st_mtime for source in sources)
    return not manifest.exists() or manifest.stat().st_mtime < newest


def _manage(environment: dict[str, str], *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 - our own manage.py
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _must_succeed(name: str, process: "subprocess.Popen[str]") -> None:
    said, _ = process.communicate()
    if process.returncode:
        raise CannotStartError(
            f"{said}\nThe demo could not be prepared: `manage.py {name}` failed as shown above. "
            "If its data is damaged, `make demo-reset` starts it anew."
        )


def _run(environment: dict[str, str], welcome: str) -> int:
    """Run the three children until one ends or a signal comes; return the exit code."""
    if sys.platform == "linux":
        # honcho's helpers ignore SIGTERM; a closed terminal or kill -9 must not leave them behind.
        multiprocessing.set_start_method("fork")
        os.register_at_fork(after_in_child=lambda: end_with_parent(signal.SIGKILL))
    manager = Manager()
    for name, command in {
        "stripe": "-m sandbox serve",
        "worker": "manage.py worker",
        "web": "-m gunicorn config.wsgi",
    }.items():
        python = shlex.quote(sys.executable)
        tethered = f"exec {python} -m sandbox.tether {python} {command}"
        manager.add_process(name, tethered, env=environment, cwd=str(ROOT))
    greeter = multiprocessing.Process(target=_greet, args=(environment["BASE_URL"], welcome))
    greeter.start()
    manager.loop()
    greeter.terminate()
    greeter.join()
    if manager.returncode in STOPPED_ON_REQUEST:
        return 0
    print("One of the three programs ended by itself, so the demo stopped.", file=sys.stderr)
    return 1


def _greet(address: str, welcome: str) -> None:
    """Print the welcome once the shop answers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=5).close()  # noqa: S310 - our own
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
            continue
        print(welcome, flush=True)
        return


def _welcome(environment: dict[str, str]) -> str:
    shop, stripe = environment["BASE_URL"], environment["STRIPE_API_BASE"]
    rows = [
        ("Shop", f"{shop}/"),
        ("Admin", f"{shop}/admin/"),
        ("", f"{STAFF_EMAIL}  password {environment['DEMO_STAFF_PASSWORD']}"),
        ("Mail", f"{stripe}/mailbox/"),
        ("Outside", f"{stripe}/outside/  what GitHub and WhatsApp were asked"),
        ("Mishaps", f"{stripe}/faults/  lets payments, refunds and webhooks go wrong"),
        ("", ""),
        ("Test cards", "4242 4242 4242 4242  is paid"),
        ("", "4000 0000 0000 3220  asks for authentication (3-D Secure)"),
        ("", "4000 0000 0000 0002  is declined"),
        ("", "with any date to come and any security code"),
        ("", ""),
        ("Ctrl-C", "stops it; make demo goes on from there, make demo-reset forgets"),
    ]
    lines = [f"{name:12}{text}" for name, text in rows]
    width = max(map(len, lines))
    body = (f"│  {line:{width}}  │" for line in lines)
    edge = "─" * (width + 4)
    return "\n".join(["", f"╭{edge}╮", *body, f"╰{edge}╯", ""])


if __name__ == "__main__":
    sys.exit(main())
