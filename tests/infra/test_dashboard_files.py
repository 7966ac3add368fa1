"""The dashboard is built when its sources have changed, and says what is missing."""

import json
from pathlib import Path

import pytest

from infra import dashboard_files
from infra.dashboard_files import NpmFailed, built_files


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dashboard whose build copies one file; each build leaves a line in `builds`."""
    folder = tmp_path / "dashboard"
    (folder / "node_modules").mkdir(parents=True)
    schema = tmp_path / "openapi.json"
    schema.write_text("{}")
    script = "node build.cjs"
    (folder / "package.json").write_text(json.dumps({"scripts": {"build": script}}))
    (folder / "build.cjs").write_text(
        "const fs = require('fs');"
        "const out = process.argv[process.argv.indexOf('--outDir') + 1];"
        "fs.mkdirSync(out, {recursive: true});"
        "fs.copyFileSync('index.html', out + '/index.html');"
        f"fs.appendFileSync({json.dumps(str(tmp_path / 'builds'))}, 'built\\n');"
    )
    (folder / "index.html").write_text("first")
    for name, value in {
        "ROOT": tmp_path,
        "SOURCES": folder,
        "SCHEMA": schema,
        "BUILD": tmp_path / "build",
    }.items():
        monkeypatch.setattr(dashboard_files, name, value)
    return folder


def test_it_is_built_once_for_the_same_sources(sources: Path, tmp_path: Path) -> None:
    (sources / "node_modules" / "package.js").write_text("not a source")
    first = built_files()
    (sources / "node_modules" / "package.js").write_text("not a source either")

    assert built_files() == first
    assert (first / "index.html").read_text() == "first"
    assert (tmp_path / "builds").read_text() == "built\n"


@pytest.mark.parametrize("changed", ["dashboard/index.html", "openapi.json"])
def test_it_is_built_anew_when_its_sources_or_the_api_changed(
    sources: Path, tmp_path: Path, changed: str
) -> None:
    first = built_files()
    assert sources.is_dir()
    (tmp_path / changed).write_text('{"changed": true}')

    assert built_files() != first


def test_without_its_packages_it_says_how_to_get_them(sources: Path) -> None:
    (sources / "node_modules").rmdir()

    with pytest.raises(NpmFailed, match="run `make setup`"):
        built_files()


def test_a_build_that_fails_says_why_and_leaves_nothing(sources: Path, tmp_path: Path) -> None:
    (sources / "build.cjs").write_text("console.error('line 7 is wrong'); process.exit(1)")

    with pytest.raises(NpmFailed, match="line 7 is wrong"):
        built_files()
    assert list((tmp_path / "build" / "dashboard").iterdir()) == []
