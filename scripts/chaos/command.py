"""The command: its arguments, the order of the scenes, its output and its exit status."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import itertools
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from scripts.chaos.connection import Dropped, Refused
from scripts.chaos.parley import FLAGS, CannotRun
from scripts.chaos.scene_run import SceneRun, start_scene
from scripts.chaos.scenes import SCENES, Scene
from scripts.chaos.user import Lost
from scripts.kit import postgresql_server

PASSED, FAILED, COULD_NOT_RUN, INTERRUPTED = 0, 1, 2, 130
_MAX_PRINTED = 20


@dataclass
class Outcome:
    """The outcome of a scene: a line of counts, and a sentence for each failed check."""

    counts: dict[str, int] = field(default_factory=dict)
    longest: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        parts = [f"{name} {number}" for name, number in self.counts.items()]
        return ", ".join(parts + [f"{name} {seconds:.2f} s" for name, seconds in self.longest.items()])


def main(arguments: list[str]) -> int:
    """Play the requested scenes. Return the exit status."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    home = Path(tempfile.mkdtemp(prefix="parley-chaos-"))
    failed: list[str] = []
    try:
        for name, mode in itertools.product(_playable(options.scene, options.database), _modes(options.mode)):
            if not _passes(name, mode, home, options):
                failed.append(f"{name} in {mode} mode")
    except CannotRun as error:
        print(error, file=sys.stderr)
        with contextlib.suppress(OSError):  # the folder of a failed scene is kept
            home.rmdir()
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        print("\nInterrupted; everything that was started has been ended.", file=sys.stderr)
        return INTERRUPTED
    if not failed:
        shutil.rmtree(home)
        print("PASS: all checks passed.")
        return PASSED
    print(f"FAIL: {', '.join(failed)}. What is left of the servers is in {home}.")
    return FAILED


def _playable(named: list[str] | None, database: str) -> list[str]:
    """Return the requested scenes, or all that can run here. Raises CannotRun for a requested one that cannot."""
    if database == "postgresql" and (why := postgresql_server.missing()):
        raise CannotRun(f"{why}.")
    missing = {name: scene.missing() for name, scene in SCENES.items() if name in (named or SCENES)}
    for name, sentence in missing.items():
        if sentence and named:
            raise CannotRun(f"The scene {name} cannot be played: {sentence}.")
        if sentence:
            print(f"{name} is left out: {sentence}.")
    return named or [name for name, sentence in missing.items() if not sentence]


def _modes(named: str) -> list[str]:
    return list(FLAGS) if named == "both" else [named]


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _passes(name: str, mode: str, home: Path, options: argparse.Namespace) -> bool:
    scene = dataclasses.replace(SCENES[name], engines={*SCENES[name].engines, options.database})
    count = getattr(options, name) or (scene.quick if options.quick else scene.full)
    users = options.users or (_quick_crowd(scene, mode) if options.quick else scene.crowds[mode])
    folder = home / f"{name}-{mode}"
    folder.mkdir()
    print(f"{name}, {mode} mode", flush=True)
    since = time.monotonic()
    outcome = play(scene, folder, mode, count, users, options.slack, _Progress())
    clear = f"\r{'':<102}\r" if sys.stdout.isatty() else ""
    print(f"{clear}  {outcome.line} ({time.monotonic() - since:.0f} s)")
    for failure in outcome.failures[:_MAX_PRINTED]:
        print(f"  ✗ {failure}")
    if len(outcome.failures) > _MAX_PRINTED:
        print(f"  ✗ and {len(outcome.failures) - _MAX_PRINTED} more")
    print(f"  {'FAIL' if outcome.failures else 'PASS'}", flush=True)
    if not outcome.failures:
        shutil.rmtree(folder)
    return not outcome.failures


def _quick_crowd(scene: Scene, mode: str) -> int:
    return min(scene.crowds[mode], 24)


def play(
    scene: Scene,
    folder: Path,
    mode: str,
    count: int,
    users: int,
    slack: float = 1.0,
    say: Callable[[str], None] = lambda _: None,
    **settings: object,
) -> Outcome:
    """Play a scene in an empty folder; `settings` override the scene's own. Raises CannotRun."""
    with start_scene(folder, mode, count, users, slack, say, scene.engines, **dict(scene.settings) | settings) as run:
        try:
            scene.play(run)
        except (CannotRun, Lost, Dropped, Refused, AssertionError) as error:
            run.failures.append(f"the scene could not be played to its end: {error}")
        return _outcome(run)


def _outcome(run: SceneRun) -> Outcome:
    return Outcome(run.counts, run.longest, run.failures)


class _Progress:
    """A line that is overwritten on a terminal; elsewhere a line every few seconds."""

    def __init__(self) -> None:
        self._printed_at = 0.0

    def __call__(self, sentence: str) -> None:
        if sys.stdout.isatty():
            print(f"\r  {sentence:<100}", end="", flush=True)
        elif time.monotonic() - self._printed_at > 5:
            self._printed_at = time.monotonic()
            print(f"  {sentence}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chaos.py",
        description="Cause faults in a Parley server under load, and count what was lost, which should be nothing.",
        epilog="Exit status: 0 all checks passed, 1 a check failed, 2 could not run, 130 interrupted.",
    )
    parser.add_argument("--quick", action="store_true", help="a few faults of each kind, in a few minutes")
    parser.add_argument("--scene", action="append", choices=SCENES, metavar="NAME", help=f"only {', '.join(SCENES)}")
    parser.add_argument(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="with postgresql, a server is started for each scene",
    )
    parser.add_argument("--mode", choices=[*FLAGS, "both"], default="both", help="the worker class (both)")
    parser.add_argument("--users", type=_integer, default=0, metavar="N", help="number of users who ask at once")
    parser.add_argument("--slack", type=float, default=1.0, metavar="X", help="multiply all time limits by X (1)")
    for name, scene in SCENES.items():
        about = f"number of {scene.unit} ({scene.full}; with --quick {scene.quick})"
        parser.add_argument(f"--{name}", type=_integer, default=0, metavar="N", help=about)
    return parser


def _integer(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 100000")
    return int(text)
