"""The command: its arguments, the order of the scenes, and its output."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.benchmarks import alone, crowds, measures, packages, results
from scripts.benchmarks.backends import Backends
from scripts.benchmarks.bench import Bench
from scripts.benchmarks.growth import growth
from scripts.benchmarks.measures import Measure
from scripts.benchmarks.plot import drawing
from scripts.benchmarks.profile_scene import profile
from scripts.kit.resource_limits import raise_open_files

ROOT = Path(__file__).resolve().parents[2]
_PLACE = ROOT / "data" / "benchmarks"
_FILES_WANTED = 8192

Scene = Callable[[Bench], list[Measure]]
SCENES: dict[str, Scene] = {
    "hundred": crowds.hundred,
    "thousand": crowds.thousand,
    "three_thousand": crowds.three_thousand,
    "sustained": crowds.sustained,
    "memory": alone.memory,
    "rest": alone.rest,
    "single": alone.single,
    "threads": alone.threads,
    "growth": growth,
}


def main(arguments: list[str]) -> int:
    """Return the exit status: 0 if every target was met, 1 if one was missed, 2 if nothing could be measured."""
    options = _parser().parse_args(arguments)
    _allow_files()
    folder = Path(tempfile.mkdtemp(prefix="parley-benchmarks-"))
    try:
        with Backends(folder, options.database == "postgresql", options.redis) as backends:
            return _run(options, folder, backends)
    except (packages.Missing, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        if options.keep:
            print(f"The servers' files are in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _run(options: argparse.Namespace, folder: Path, backends: Backends) -> int:
    bench = Bench(folder, options.quick, not options.alone, backends=backends)
    if bench.with_reference:
        bench.packages = packages.folder(_PLACE)
    figures: list[Measure] = []
    profiled = profile(bench) if options.profile else None
    for name in options.scene or ([] if options.profile else SCENES):
        began_at = time.monotonic()
        print(f"{name}: {(SCENES[name].__doc__ or '').strip().splitlines()[0]}", flush=True)
        figures += SCENES[name](bench)
        print(f"  ({time.monotonic() - began_at:.0f} s)", flush=True)
    _conclude(results.collected(bench, figures, profiled), figures, options.out)
    if bench.unsound:
        print(f"Not sound, for the reasons given above: {', '.join(bench.unsound)}")
    return 0 if all(measure.met for measure in figures) else 1


def _conclude(result: dict[str, Any], figures: list[Measure], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    results.write(result, out / "results.json")
    written = ["results.json"]
    if figures:
        print(f"\n{measures.text_table(figures)}\n")
        if result["quick"]:
            print("In a hurry: a tenth of the users, so these figures say nothing about the targets.")
        (out / "results.md").write_text(measures.markdown_table(figures) + "\n", encoding="utf-8")
        written.append("results.md")
    if picture := drawing(result):
        (out / "results.svg").write_text(picture, encoding="utf-8")
        written.append("results.svg")
    machine = result["machine"]
    print(f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}, commit {result['commit']}")
    print(f"With {result['backends']}")
    print(f"Written to {out}: {', '.join(written)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python scripts/benchmarks",
        description="Measure each scene on a real server and on a reference that does the same job, and print the "
        "figures beside their targets. All scenes take about a quarter of an hour and need an otherwise idle machine. "
        "docs/performance.md describes the method.",
    )
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the users; the figures say nothing about the targets"
    )
    parser.add_argument("--scene", action="append", choices=SCENES, help="play only this scene; may be repeated")
    parser.add_argument("--alone", action="store_true", help="do not measure the reference")
    parser.add_argument(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="with postgresql, a server is started for the scenes",
    )
    parser.add_argument("--redis", action="store_true", help="start a Redis for the scenes, too")
    parser.add_argument("--profile", action="store_true", help="show where the CPU goes with a thousand users (py-spy)")
    parser.add_argument("--out", type=Path, default=_PLACE, help="where the results are written (data/benchmarks)")
    parser.add_argument("--keep", action="store_true", help="keep the servers' databases and logs")
    return parser


def _allow_files() -> None:
    """Raise the limit on open files, which child processes inherit: each turn has two connections."""
    limit = raise_open_files()
    if limit < _FILES_WANTED:
        print(f"Only {limit:g} files may be open (ulimit -Hn): the scene of 3,000 users wants {_FILES_WANTED}.")
