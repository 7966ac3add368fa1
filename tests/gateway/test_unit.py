"""The service's unit and the page about it say what there is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway import configuration, limits
from gateway.limits import Limits
from gateway.server import GRACE
from tracking.mail.envelopes import MAX_MESSAGE_BYTES

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "gateway" / "open-tracking-gateway.service"
PAGE = (ROOT / "docs" / "smtp.md").read_text()
VARIABLES = set(re.findall(r"^\| `([A-Z_]+)` \|", str(configuration.__doc__), re.MULTILINE))


def named(text: str) -> set[str]:
    return set(re.findall(r"\b(?:GATEWAY_[A-Z_]+|SETTINGS_TABLE|OUTBOX_[A-Z]+)\b", text))


def test_every_variable_that_the_page_and_the_unit_name_exists_and_the_page_names_all() -> None:
    assert named(PAGE) == VARIABLES
    assert named(UNIT.read_text()) <= VARIABLES


def test_the_page_has_the_table_of_variables() -> None:
    told = re.findall(r"^\| `([A-Z_]+)` \|.*\| (.*) \|$", PAGE, re.MULTILINE)

    assert told == re.findall(r"^\| `([A-Z_]+)` \|.*\| (.*) \|$", str(configuration.__doc__), re.MULTILINE)


@pytest.mark.parametrize(
    "row",
    [
        f"| a message | {MAX_MESSAGE_BYTES // 1024**2} MB |",
        f"| recipients of a message | {limits.MAX_RECIPIENTS};",
        f"| a line of a message | {limits.MAX_LINE_BYTES:,} bytes",
        f"| a command | {limits.MAX_COMMAND_BYTES:,} bytes; {limits.MAX_LOGIN_BYTES:,} for a login |",
        f"| connections of an address | {Limits().connections_per_address};",
        f"| connections in all | {Limits().connections:,} |",
        f"| messages in a connection | {Limits().messages:,} |",
        f"| logins in a connection | {limits.MAX_LOGINS_PER_CONNECTION} |",
        f"| failed logins of an address | {Limits().failed_logins} in ten minutes |",
        f"| logins that wait to be checked | {limits.MAX_WAITING_LOGINS};",
        f"| refused commands since the last accepted message | {limits.MAX_REFUSALS} |",
        f"| time for a command | {Limits().command.seconds // 60} minutes |",
        f"| time for each {limits.BUFFER_BYTES // 1024} KB of a message | 3 minutes |",
        f"| time for a message | {Limits().message.seconds // 60} minutes |",
        f"| time for a TLS handshake | {Limits().handshake.seconds} seconds |",
        f"| messages being read or stored | {Limits().megabytes} MB;",
        f"| connections too many that are told so at once | {limits.MAX_REFUSED_CONNECTIONS} |",
        f"The last {limits.MAX_REMEMBERED:,} credentials",
    ],
)
def test_the_page_says_how_large_a_limit_is(row: str) -> None:
    assert row in PAGE


def test_the_page_says_how_long_stopping_takes() -> None:
    assert GRACE.total_seconds() == 10
    assert "has ten seconds to be finished" in PAGE


def test_the_page_names_all_that_is_logged() -> None:
    source = "".join(path.read_text() for path in (ROOT / "gateway").glob("*.py"))

    messages = set(re.findall(r'LOGGER\.\w+\("([^"]+)"', source))

    assert {"queued", "certificate not reloaded"} <= messages
    assert [message for message in sorted(messages) if f"`{message}`" not in PAGE] == []


def test_the_page_names_every_code_that_is_answered() -> None:
    source = "".join(path.read_text() for path in (ROOT / "gateway").glob("*.py"))

    codes = set(re.findall(r'f?b?"([45][0-9]{2}) [45]\.[0-9]\.[0-9]+ ', source))

    assert {"421", "451", "554"} <= codes
    assert [code for code in sorted(codes) if code not in PAGE.partition("## Answers")[2]] == []


def test_the_unit_serves_with_no_right_but_that_to_its_ports() -> None:
    unit = UNIT.read_text().splitlines()

    assert {
        "ExecStart=/opt/open-tracking/.venv/bin/python -m gateway serve",
        "DynamicUser=yes",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
        "Restart=always",
    } <= set(unit)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_finds_no_mistake_in_the_unit(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub(r"/opt/open-tracking/\.venv/bin/python", "/bin/true", UNIT.read_text()))

    verified = subprocess.run(  # noqa: S603
        ["systemd-analyze", "verify", "--man=no", copy],  # noqa: S607 - Wherever it is.
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
