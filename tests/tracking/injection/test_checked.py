"""What the checker, which knows nothing of the injection, says of whole collections of mail."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.checker import violations
from tests.tracking.injection.mails import URL
from tests.tracking.injection.test_golden import MAIL, TRACKED
from tracking.injection import Reason, Untouched, plan


def cpython_mails() -> list[Path]:
    """Find what CPython tests its own mail parser with; some distributions leave it out."""
    tests = find_spec("test.test_email")
    folders = tests.submodule_search_locations if tests else None
    return [path for folder in folders or () for path in sorted(Path(folder, "data").glob("msg_*.txt"))]


@pytest.mark.parametrize("name", TRACKED)
def test_a_golden_mail_breaks_no_promise(name: str) -> None:
    before = (MAIL / f"{name}.eml").read_bytes()
    after = (MAIL / f"{name}.expected.eml").read_bytes()

    assert violations(before, after, URL) == []


def test_the_mails_of_cpythons_own_tests_are_here() -> None:
    found = len(cpython_mails())

    assert found >= 48, f"{sys.executable} has {found} mails of test.test_email, use one that has its tests"


@pytest.mark.parametrize("path", cpython_mails(), ids=lambda path: path.stem)
def test_a_mail_of_cpythons_own_tests_is_left_alone_or_breaks_no_promise(path: Path) -> None:
    message = path.read_bytes()

    verdict = plan(message)

    assert verdict != Untouched(Reason.UNEXPECTED)
    assert isinstance(verdict, Untouched) or violations(message, verdict.with_pixel(URL), URL) == []
