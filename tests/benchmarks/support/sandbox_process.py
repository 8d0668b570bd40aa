"""The marketplace's stand-in as a process of its own, its state in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launcher.ports import HOST, free_ports
from launcher.programs import Program, installed
from tests.benchmarks.support.many_shops import Plan

READY_S = 60.0


@contextmanager
def running_sandbox(folder: Path, plan: Plan) -> Iterator[str]:
    """With the shops and orders of a plan; gives its address."""
    seed, port = folder / "seed.json", free_ports().sandbox
    seed.write_text(plan.seed().model_dump_json(), encoding="utf-8")
    program = Program(
        "the marketplace",
        [installed("packwitness-sandbox"), "shopee", "--port", str(port), "--seed", str(seed)],
        log=folder / "sandbox.log",
        environment={},
    )
    program.start()
    try:
        program.wait_said("sandbox ready on", READY_S)
        yield f"http://{HOST}:{port}"
    finally:
        program.stop(READY_S)
