"""Third-party wheels for Lambda, installed by uv as `uv.lock` pins them. No Docker."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
PYTHON_VERSION = "3.13"
PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
"""Lambda's architectures, and uv's names for what runs there: Amazon Linux 2023 has glibc 2.34."""


TASK_ROOT = "/var/task"
"""Where Lambda unpacks a zip."""


class UvFailed(Exception):
    """uv is not there, or could not do what it was asked for."""


def installed(group: str, architecture: str) -> Path:
    """A folder with the wheels of a dependency group.

    Args:
        group: A name under `[dependency-groups]` in pyproject.toml.
        architecture: A key of `PLATFORMS`.

    Returns:
        A folder below `BUILD`, named by what it holds. It is built once and never changed.

    Raises:
        UvFailed: uv is not there, or could not install them.
    """
    requirements = _uv("export", "--frozen", "--only-group", group, "--no-header", "--no-annotate")
    # With this module in it, a changed way of installing makes another folder.
    recipe = f"{PLATFORMS[architecture]}\n{requirements}".encode() + Path(__file__).read_bytes()
    digest = hashlib.sha256(recipe).hexdigest()

    def install(folder: Path) -> None:
        _uv(
            *("pip", "install", "--quiet", "--requirements", "-", "--target", str(folder)),
            *("--python", sys.executable, "--python-version", PYTHON_VERSION),
            *("--python-platform", PLATFORMS[architecture]),
            *("--only-binary", ":all:", "--no-deps", "--no-compile-bytecode"),
            stdin=requirements,
        )
        # Programs start with the path of this machine's Python, and Lambda runs none of them.
        shutil.rmtree(folder / "bin", ignore_errors=True)
        (folder / ".lock").unlink(missing_ok=True)
        compile_below(folder, folder)

    return built(BUILD / "wheels" / f"{group}-{architecture}-{digest[:16]}", install)


def compile_below(root: Path, folder: Path) -> None:
    """Put bytecode beside all sources in a folder: Lambda unpacks a zip where Python cannot write its own.

    It is used whatever the sources' times are, and the same whenever it is made.

    Args:
        root: What becomes `TASK_ROOT`, which is where tracebacks will say that the sources are.
        folder: `root`, or a folder below it.
    """
    subprocess.run(  # noqa: S603 -- Python's own module
        [
            *(sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"),
            *("-s", str(root), "-p", TASK_ROOT, str(folder)),
        ],
        # A package may hold what is no Python of this version, such as a template.
        check=False,
        capture_output=True,
    )


def built(folder: Path, build: Callable[[Path], None]) -> Path:
    """The folder, built unless it is there. It appears whole or not at all, even if two build it."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent) as workshop:
            draft = Path(workshop, "draft")
            build(draft)
            try:
                draft.rename(folder)
            except OSError:
                # Another process was quicker; what it built is the same.
                if not folder.exists():
                    raise
    return folder


def _uv(*arguments: str, stdin: str = "") -> str:
    done = subprocess.run(  # noqa: S603 -- the project's own tool with arguments from this module
        [_uv_program(), *arguments], cwd=ROOT, input=stdin, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise UvFailed(f"uv {' '.join(arguments)} failed:\n{done.stderr.strip()}")
    return done.stdout


def _uv_program() -> str:
    for candidate in (os.environ.get("UV", ""), Path(sys.executable).with_name("uv"), "uv"):
        if program := shutil.which(candidate):
            return program
    raise UvFailed("uv was not found: put it on the PATH, in .venv/bin, or its path in the variable UV.")
