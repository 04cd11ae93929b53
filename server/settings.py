"""Django's settings, all derived from the environment (`server/env.py`) and the key files (`server/keys.py`)."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import SplitResult, parse_qsl, unquote

from django.utils.functional import SimpleLazyObject

from server import env as environment
from server import keys, oidc_settings

ENV = environment.read()

# Read when first used: ingest never uses it, and need not be able to read it.
SECRET_KEY = cast(str, SimpleLazyObject(lambda: keys.secret_key(ENV.keys)))
DEBUG = False
ROOT_URLCONF = "server.urls"
ASGI_APPLICATION = "server.asgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
APPEND_SLASH = False
STATIC_URL = "/static/"

ALLOWED_HOSTS = sorted({ENV.http.host, ENV.http_listen.host, "localhost", "127.0.0.1", "[::1]"} - {"0.0.0.0", "::"})  # noqa: S104
_LOCAL_ORIGINS = [f"http://{host}:{ENV.http_listen.port}" for host in ("localhost", "127.0.0.1")]
ALLOWED_ORIGINS = [ENV.origin, *([] if ENV.https else _LOCAL_ORIGINS)]
CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "channels",
    "ninja",
    "server.accounts",
    "server.audit",
    "server.fleet",
    "server.webhooks",
    "server.consent",
    "server.tracing",
    "server.templates",
]

MIDDLEWARE = [
    "server.security.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "server.security.HostCheck",
    "server.refusals.MethodAnswer",
    "django.middleware.common.CommonMiddleware",
    "server.security.NulCheck",
    "server.security.OriginCheck",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "server.accounts.ways.Way",
]

TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

SESSION_ENGINE = "server.accounts.browsers"
# Cookies know no ports: two servers side by side would sign each other's people out.
SESSION_COOKIE_NAME = f"fleetscope_session_{ENV.http.port}"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.https
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_HSTS_SECONDS = 31_536_000 if ENV.https else 0
SECURE_REFERRER_POLICY = "same-origin"
SILENCED_SYSTEM_CHECKS = [
    "security.W002",  # SecurityHeaders forbids frames
    "security.W005",  # other names below this one are not ours to speak for
    "security.W008",  # TLS ends at the proxy, which is what redirects
    "security.W021",  # nor is it ours to list the name in browsers
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# A passkey is bound to both for ever: another name makes every registered one useless.
PASSKEY_RP_ID = ENV.passkey_rp_id
PASSKEY_ORIGIN = ENV.origin

OIDC = oidc_settings.read()

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]


def _database(url: SplitResult | None) -> dict[str, Any]:
    if url is None:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": ENV.data / "fleetscope.sqlite3",
            # IMMEDIATE: a transaction takes the write lock at its start, so it waits instead of failing half-way.
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL"},
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path.lstrip("/"),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": str(url.port or ""),
        "CONN_HEALTH_CHECKS": True,
        # Every request runs in a thread of its own, so connections are kept by a pool and not by the thread.
        "OPTIONS": {**dict(parse_qsl(url.query)), "pool": {"min_size": 1, "max_size": 20, "timeout": 10}},
    }


DATABASES = {"default": _database(ENV.database_url)}
DATABASE_OF_OWNER = _database(ENV.database_owner_url) if ENV.database_owner_url else None

# Only nudges ("look again") travel here, and a full layer drops them silently: every reader also looks by itself.
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": (
        {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [ENV.channel_url], "capacity": 1000, "expiry": 10},
        }
        if ENV.channel_url
        else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1000, "expiry": 10}}
    )
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "proto.log_lines.LineFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},  # at INFO it writes each address that is called, and some are secrets
        "uvicorn.error": {"level": "WARNING"},
    },
}
