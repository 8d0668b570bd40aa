"""Programs as children: ready, ended, killed, and what is said of them."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.errors import ProgramFailed, TookTooLong
from launcher.programs import Program, run_command

Make = Callable[..., Program]

WAITS = "import sys, signal; print('ready', flush=True); signal.pause()"
DEAF = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); "
    "signal.pause(); signal.pause()"
)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Programs of one line of Python; what is left of them is killed after the test."""
    made: list[Program] = []

    def program(code: str, *, piped: bool = False) -> Program:
        one = Program(
            "the program",
            [sys.executable, "-c", code],
            log=tmp_path / "program.log",
            environment={},
            piped=piped,
        )
        made.append(one)
        return one

    yield program
    for one in made:
        one.stop(0.0)


def test_it_is_ready_when_it_says_so_and_ends_politely(make: Make) -> None:
    program = make(WAITS)
    program.start()
    assert program.wait_said("ready", 20) == "ready"
    assert program.is_running
    assert program.stop(20)
    assert not program.is_running


def test_one_that_does_not_listen_is_killed(make: Make) -> None:
    program = make(DEAF)
    program.start()
    program.wait_said("ready", 20)
    assert not program.stop(0.1)
    assert not program.is_running


def test_words_of_an_earlier_run_do_not_count(make: Make) -> None:
    program = make(WAITS)
    program.start()
    program.wait_said("ready", 20)
    program.stop(20)
    late = make("import signal; signal.pause()")
    late.start()
    with pytest.raises(TookTooLong, match=r"not ready after 0.2 s: see .*program\.log"):
        late.wait_said("ready", 0.2)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("raise SystemExit('port 8080 is taken')", "ended with status 1: port 8080 is taken"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by signal 9"),
        ("""print('{"level": "ERROR", "text": "no key"}')""", "ended with status 0: no key"),
    ],
)
def test_one_that_ends_instead_is_told_with_its_last_words(
    make: Make, code: str, says: str
) -> None:
    program = make(code)
    program.start()
    with pytest.raises(ProgramFailed, match=says):
        program.wait_said("ready", 20)


def test_keys_and_output_of_a_piped_program_are_ours(make: Make) -> None:
    program = make("print(input()[::-1], flush=True)", piped=True)
    program.start()
    program.input.write(b"abc\n")
    program.input.flush()
    assert program.output.readline() == b"cba\n"


def test_it_can_be_started_again_and_not_twice(make: Make) -> None:
    program = make(WAITS, piped=True)
    program.start()
    program.output.readline()
    with pytest.raises(ProgramFailed, match="runs already"):
        program.start()
    program.kill()
    program.start()
    assert program.output.readline() == b"ready\n"


def test_a_command_that_fails_is_told_with_its_last_words() -> None:
    command = [sys.executable, "-c", "raise SystemExit(input())"]
    with pytest.raises(ProgramFailed, match="the disk is full"):
        run_command(command, {}, words="the disk is full\n")
