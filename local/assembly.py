"""The cloud assembly that runs here: what `cdk deploy` sends, for this machine's processor."""

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from local.cloud import REPOSITORY

_SOURCES = (
    *("infra", "functions", "tracking", "dashboard", "docs/openapi.json"),
    *("cdk.json", "pyproject.toml", "uv.lock"),
)
_NO_SOURCES = {"__pycache__", "node_modules", "dist", "schema.d.ts"}
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


class SynthFailed(Exception):
    """The CDK application could not be synthesized; the message is what it said."""


def synthesize(cdk_out: Path) -> Path:
    """Write the assembly, unless its sources are the same as the last time.

    Args:
        cdk_out: The assembly's directory; created if need be.

    Returns:
        `cdk_out`.

    Raises:
        SynthFailed: The application failed.
    """
    stamp, wanted = cdk_out / "sources", _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return cdk_out
    context = json.loads((REPOSITORY / "cdk.json").read_text())["context"]
    context["architecture"] = _ARCHITECTURES[platform.machine().lower()]
    context["smtp"] = "gateway"  # The emulator knows no Mail Manager.
    ended = subprocess.run(
        [sys.executable, "-m", "infra.app"],
        cwd=REPOSITORY,
        env={**os.environ, "CDK_OUTDIR": str(cdk_out.absolute()), "CDK_CONTEXT_JSON": json.dumps(context)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        raise SynthFailed(ended.stderr)
    stamp.write_text(wanted)
    return cdk_out


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for path in sorted(_files()):
        digest.update(str(path.relative_to(REPOSITORY)).encode() + path.read_bytes())
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    for source in map(REPOSITORY.joinpath, _SOURCES):
        if source.is_file():
            yield source
        for folder, folders, names in source.walk():
            folders[:] = (name for name in folders if name not in _NO_SOURCES)
            yield from (folder / name for name in names if name not in _NO_SOURCES)
