from __future__ import annotations

import pytest

from server.accounts.names import check_name
from server.errors import Invalid


@pytest.mark.parametrize("name", ["", "-web", "web team", "wéb", "web\n", "w" * 65])
def test_a_name_is_plain(name: str) -> None:
    with pytest.raises(Invalid, match="a team's name is 1 to 64") as caught:
        check_name(name, "a team's name")
    assert caught.value.field == "name"


def test_a_plain_name_is_fine() -> None:
    name = "web-1.prod@site_a"
    check_name(name, "a team's name")
    assert len(name) < 64
