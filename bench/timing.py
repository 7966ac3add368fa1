"""How time and memory are measured."""

import gc
import tracemalloc
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter_ns

type Call = Callable[[], object]
type Preparation = Callable[[], Call]
"""Gives the call to time next; what it does itself is not timed."""


def interleave(*preparations: Preparation, rounds: int) -> list[list[float]]:
    """Time calls in turn, round after round, so that the drift of a shared machine hits all alike.

    Args:
        preparations: Make ready what to time; freeing what a call returns is not counted.
        rounds: How often, after one round to warm up.

    Returns:
        Seconds, a list for each preparation.
    """
    times: list[list[float]] = [[] for _ in preparations]
    gc.collect()
    gc.disable()
    try:
        for _ in range(1 + rounds):
            for prepare, seconds in zip(preparations, times, strict=True):
                call = prepare()
                started = perf_counter_ns()
                kept = call()
                seconds.append((perf_counter_ns() - started) / 1e9)
                del kept, call
    finally:
        gc.enable()
    return [seconds[1:] for seconds in times]


def median_ratio(seconds: Sequence[float], others: Sequence[float]) -> float:
    """Compare two calls of one `interleave`, round by round."""
    return median(a / b for a, b in zip(seconds, others, strict=True))


def peak_memory(call: Call) -> int:
    """Find how many bytes a call holds at most beyond what was there before."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
