"""The server's settings for tests: a data folder of its own, and a database file, which threads can share."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="fleetscope-test-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["FLEETSCOPE_DATA"] = _folder
for _name in (
    "FLEETSCOPE_HTTP",
    "FLEETSCOPE_GRPC",
    "FLEETSCOPE_HTTP_LISTEN",
    "FLEETSCOPE_GRPC_LISTEN",
    "FLEETSCOPE_SEGMENTS",
    "FLEETSCOPE_SESSION_KEYS",
    "FLEETSCOPE_OIDC_ISSUER",
):
    os.environ.pop(_name, None)

from server.settings import *  # noqa: E402, F403
from server.settings import DATABASES, ENV  # noqa: E402

ENV.data.mkdir(parents=True, exist_ok=True)
if ENV.database_url is None:
    DATABASES["default"]["TEST"] = {"NAME": ENV.data / "test.sqlite3"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; production's is tested by itself
