import contextlib
from string import printable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import syntax
from gateway.errors import Refused
from tracking.mail.envelopes import MAX_MESSAGE_BYTES


@pytest.mark.parametrize(
    ("argument", "address", "parameters"),
    [
        ("FROM:<a@example.com>", "a@example.com", {}),
        ("from: <a@example.com>", "a@example.com", {}),
        ("FROM:a@example.com", "a@example.com", {}),
        ("FROM:<>", "<>", {}),
        ("FROM:<@one.example,@two.example:a@example.com>", "a@example.com", {}),
        ("FROM:<a@example.com> size=10 BODY=7BIT", "a@example.com", {"SIZE": "10", "BODY": "7BIT"}),
        ("FROM:<a@example.com>  SMTPUTF8 ", "a@example.com", {"SMTPUTF8": ""}),
        ("FROM:<a b>", "a b", {}),
    ],
)
def test_a_path_is_an_address_with_parameters(
    argument: str, address: str, parameters: dict[str, str]
) -> None:
    assert syntax.path("MAIL", "FROM", argument) == syntax.Path(address, parameters)


@pytest.mark.parametrize(
    "argument",
    [
        None,
        "",
        "<a@example.com>",
        "TO:<a@example.com>",
        "FROM:",
        "FROM:<a@example.com",
        "FROM:a@example.com>",
        "FROM:<a@example.com>SIZE=1",
        "FROM:<a@example.com> SIZE=",
        "FROM:<a@example.com> =1",
        "FROM:<a@example.com> SIZE=1 size=2",
        "FROM:<a@example.com> SIZE=1=2",
        "FROM:<<a@example.com>>",
    ],
)
def test_what_is_no_path_is_a_syntax_error(argument: str | None) -> None:
    with pytest.raises(Refused, match=r"^501 5\.5\.4 "):
        syntax.path("MAIL", "FROM", argument)


@given(st.text(printable))
def test_any_argument_is_a_path_or_refused(argument: str) -> None:
    with contextlib.suppress(Refused):
        assert syntax.path("RCPT", "TO", argument).address


def test_the_size_that_is_declared_may_be_the_largest() -> None:
    syntax.check_mail({"SIZE": str(MAX_MESSAGE_BYTES), "BODY": "8bitmime", "AUTH": "<>"})

    with pytest.raises(Refused, match=r"^552 5\.3\.4 "):
        syntax.check_mail({"SIZE": str(MAX_MESSAGE_BYTES + 1)})
