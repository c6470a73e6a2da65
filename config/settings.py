"""Settings come from the environment; `.env` beside manage.py serves a developer's machine.

Every variable NAME may instead be given as NAME_FILE, the path of a file that holds the value
(mounted secrets). `.env.example` says what each one means.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from django.utils.translation import gettext_lazy as _
from environ.fileaware_mapping import FileAwareMapping
from whitenoise.compress import Compressor

# Lets a class say `ModelAdmin[Order]`, as its types do.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent


class Variables(FileAwareMapping):  # type: ignore[misc]  # django-environ has no types
    """The environment, where a file's last line break is not part of the value."""

    def __getitem__(self, key: str) -> str:
        value: str = super().__getitem__(key)
        return value.rstrip("\r\n")


class FileAwareEnv(environ.FileAwareEnv):  # type: ignore[misc]
    """Reads each NAME from the file that NAME_FILE names, if there is one."""

    ENVIRON = Variables()


env = FileAwareEnv()
env.read_env(BASE_DIR / ".env")

# --- The shop -------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
BASE_URL = env.str("BASE_URL").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(BASE_URL).hostname or ""])
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SHOP_NAME = env.str("SHOP_NAME", default="Cartwright Goods")
# On receipts and packing slips: the lines of the shop's address, and its tax number.
SHOP_ADDRESS = env.list("SHOP_ADDRESS", default=[])
TAX_ID = env.str("TAX_ID", default="")
# Proposed where staff say who carries a parcel; others can be typed.
CARRIERS = env.list("CARRIERS", default=["DHL", "DPD", "FedEx", "GLS", "UPS", "USPS"])
CURRENCIES = env.list("CURRENCIES", default=["USD", "EUR"])
DEFAULT_COUNTRY = env.str("DEFAULT_COUNTRY", default="US")
DEFAULT_TAX_PERCENT = "8"
RESERVATION_MINUTES = env.int("RESERVATION_MINUTES", default=15)
DECLINE_GRACE_MINUTES = env.int("DECLINE_GRACE_MINUTES", default=15)
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

# --- Card testing (checkout/guarding.py) ----------------------------------------------------
MAX_DECLINES_PER_ORDER = env.int("MAX_DECLINES_PER_ORDER", default=8)
MAX_DECLINES_PER_SHOPPER = env.int("MAX_DECLINES_PER_SHOPPER", default=12)
MAX_DECLINES_PER_ADDRESS = env.int("MAX_DECLINES_PER_ADDRESS", default=30)
MAX_HOLDS_PER_SHOPPER = env.int("MAX_HOLDS_PER_SHOPPER", default=5)
MAX_HOLDS_PER_ADDRESS = env.int("MAX_HOLDS_PER_ADDRESS", default=50)
DECLINE_JUMP = env.int("DECLINE_JUMP", default=20)
DECLINE_JUMP_PERCENT = env.int("DECLINE_JUMP_PERCENT", default=50)

# --- After the payment (notifications/) -----------------------------------------------------
# Staff are told when a sale leaves so few of a thing.
LOW_STOCK = env.int("LOW_STOCK", default=3)
# Messages to win somebody back: at most so many a month to one person; so many percent get none,
# so that the report can tell what the messages earn.
WINNING_BACK_LIMIT = env.int("WINNING_BACK_LIMIT", default=3)
HOLD_OUT_PERCENT = env.int("HOLD_OUT_PERCENT", default=10)
# A cart that was not touched for so long is left; the last message may offer this coupon to those
# who have not bought before.
CART_LEFT_HOURS = env.int("CART_LEFT_HOURS", default=24)
FIRST_ORDER_COUPON = env.str("FIRST_ORDER_COUPON", default="")
# Shows a button that makes a step fail, to see what happens then.
DRILLS = env.bool("DRILLS", default=False)
# How often a file may be fetched, and for how long a link to it holds.
DOWNLOADS_PER_FILE = env.int("DOWNLOADS_PER_FILE", default=10)
DOWNLOAD_LINK_HOURS = env.int("DOWNLOAD_LINK_HOURS", default=24)

# --- Outside parties of grants, messages and numbers; each is used where its key is set -----------
GITHUB_TOKEN = env.str("GITHUB_TOKEN", default="")
GITHUB_API_BASE = env.str("GITHUB_API_BASE", default="https://api.github.com")
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_WHATSAPP_FROM = env.str("TWILIO_WHATSAPP_FROM", default="")
TWILIO_API_BASE = env.str("TWILIO_API_BASE", default="https://api.twilio.com")
META_WHATSAPP_TOKEN = env.str("META_WHATSAPP_TOKEN", default="")
META_WHATSAPP_PHONE_ID = env.str("META_WHATSAPP_PHONE_ID", default="")
META_API_BASE = env.str("META_API_BASE", default="https://graph.facebook.com")
POSTHOG_KEY = env.str("POSTHOG_KEY", default="")
POSTHOG_HOST = env.str("POSTHOG_HOST", default="https://eu.i.posthog.com")

