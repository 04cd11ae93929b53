import pytest

from server.catalog.tools import catalogue, find
from server.errors import NotFound


def test_every_tool_is_found_by_its_name() -> None:
    for name, tool in catalogue().items():
        assert find(name) is tool
        assert len(tool.digest) == 32


@pytest.mark.parametrize(("name", "hint"), [("opensnop", "did you mean opensnoop?"), ("zzz", "there are ")])
def test_an_unknown_tool_gets_the_nearest_name(name: str, hint: str) -> None:
    with pytest.raises(NotFound, match=hint.replace("?", "[?]")) as caught:
        find(name)
    assert caught.value.field == "tool"
