import pytest

from fleetscope.quantities import budget_permille, duration_ms, size_bytes


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("10s", 10_000), ("500ms", 500), ("1.5m", 90_000), ("1m30s", 90_000), ("2h", 7_200_000), ("400d", 34_560_000_000)],
)
def test_durations_are_read_as_people_write_them(text: str, milliseconds: int) -> None:
    assert duration_ms(text) == milliseconds


@pytest.mark.parametrize("text", ["soon", "10", "", "s", "10 s", "-1s", "1s2", "0s", "1e3s", "\u0661s"])
def test_what_is_no_duration_is_named_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="duration") as error:
        duration_ms(text)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize(("text", "permille"), [("3%", 30), ("0.5%", 5), ("100%", 1000), ("0.1%", 1)])
def test_budgets_are_shares_of_the_host(text: str, permille: int) -> None:
    assert budget_permille(text) == permille


@pytest.mark.parametrize("text", ["lots", "3", "0%", "101%", "-3%", "%"])
def test_what_is_no_budget_is_named_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 3%") as error:
        budget_permille(text)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("1000", 1000), ("64MiB", 64 << 20), ("1.5 GB", 1_500_000_000), ("10kB", 10_000), ("2g", 2_000_000_000)],
)
def test_a_size_is_a_number_of_bytes(text: str, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1", "64 MiBs", "lots", "1e9", "0.1"])
def test_what_is_no_size_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        size_bytes(text)