# --- Stripe ---------------------------------------------------------------------------------
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_PUBLISHABLE_KEY = env.str("STRIPE_PUBLISHABLE_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", default="")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="https://api.stripe.com")
STRIPE_JS_URL = env.str("STRIPE_JS_URL", default="https://js.stripe.com/endive/stripe.js")

# --- Django ---------------------------------------------------------------------------------
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
# The e-mail address is unique regardless of case, by a constraint that the check does not see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "config",
    "shop",
    "accounts",
    "cart",
    "orders",
    "checkout",
    "inventory",
    "notifications",
    "allauth",
    "allauth.account",
    "csp",
    "django_countries",
    "django_htmx",
    "django_q",
    "ninja",
    "config.apps.ShopAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.StorableTextMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "cart.middleware.CartMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "shop.context.shop",
                "cart.context.cart",
            ],
        },
    },
]

# --- Database, cache, queue -----------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"].update(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True)
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A write lock taken at BEGIN, waited for, is what keeps SQLite from failing half of all
    # read-then-write requests.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }

REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": REDIS_URL}}
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cache_entries",
            # Django's default of 300 would let a flood of addresses push out the rate limits.
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    }

Q_CLUSTER = {
    "name": "cartwright",
    "orm": "default",
    "workers": 2,
    "timeout": 60,
    # More than the time limit plus the wait in the internal queue, or a slow task runs twice.
    "retry": 150,
    "queue_limit": 4,
    "poll": 0.25,
    "catch_up": False,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": 200,
}
# Rung after each order event: the outbox that notifications reads.
ORDER_EVENT_DOORBELL = "notifications.tasks.send_due"
# Rung when a refund is to be sent to Stripe, and when an unpaid order's hold was ended early.
# Rung when Stripe has told of something.
INBOX_DOORBELL = "checkout.tasks.apply_events"
REFUND_DOORBELL = "checkout.tasks.send_refunds"
CLOSE_DOORBELL = "checkout.tasks.close_due"

# --- Accounts -------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "dashed": False, "length": 6}
# A code can be tried three times; so few new ones an hour make guessing hopeless.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "request_login_code": "20/m/ip,3/m/key,10/h/key",
    "confirm_email": "1/10s/key,10/h/key",
    "reset_password": "20/m/ip,3/m/key,10/h/key",
    "signup": "20/m/ip",
}
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "request_login_code": "accounts.forms.RequestCodeForm",
    "signup": "accounts.forms.NewAccountForm",
}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
LOGIN_REDIRECT_URL = "/account/orders/"
LOGIN_URL = "account_login"

# --- Mail -----------------------------------------------------------------------------------
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"{SHOP_NAME} <shop@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
ADMIN_EMAIL = env.str("ADMIN_EMAIL", default="")
# Where buyers' answers go.
REPLY_TO_EMAIL = env.str("REPLY_TO_EMAIL", default=ADMIN_EMAIL)
EMAIL_SUBJECT_PREFIX = f"[{SHOP_NAME}] "
ADMINS = [(ADMIN_EMAIL, ADMIN_EMAIL)] if ADMIN_EMAIL else []
ANYMAIL_ESP = env.str("ANYMAIL_ESP", default="")
if ANYMAIL_ESP:
    INSTALLED_APPS.append("anymail")
    EMAIL_BACKEND = f"anymail.backends.{ANYMAIL_ESP}.EmailBackend"
    ANYMAIL = env.json("ANYMAIL", default={})
# A folder that gets each mail as a file, instead of sending it.
MAILBOX = env.str("MAILBOX", default="")
if MAILBOX:
    EMAIL_BACKEND = "notifications.mailbox.EmailBackend"

# --- Language, time, files ------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
LANGUAGES = [("en", _("English"))]
# Typed in a list of countries, "United States" must not find the Minor Outlying Islands first.
COUNTRIES_OVERRIDE = {"US": _("United States")}
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "var" / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(BASE_DIR / "var" / "media")))
# Files that only their buyers may fetch; never inside MEDIA_ROOT, which everybody is served from.
PRIVATE_ROOT = Path(env.str("PRIVATE_ROOT", default=str(BASE_DIR / "var" / "private")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": PRIVATE_ROOT},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Only what pages name is kept, and nobody waits for the libraries' source maps to be compressed.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [*Compressor.SKIP_COMPRESS_EXTENSIONS, "map"]

# --- Security -------------------------------------------------------------------------------
SECURE = urlsplit(BASE_URL).scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Stripe.js, the card frame and its calls live on these origins; only the checkout page allows them
# (checkout/views.py).
_stripe_js = urlsplit(STRIPE_JS_URL)
STRIPE_JS_ORIGIN = f"{_stripe_js.scheme}://{_stripe_js.netloc}"
_stripe_api = urlsplit(STRIPE_API_BASE)
STRIPE_API_ORIGIN = f"{_stripe_api.scheme}://{_stripe_api.netloc}"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # It tells of every task four times; what a task did, the task's own code says.
    # So does Stripe's library of every call, with its whole address.
    "loggers": {"django-q": {"level": "WARNING"}, "stripe": {"level": "WARNING"}},
}
