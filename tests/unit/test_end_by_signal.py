"""A program that is asked to end does so, also where what its handler raises gets lost."""

import subprocess
import sys

ASKED = """
import os, signal
from cloud.main.process import ends_on_signals, wait_for_end

class Finalizer:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)

with ends_on_signals():
    Finalizer()
    wait_for_end()
"""


def test_a_signal_in_a_finalizer_ends_the_program() -> None:
    command = [sys.executable, "-c", ASKED]
    ended = subprocess.run(command, check=False, capture_output=True, timeout=60)
    assert ended.returncode == 0
    assert b"SystemExit" in ended.stderr  # raised there, and dropped by Python
