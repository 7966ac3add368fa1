"""`make corpus DIR=...`: inject a pixel into every mail of a folder, and check what comes of it."""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from tests.checker import violations
from tracking.injection import Plan, Reason, Untouched, plan

URL = "https://t.example.com/o/CorpusCorpusCorpusCorpusCorpusCorp.gif"
NAMES_SHOWN = 3
"""Files that are named for each kind of violation."""


@dataclass(slots=True)
class Tally:
    """What became of the mails so far."""

    injected: int = 0
    untouched: Counter[Reason] = field(default_factory=Counter)
    violations: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The files with a violation, by its code; `unexpected` is one where planning failed."""

    octets: int = 0
    seconds: float = 0
    """Of planning and splicing; checking takes far longer."""

    def add(self, name: str, message: bytes) -> None:
        """Inject and check one mail; a DKIM signature, which received mail has, is no obstacle."""
        started = perf_counter()
        verdict = plan(message, despite_dkim=True)
        copy = message if isinstance(verdict, Untouched) else verdict.with_pixel(URL)
        self.seconds += perf_counter() - started
        self.octets += len(message)
        if isinstance(verdict, Plan):
            self.injected += 1
            found = {violation.code.value for violation in violations(message, copy, URL)}
        else:
            self.untouched[verdict.reason] += 1
            found = {verdict.reason.value} & {Reason.UNEXPECTED.value}
        for code in found:
            self.violations[code].append(name)

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        yield _line("messages", self.injected + self.untouched.total())
        yield _line("injected", self.injected)
        yield _line("untouched", self.untouched.total())
        yield from (_line(f"  {reason}", count) for reason, count in self.untouched.most_common())
        yield _line("violations", sum(map(len, self.violations.values())))
        for code, names in sorted(self.violations.items()):
            more = ", ..." if len(names) > NAMES_SHOWN else ""
            yield f"{_line(f'  {code}', len(names))}  {', '.join(names[:NAMES_SHOWN])}{more}"
        yield f"{'speed':24}{self.octets / 1e6 / self.seconds:8.1f} MB/s planning and splicing"


def main(arguments: Sequence[str]) -> int:
    """Go through a folder and all below it; 1 when a promise was broken, 2 when there is no mail."""
    folder = Path(arguments[0]) if arguments and arguments[0] else None
    if folder is None or not folder.is_dir():
        print(f"Say where the mail is: make corpus DIR=folder ({folder or 'DIR'} is no folder).")
        return 2
    paths = sorted(folder.rglob("*.eml"))
    if not paths:
        print(f"No .eml file in {folder} or below.")
        return 2
    tally = Tally()
    for path in paths:
        tally.add(str(path.relative_to(folder)), path.read_bytes())
    print("\n".join(tally.lines()))
    return 1 if tally.violations else 0


def _line(name: str, count: int) -> str:
    return f"{name:24}{count:8}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
