"""All settings, all from the environment (README.md lists the variables). A missing secret stops the start.

Without DATABASE_URL or REDIS_URL the embedded servers under var/ serve (development, demo, tests); only without
DATABASE_URL are missing secrets made and kept in var/.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from celery.schedules import crontab
from csp.constants import NONE, SELF

from wuhu_youth import embedded, environment, logs

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"

# --- What kind of installation this is

DEBUG = environment.flag("DEBUG")
TESTING = environment.flag("TESTING")
DATABASE_URL = os.environ.get("DATABASE_URL", "")
EMBEDDED = not DATABASE_URL
_place = embedded.Place(VAR)
_kept = environment.kept_secrets(VAR / "secrets.env") if EMBEDDED else {}
# Plain http is for this machine alone.
_secure = not (DEBUG or TESTING or EMBEDDED)

SECRET_KEY = environment.secret("SECRET_KEY", _kept)
# Encrypted columns: grids/encryption.py. A change of keys or cipher is followed by `manage.py rotate_keys`; a change of
# the index's key or hash means rebuilding every index.
FIELD_KEYS = environment.field_keys(_kept)
FIELD_CIPHER = environment.choice("FIELD_CIPHER", ("aes", "sm4"), "aes")
INDEX_HASH = environment.choice("INDEX_HASH", ("sha256", "sm3"), "sha256")
ALLOWED_HOSTS = environment.listing("ALLOWED_HOSTS")
if not ALLOWED_HOSTS:
    if _secure:
        raise environment.missing("ALLOWED_HOSTS")
    ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = environment.listing("CSRF_TRUSTED_ORIGINS")
# How many trusted proxies stand in front: their entries in X-Forwarded-For are believed, others are not.
PROXY_COUNT = environment.number("PROXY_COUNT", 0)

# --- Parts

INSTALLED_APPS = [
    "wuhu_youth",
    "grids",
    "registry",
    "referrals",
    "wuhu_youth.administration.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "simple_history",
    "django_filters",
    "django_htmx",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "wuhu_youth.middleware.request_id_middleware",
    "django.middleware.security.SecurityMiddleware",
    *([] if TESTING else ["whitenoise.middleware.WhiteNoiseMiddleware"]),
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "wuhu_youth.middleware.session_middleware",
    "wuhu_youth.middleware.personal_pages_middleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "wuhu_youth.urls"
WSGI_APPLICATION = "wuhu_youth.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "grids.context_processors.nav",
            ],
        },
    }
]

# --- Database, cache, work

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **environment.database(DATABASE_URL or _place.database_url),
        "TIME_ZONE": "Asia/Shanghai",
        "CONN_MAX_AGE": environment.number("DATABASE_CONNECTION_SECONDS", 60),
        "CONN_HEALTH_CHECKS": True,
        # template0: a template made with LC_CTYPE C would make names unsearchable.
        "TEST": {"TEMPLATE": "template0", "CHARSET": "UTF8"},
    }
}

REDIS_URL = os.environ.get("REDIS_URL") or _place.redis_url
# A request never waits long for Redis: what it holds is a copy, the database is the truth. Without naming a retry
# the client repeats for about four seconds.
REDIS_OPTIONS: dict[str, Any] = {"socket_timeout": 1, "retry": None}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "wuhu_youth",
        "OPTIONS": REDIS_OPTIONS,
    }
}

# Kombu's own name for the same socket.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than the longest task: a task that is still running must not be handed out again.
    "visibility_timeout": 2 * 60 * 60,
    # Without it a worker behind a half-open connection stays deaf for good.
    "socket_timeout": 30,
    "health_check_interval": 25,
    # How often a publisher tries to connect, at once: by default it goes on for seconds, in somebody's request.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
# The row is the message: a lost poke is made good by the sweep, so a request does not wait for a dead broker.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SOFT_TIME_LIMIT = 25 * 60
CELERY_TASK_TIME_LIMIT = 30 * 60
CELERY_TASK_ALWAYS_EAGER = TESTING
CELERY_TASK_EAGER_PROPAGATES = TESTING
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "grids.tasks.sweep",
        "schedule": 30.0,
        # A sweep that waited longer than the next one is due has nothing left to do.
        "options": {"expires": 29.0},
    },
    # Apart from the sweep, which must not wait for it; after the night's feeds and their rules.
    "retention": {
        "task": "registry.tasks.apply_retention",
        "schedule": crontab(hour="4", minute="10"),
        "options": {"expires": 3600.0},
    },
}

# The SMS / WeCom gateway, told of each alert by a signed POST (grids/delivery.py). Without one, pages alone tell.
ALERT_WEBHOOK_URL = environment.address("ALERT_WEBHOOK_URL", secure=_secure)
ALERT_WEBHOOK_SECRET = environment.secret("ALERT_WEBHOOK_SECRET", {}) if ALERT_WEBHOOK_URL else ""

# --- Sign-in

AUTH_USER_MODEL = "grids.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
if TESTING:
    # One of the tests of sign-in aside, what a hash costs is of no interest, and tests make many users.
    PASSWORD_HASHERS.insert(0, "django.contrib.auth.hashers.MD5PasswordHasher")
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "grids.passwords.CharacterClassesValidator", "OPTIONS": {"classes": 3}},
]

# Five wrong passwords for one name from one address: fifteen minutes' pause, whether or not the name exists.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "wuhu_youth.middleware.client_address"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "password"]
AXES_VERBOSE = False

# Who is asked for a code from the phone beside the password, and by which hash: grids/second_factor.py. New secrets
# alone take up a change of the hash; apps that know SHA-1 alone need sha1.
SECOND_FACTOR = environment.choice("SECOND_FACTOR", ("on", "off", "all"), "on" if _secure else "off")
SECOND_FACTOR_HASH = environment.choice("SECOND_FACTOR_HASH", ("sha256", "sm3", "sha1"), "sha256")

# How long a session lasts, in seconds (grids/sessions.py): without an act of the person, on the phone of somebody who
# works with a password alone, and at the most.
SESSION_COOKIE_AGE = 15 * 60
SESSION_PHONE_AGE = 30 * 60
SESSION_LONGEST = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = False
# A browser takes a __Host- cookie only over TLS, from this host and for all of it: no neighbour can plant one.
SESSION_COOKIE_NAME = "__Host-session" if _secure else "wuhu_youth_session"
CSRF_COOKIE_NAME = "__Host-csrftoken" if _secure else "csrftoken"
SESSION_COOKIE_SECURE = _secure
CSRF_COOKIE_SECURE = _secure
CSRF_COOKIE_HTTPONLY = True

# --- What the browser may do

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if _secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _secure
# Whether a domain goes onto the browsers' own list is its owner's decision, not that of one site under it.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_SSL_REDIRECT = _secure
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked on the machine itself, by plain http
# TLS ends at the proxy, which must set or remove this header itself.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXY_COUNT else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_TEMP_DIR = os.environ.get("FILE_UPLOAD_TEMP_DIR") or None

# --- Language, time, files

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT") or VAR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
_static_storage = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
    if DEBUG or TESTING
    else "whitenoise.storage.CompressedManifestStaticFilesStorage"
)
STORAGES = {
    # Files made for people (exports, error sheets): never served as they lie, only through a view.
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": os.environ.get("FILES_ROOT") or VAR / "files", "base_url": None},
    },
    "staticfiles": {"BACKEND": _static_storage},
}
WHITENOISE_USE_FINDERS = DEBUG

# --- Deadlines (districts may set their own) and feeds

HANDOVER_HOURS = environment.number("HANDOVER_HOURS", 72)
HANDOVER_HOURS_GRADE_A = environment.number("HANDOVER_HOURS_GRADE_A", 24)
ESCALATION_HOURS = environment.number("ESCALATION_HOURS", 24)  # what each level has before it climbs on
REPORT_HOURS = environment.number("REPORT_HOURS", 72)  # a report 问题上报 not answered by then climbs
REPORT_HOURS_URGENT = environment.number("REPORT_HOURS_URGENT", 24)
REFERRAL_ANSWER_HOURS = environment.number("REFERRAL_ANSWER_HOURS", 72)  # until an agency accepts or declines
OUT_OF_CITY_ANSWER_DAYS = environment.number("OUT_OF_CITY_ANSWER_DAYS", 30)
FIRST_VISIT_DAYS = {"A": 1, "B": 7, "C": 7}  # from acceptance of a handover to the first visit, by grade
FEED_FILES_DIR = Path(os.environ.get("FEED_FILES_DIR") or VAR / "feed-files")
FEED_ERRORS_DIR = Path(os.environ.get("FEED_ERRORS_DIR") or VAR / "feed-errors")

# --- Exports: what one person may take away in a day, and from how many rows on a task makes the sheet

EXPORT_FILES_DIR = Path(os.environ.get("EXPORT_FILES_DIR") or VAR / "export-files")
EXPORTS_A_DAY = environment.number("EXPORTS_A_DAY", 20)
EXPORT_ROWS_A_DAY = environment.number("EXPORT_ROWS_A_DAY", 20_000)
EXPORT_AT_ONCE_ROWS = environment.number("EXPORT_AT_ONCE_ROWS", 2_000)

# --- The ledger of seals 封存台账 (registry/seal_ledger.py): on another disk than the database, never restored with it

SEAL_LEDGER = Path(
    os.environ.get("SEAL_LEDGER") or VAR / "seal-ledgers" / str(DATABASES["default"]["NAME"]).lstrip("/")
)

# --- Readings: from how many on the auditor is shown who read them (registry/reading_audit.py)

READINGS_MANY_PERSONS = environment.number("READINGS_MANY_PERSONS", 500)  # distinct persons in a day
READINGS_OUTSIDE_TASKS = environment.number("READINGS_OUTSIDE_TASKS", 10)  # files in a day

# --- Grants 临时授权 (registry/grants.py): days offered and the most, minutes of an emergency, hours to answer in. The
# database allows 31 days and a day of emergency at most.

GRANT_DAYS = environment.number("GRANT_DAYS", 3)
GRANT_MOST_DAYS = min(environment.number("GRANT_MOST_DAYS", 30), 31)
EMERGENCY_MINUTES = min(environment.number("EMERGENCY_MINUTES", 60), 24 * 60)
EMERGENCIES_A_DAY = environment.number("EMERGENCIES_A_DAY", 5)
GRANT_REVIEW_HOURS = environment.number("GRANT_REVIEW_HOURS", 24)

# --- Logs

LOGGING = logs.configuration(
    level="WARNING" if TESTING else os.environ.get("LOG_LEVEL", "INFO").upper(), testing=TESTING
)
