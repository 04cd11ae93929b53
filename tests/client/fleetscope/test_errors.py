from fleetscope.errors import FleetscopeError, NotSignedIn, Refused, Unreachable


def test_every_error_is_caught_as_one_kind_and_reads_as_its_message() -> None:
    for error in (Unreachable("gone"), NotSignedIn("gone"), Refused("gone")):
        assert isinstance(error, FleetscopeError)
        assert str(error) == "gone"


def test_a_refusal_tells_which_input_it_is_about() -> None:
    error = Refused("no such tool", code="not_found", field="tool")
    assert (error.code, error.field) == ("not_found", "tool")
