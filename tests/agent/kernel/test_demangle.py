"""Names of C++ and Rust as people write them. The mangled forms are of GCC 12 and of Rust's RFC 2603."""

from __future__ import annotations

import pytest

from agent.kernel.demangle import demangle, spellings


@pytest.mark.parametrize(
    ("mangled", "written"),
    [
        ("malloc", "malloc"),
        ("_start", "_start"),
        ("_Znonsense", "_Znonsense"),
        ("_ZN3app5QueueIiE4pushERKi", "app::Queue<int>::push(int const&)"),
        ("_ZN12_GLOBAL__N_13fooEv", "(anonymous namespace)::foo()"),
        ("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad::h0123456789abcdef"),
        ("_RNvCskwGfYPst2Cb_3foo16example_function", "foo::example_function"),
        ("_ZN3caf\\xc3E", "_ZN3caf\\xc3E"),
    ],
)
def test_a_name_is_written_as_in_its_source(mangled: str, written: str) -> None:
    assert demangle(mangled) == written


@pytest.mark.parametrize(
    ("whole", "shorter"),
    [
        ("app::work(int, double)", {"app::work"}),
        ("void app::apply<int>(int)", {"app::apply<int>", "app::apply<int>(int)"}),
        ("std::pair<int, void (*)()> app::both<int>(int)", {"app::both<int>", "app::both<int>(int)"}),
        ("(anonymous namespace)::foo()", {"(anonymous namespace)::foo"}),
        ("app::A::operator()(int) const", {"app::A::operator()"}),
        ("app::A::operator int() const", {"app::A::operator int"}),
        ("app::operator<(app::A const&, app::A const&)", {"app::operator<"}),
        ("std::function<void (int)>::operator()(int) const", {"std::function<void (int)>::operator()"}),
        ("app::f(int) [clone .part.0]", {"app::f"}),
        ("core::fmt::Formatter::pad::h0123456789abcdef", {"core::fmt::Formatter::pad"}),
        ("malloc", set()),
    ],
)
def test_a_person_may_leave_out_arguments_and_the_type_returned(whole: str, shorter: set[str]) -> None:
    assert shorter <= spellings(whole)
