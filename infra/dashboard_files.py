"""The dashboard's files, built from its sources by npm."""

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from infra.wheels import BUILD, ROOT, built

SOURCES = ROOT / "dashboard"
SCHEMA = ROOT / "docs" / "openapi.json"
"""What the page's types of the API are made of."""

ASSETS = "assets/*"
"""Scripts and styles, whose names change with what is in them."""

_MADE_HERE = {"node_modules", "dist", "schema.d.ts"}


class NpmFailed(Exception):
    """The dashboard could not be built; the message says why."""


def built_files() -> Path:
    """A folder with the files to serve, named by what they are made of. It is built once and never changed.

    Raises:
        NpmFailed: npm or the dashboard's packages are not there, or the sources have a mistake.
    """
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return built(BUILD / "dashboard" / digest.hexdigest()[:16], _build)


def _sources() -> Iterator[Path]:
    yield SCHEMA
    for folder, folders, names in SOURCES.walk():
        folders[:] = (name for name in folders if name not in _MADE_HERE)
        yield from (folder / name for name in names if name not in _MADE_HERE)


def _build(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or not (SOURCES / "node_modules").is_dir():
        raise NpmFailed(
            "The dashboard's packages are not installed: run `make setup`, which needs Node and npm."
        )
    done = subprocess.run(  # noqa: S603 -- the project's own script
        [npm, "run", "--silent", "build", "--", "--outDir", str(folder), "--emptyOutDir"],
        cwd=SOURCES,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NpmFailed(f"The dashboard could not be built:\n{done.stdout}{done.stderr}")
