"""What `make run`, `make demo` and `make password` do, from the first line to the last."""

import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from launcher import terminal
from launcher.cloud import OWNER, Cloud
from launcher.codes_to_try import CodeToTry, plant_codes
from launcher.folder import Folder
from launcher.hand_over import hand_over
from launcher.light import is_news
from launcher.options import Options
from launcher.ports import free_ports, refuse_taken
from launcher.screen import Screen
from launcher.story import Story
from launcher.whole import Plan, Whole

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(options: Options, screen: Screen) -> None:
    """Start all, pack two orders in view, then hand the terminal over until Ctrl-C.

    Raises:
        LauncherError: something is not as it should be.
        KeyboardInterrupt: Ctrl-C; everything has ended.
    """
    folder = Folder(options.data)
    keyboard = sys.stdin.fileno()
    with ExitStack() as stack:
        stack.enter_context(folder.held())
        refuse_taken(options.ports)
        folder.prepare()
        if terminal.is_ours(keyboard):
            stack.enter_context(terminal.single_keys(keyboard))
        plan = Plan(folder, options.ports, options.camera)
        whole = stack.enter_context(_on_stage(plan, screen))
        whole.start_marketplace()
        codes = plant_codes(whole.marketplace)
        whole.start_rest()
        _say_where(whole, screen)
        Story(whole, screen, pace_s=options.pace_s).tell()
        _your_turn(whole, screen, codes)
        screen.keep(is_news)
        hand_over(whole, screen, keyboard)


def demo(options: Options, screen: Screen) -> None:
    """Start all anew on free ports, pack two orders and check what the buyers got.

    Raises:
        LauncherError: a buyer has not exactly what was photographed, or something failed.
        KeyboardInterrupt: Ctrl-C; everything has ended.
    """
    folder = Folder(options.data / "demo")
    with folder.held():
        _empty(folder.root)
        folder.prepare()
        with _on_stage(Plan(folder, free_ports(), options.camera), screen) as whole:
            whole.start_marketplace()
            whole.start_rest()
            _say_where(whole, screen)
            figures = Story(whole, screen, pace_s=options.pace_s).tell()
    screen.say()
    screen.say(figures.line())


def password(options: Options, screen: Screen) -> None:
    """Give the owner of `make run` a new password.

    Raises:
        LauncherError: `make run` is running, or was never run.
    """
    folder = Folder(options.data)
    with folder.held():
        new = Cloud(folder, options.ports, {}).new_password()
    screen.say(f"sign in as {OWNER} with the password {new} (said this once: keep it)")


@contextmanager
def _on_stage(plan: Plan, screen: Screen) -> Iterator[Whole]:
    """All programs, told of as they start, and ended whatever happens."""

    def tell(what: str, text: str) -> None:
        screen.say(f"  {what:<13}{text}")

    screen.heading("Packwitness: a packing table, its cloud, and a marketplace to try it with")
    screen.say()
    whole = Whole(plan, say=tell, on_light=screen.show)
    try:
        yield whole
    finally:
        # A second Ctrl-C must not leave half of it running; the end is bounded anyway.
        before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
        screen.close()
        screen.say()
        screen.say(screen.dim("ending the table, the cloud and the marketplace"))
        for name in whole.end():
            screen.say(f"{name} did not end in time and was killed")
        for number, handler in before.items():
            signal.signal(number, handler)


def _say_where(whole: Whole, screen: Screen) -> None:
    logs = whole.plan.folder.logs
    screen.say(f"  {'logs':<13}{logs}/ (table.log, cloud.log, sandbox.log)")
    if whole.password is not None:
        screen.say(f"  {'sign-in':<13}{OWNER}, password {whole.password} (said once)")


def _your_turn(whole: Whole, screen: Screen, codes: list[CodeToTry]) -> None:
    screen.heading("3  Your turn: this terminal is the table's scanner, pedals and light")
    screen.say("     Scan: type a code, then Enter.  F1 photo  F4 send  F2 undo  Esc cancel")
    screen.say("     Where the terminal keeps such keys for itself: p  s  u  c, then Enter.")
    screen.heading("   Codes to try")
    for one in codes:
        screen.say(f"     {one.code:<20}{screen.dim(one.meaning)}")
    screen.heading("   In the browser")
    screen.say(f"     {whole.cloud.base_url}/workbench   table, buyer's phone and log, live")
    for line in _sign_in_words(whole):
        screen.say(f"     {line}")
    screen.say(f"     {whole.marketplace.base_url}   the marketplace: its orders and chats")
    screen.say()
    screen.say("   Ctrl-C ends everything; the next `make run` goes on from here.")


def _sign_in_words(whole: Whole) -> list[str]:
    if whole.password is not None:
        return [f"sign in as {OWNER} with {whole.password} (said once: keep it)"]
    return [
        f"sign in as {OWNER} with the password that the first run said",
        "(forgotten: end this with Ctrl-C, then type: make password)",
    ]


def _empty(folder: Path) -> None:
    """Begin anew; the lock that we hold stays."""
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.suffix != ".lock":
            entry.unlink()
