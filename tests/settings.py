"""The shop's settings for the tests: nothing is taken from a developer's own `.env`.

`tests/run.py` starts the servers and names them in TEST_DATABASE_URL and TEST_REDIS_URL; without
them the tests run on SQLite and the database cache.
"""

import os
import secrets
from urllib.parse import urlsplit

os.environ.update(
    DEBUG="false",
    SECRET_KEY=secrets.token_urlsafe(32),
    BASE_URL="http://localhost:8000",
    ALLOWED_HOSTS="localhost,127.0.0.1,testserver",
    SHOP_NAME="Cartwright Goods",
    SHOP_ADDRESS="12 Kiln Lane,Portland OR 97209",
    TAX_ID="93-1234567",
    CARRIERS="DHL,UPS",
    CURRENCIES="USD,EUR",
    DATABASE_URL=os.environ.get("TEST_DATABASE_URL", "sqlite:///var/tests.sqlite3"),
    REDIS_URL=os.environ.get("TEST_REDIS_URL", ""),
    STRIPE_SECRET_KEY=os.environ.get("TEST_STRIPE_SECRET_KEY", "sk_test_" + secrets.token_hex(12)),
    STRIPE_PUBLISHABLE_KEY=os.environ.get(
        "TEST_STRIPE_PUBLISHABLE_KEY", "pk_test_" + secrets.token_hex(12)
    ),
    STRIPE_WEBHOOK_SECRET="whsec_" + secrets.token_hex(12),
    # Nobody listens there: a test that talks to Stripe starts the stand-in and says so.
    STRIPE_API_BASE="http://127.0.0.1:9",
    STRIPE_JS_URL="http://127.0.0.1:9/endive/stripe.js",
    EMAIL_URL="memorymail://",
    DEFAULT_FROM_EMAIL="Cartwright Goods <shop@example.com>",
    ADMIN_EMAIL="owner@example.com",
    ANYMAIL_ESP="",
    TRUSTED_PROXY_COUNT="0",
    TIME_ZONE="UTC",
    # A developer's secret files would win.
    SECRET_KEY_FILE="",
    DATABASE_URL_FILE="",
    REDIS_URL_FILE="",
    STRIPE_SECRET_KEY_FILE="",
    STRIPE_PUBLISHABLE_KEY_FILE="",
    STRIPE_WEBHOOK_SECRET_FILE="",
    EMAIL_URL_FILE="",
)

from config.settings import *  # noqa: F403
from config.settings import CACHES, DATABASES, REDIS_URL, STORAGES

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as in the demo: in memory all threads of a live server would share one connection.
    DATABASES["default"]["TEST"] = {"NAME": DATABASES["default"]["NAME"]}
if REDIS_URL:
    # Emptying the cache empties a whole Redis database: one for each process of the test run.
    _process = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    CACHES["default"]["LOCATION"] = urlsplit(REDIS_URL)._replace(path=f"/{_process}").geturl()
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
