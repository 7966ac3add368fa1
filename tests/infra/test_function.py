"""How it is found out what a zip holds."""

import sys
from pathlib import Path

import pytest

from infra import wheels
from infra.function import MissingModule, companions, imported_sources, staged


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("functions/job", "functions/other", "tracking/mail"):
        (tmp_path / folder).mkdir(parents=True)
    for package in ("functions", "functions/job", "functions/other", "tracking", "tracking/mail"):
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "tracking" / "tokens.py").touch()
    (tmp_path / "tracking" / "mail" / "envelopes.py").write_text("import json\nimport tracking.errors\n")
    (tmp_path / "tracking" / "errors.py").touch()
    monkeypatch.setattr(wheels, "ROOT", tmp_path)
    return tmp_path


def handler(tree: Path, source: str) -> str:
    (tree / "functions" / "job" / "handler.py").write_text(source)
    return "functions.job.handler.handle"


def sources(tree: Path, source: str) -> set[str]:
    return {str(path) for path in imported_sources(handler(tree, source))}


ALONE = {"functions/__init__.py", "functions/job/__init__.py", "functions/job/handler.py"}


@pytest.mark.parametrize(
    "statement",
    [
        "import tracking.tokens",
        "from tracking import tokens",
        "from tracking.tokens import sign",
    ],
)
def test_every_way_of_importing_is_followed(tree: Path, statement: str) -> None:
    found = sources(tree, f"{statement}\ndef handle(): ...")

    assert found == ALONE | {"tracking/__init__.py", "tracking/tokens.py"}


def test_a_late_import_is_followed(tree: Path) -> None:
    found = sources(tree, "def handle():\n    from tracking import tokens")

    assert "tracking/tokens.py" in found


def test_imports_of_imports_are_followed_through_their_packages(tree: Path) -> None:
    found = sources(tree, "from tracking.mail.envelopes import Envelope\ndef handle(): ...")

    assert found - ALONE == {
        "tracking/__init__.py",
        "tracking/errors.py",
        "tracking/mail/__init__.py",
        "tracking/mail/envelopes.py",
    }


def test_a_relative_import_is_followed(tree: Path) -> None:
    (tree / "functions" / "job" / "answers.py").touch()

    found = sources(tree, "from . import answers\ndef handle(): ...")

    assert found - ALONE == {"functions/job/answers.py"}


def test_a_file_of_a_modules_name_with_another_suffix_goes_along(tree: Path) -> None:
    for name in ("tokens.csv", "tokens.ranges"):
        (tree / "tracking" / name).touch()

    found = companions([Path("tracking/errors.py"), Path("tracking/tokens.py")])

    assert found == [Path("tracking/tokens.csv"), Path("tracking/tokens.ranges")]


@pytest.mark.parametrize(
    "name", ["errors.csv", "tokens", "tokens.ranges.new", "tokens2.csv", "mail/tokens.csv"]
)
def test_no_other_file_goes_along(tree: Path, name: str) -> None:
    (tree / "tracking" / name).touch()

    assert companions([Path("tracking/tokens.py")]) == []


def test_a_folder_of_a_modules_name_does_not_go_along(tree: Path) -> None:
    (tree / "tracking" / "tokens.old").mkdir()

    assert companions([Path("tracking/tokens.py")]) == []


def test_a_zip_holds_the_files_that_go_along_and_is_another_when_one_changes(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = handler(tree, "from tracking import tokens\ndef handle(): ...")
    table = tree / "tracking" / "tokens.csv"
    (tmp_path / "none").mkdir()
    monkeypatch.setattr(wheels, "BUILD", tmp_path / "build")
    monkeypatch.setattr(wheels, "installed", lambda *_: tmp_path / "none")

    table.write_text("1")
    first = staged(named, "arm64")
    table.write_text("2")
    second = staged(named, "arm64")

    assert (first / "tracking" / "tokens.csv").read_text() == "1"
    assert (second / "tracking" / "tokens.csv").read_text() == "2"


@pytest.mark.usefixtures("tree")
def test_a_missing_handler_is_named() -> None:
    with pytest.raises(MissingModule, match=r"functions\.job\.nowhere\.handle needs the module"):
        imported_sources("functions.job.nowhere.handle")


def test_a_handler_without_its_function_is_named(tree: Path) -> None:
    with pytest.raises(MissingModule, match=r"handler\.py has no function handle"):
        sources(tree, "def handler(): ...")


def test_whoever_imports_what_is_missing_is_named(tree: Path) -> None:
    with pytest.raises(MissingModule, match=r"functions/job/handler\.py needs the module tracking\.nothing"):
        sources(tree, "import tracking.nothing\ndef handle(): ...")


def test_a_folder_that_could_not_be_built_is_not_there(tmp_path: Path) -> None:
    def break_off(folder: Path) -> None:
        folder.mkdir()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        wheels.built(tmp_path / "zips" / "a", break_off)

    assert list((tmp_path / "zips").iterdir()) == []


def test_a_folder_is_built_once(tmp_path: Path) -> None:
    built = [wheels.built(tmp_path / "a", Path.mkdir), wheels.built(tmp_path / "a", Path.mkdir)]

    assert built == [tmp_path / "a", tmp_path / "a"]


def test_what_uv_says_is_passed_on_when_it_fails() -> None:
    with pytest.raises(wheels.UvFailed, match="nonsense"):
        wheels.installed("nonsense", "arm64")


def test_a_missing_uv_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", "")

    with pytest.raises(wheels.UvFailed, match="uv was not found"):
        wheels.installed("pixel", "arm64")
