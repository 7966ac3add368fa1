"""What was measured: rows, their targets, the table that is printed and the record that is kept."""

import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import starmap
from pathlib import Path
from typing import Literal

type Machine = dict[str, str]

_HEADINGS = ("measured", "value", "ratio", "target", "")
_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Target:
    """What a row should reach: its ratio where `unit` is `×`, its value otherwise."""

    sign: Literal["≤", "≥"]
    limit: float
    unit: str

    def __str__(self) -> str:
        return f"{self.sign} {self.limit:,g} {self.unit}"

    def is_met(self, measured: float) -> bool:
        """Whether `measured`, unrounded, is on the right side of the limit or on it."""
        return measured <= self.limit if self.sign == "≤" else measured >= self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """One figure."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    against: str = ""
    """What the ratio is to."""

    target: Target | None = None

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or empty for a row without a target."""
        if self.target is None:
            return ""
        measured = self.ratio if self.target.unit == "×" else self.value
        return "met" if measured is not None and self.target.is_met(measured) else "missed"


def table(rows: Iterable[Row]) -> str:
    """Lay out rows for a terminal, to three significant digits."""
    cells = [_HEADINGS, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    layout = f"{{:{widths[0]}}}  {{:>{widths[1]}}}  {{:{widths[2]}}}  {{:{widths[3]}}}  {{}}"
    return "\n".join(line.rstrip() for line in starmap(layout.format, cells))


def record(here: Machine, subjects: Mapping[str, Iterable[Row]]) -> str:
    """Write the record of a run as JSON, its keys always in the same order."""
    found = {name: [_entry(row) for row in rows] for name, rows in subjects.items()}
    return json.dumps({"machine": here, "subjects": found}, ensure_ascii=False, indent=1) + "\n"


def machine() -> Machine:
    """Say where and when a run takes place."""
    lines = _CPUINFO.read_text(encoding="utf-8").splitlines() if _CPUINFO.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return {
        "cpu": f"{os.process_cpu_count()} × {next(models, platform.processor() or platform.machine())}",
        "python": f"Python {platform.python_version()}",
        "date": datetime.now(UTC).date().isoformat(),
    }


def _cells(row: Row) -> tuple[str, ...]:
    ratio = "" if row.ratio is None else f"{_rounded(row.ratio):,g} × {row.against}"
    return row.name, f"{_rounded(row.value):,g} {row.unit}", ratio, str(row.target or ""), row.verdict


def _entry(row: Row) -> dict[str, object]:
    return {
        "name": row.name,
        "value": _rounded(row.value),
        "unit": row.unit,
        "ratio": None if row.ratio is None else _rounded(row.ratio),
        "against": row.against or None,
        "target": None if row.target is None else str(row.target),
        "met": None if row.target is None else row.verdict == "met",
    }


def _rounded(figure: float) -> float:
    return float(f"{figure:.3g}")
