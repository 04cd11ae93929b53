"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# A busy machine makes a test slow, not wrong.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
