"""How a load run is told."""

import os
import platform
from collections.abc import Iterator, Sequence

from tests.load.load_run import Outcome
from tests.load.load_settings import LoadSettings
from tests.load.restart import Restart
from tests.load.steps import Step
from tests.soak.report import version

_FULL = 0.85
_SHOWN_SECONDS = 30
_MB = 1_000_000

COLUMNS = (
    "tables | proofs/min | MB/s | receipt p50 | p95 | p99 | cores: cloud | mosquitto | generator "
    "| others | memory: cloud | mosquitto | generator | late p99 | load"
)


def heading(settings: LoadSettings) -> Iterator[str]:
    """What is needed to repeat it."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    cores = len(os.sched_getaffinity(0))
    yield f"load: {settings.command}"
    yield f"  version {version()}, Python {platform.python_version()}, {cores} cores, load {load}"
    yield (
        f"  each table: a proof in {settings.every_s:g} s with {settings.photos} photos of "
        f"{settings.photo_bytes / 1000:g} kB; limit: p99 of F4 to receipt {settings.limit_s:g} s"
    )


def step_line(step: Step) -> str:
    """In the order of ``COLUMNS``."""
    took, cores, memory = step.figures.took, step.cores, step.memory_bytes
    fields = [
        f"{step.tables}",
        f"{step.figures.proofs_per_minute:.0f}",
        f"{step.mb_per_s:.1f}",
        *(f"{seconds:.2f} s" for seconds in (took.p50_s, took.p95_s, took.p99_s)),
        *(f"{cores.get(name, 0):.2f}" for name in ("cloud", "mosquitto", "generator", "others")),
        *(f"{memory.get(name, 0) / _MB:.0f} MB" for name in ("cloud", "mosquitto", "generator")),
        f"{step.late_p99_s:.2f} s",
        f"{step.load:.1f}",
    ]
    text = " | ".join(fields)
    if step.connected != step.tables:
        text += f"  (only {step.connected} connected)"
    if step.figures.waiting:
        text += f"  ({step.figures.waiting} without receipt at the end)"
    return text


def limit_lines(steps: Sequence[Step], before: dict[str, int]) -> Iterator[str]:
    """What was sustained, and what stood in the way of more."""
    within = [step for step in steps if step.is_within]
    if within:
        best = within[-1]
        yield (
            f"sustained: {best.tables} tables, {best.figures.proofs_per_minute:.0f} proofs/min, "
            f"{best.mb_per_s:.1f} MB/s, p99 {best.figures.took.p99_s:.2f} s"
        )
        yield "memory of a session: " + ", ".join(
            f"{name} {(best.memory_bytes[name] - before[name]) / best.tables / 1000:.1f} kB"
            for name in before
            if name in best.memory_bytes
        )
    last = steps[-1]
    if last.is_within:
        yield "the limit was not reached: more tables can be played"
        return
    yield f"beyond the limit with {last.tables} tables: {limited_by(last)}"


def limited_by(step: Step) -> str:
    """What was used up. Python computes in one thread at a time: a core is all it gets."""
    full = [
        f"{name} used {step.cores[name]:.2f} of a core"
        for name in ("cloud", "mosquitto", "generator")
        if step.cores.get(name, 0) >= _FULL
    ]
    machine = len(os.sched_getaffinity(0))
    busy = sum(step.cores.values())
    if busy >= _FULL * machine:
        full.append(
            f"all {machine} cores were busy ({busy:.2f}, {step.cores['others']:.2f} others)"
        )
    return "; ".join(full) or "no core was used up: it waits for the disk, or for itself"


def restart_lines(restart: Restart) -> Iterator[str]:
    """How the tables came back."""
    peak = max(restart.connected_per_s, default=0)
    tries = max(restart.attempts_per_s, default=0)
    yield (
        f"broker killed with {restart.tables} tables: the first was back after "
        f"{restart.first_back_s:.1f} s, "
        + (
            f"all after {restart.all_back_s:.1f} s"
            if restart.all_back_s is not None
            else f"only {restart.back} came back"
        )
        + f"; at most {peak} connected and {tries} tried in one second"
    )
    shown = restart.connected_per_s[:_SHOWN_SECONDS]
    yield f"  connected in each second: {' '.join(map(str, shown))}"
    yield f"  tried in each second: {' '.join(map(str, restart.attempts_per_s[:_SHOWN_SECONDS]))}"
    used = ", ".join(f"{name} {cores:.2f}" for name, cores in restart.cores.items())
    late = f"the generator was late by {restart.late_p99_s:.2f} s (p99)"
    yield f"  cores used meanwhile: {used}; {late}"
    if restart.waiting:
        yield f"  receipts did not recover: {restart.waiting} proofs wait"
    elif restart.last_slow_receipt_s is None:
        yield "  no receipt took longer than the limit"
    else:
        yield (
            f"  the last receipt beyond the limit came {restart.last_slow_receipt_s:.1f} s after "
            "the kill"
        )


def end_lines(outcome: Outcome) -> Iterator[str]:
    """Whether every proof has its receipt and its row."""
    yield (
        f"proofs closed {outcome.closed}, receipted {outcome.receipted}, stored {outcome.stored}, "
        f"refused {len(outcome.refused)}, without receipt {outcome.waiting}"
    )
    for word, number in outcome.said.most_common(8):
        yield f"  tables said {number} times: {word}"
    yield "all accounted for" if outcome.is_whole else "NOT ALL ACCOUNTED FOR"
