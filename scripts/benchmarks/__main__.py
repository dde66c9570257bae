"""`python scripts/benchmarks`: runs the scenes and prints the table. `--help` lists the options."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run() -> int:
    # Run by its path, Python looks for modules in this folder, where a file may have the name of a library.
    sys.path[:] = [str(ROOT), *(path for path in sys.path if Path(path).resolve() != Path(__file__).resolve().parent)]
    from scripts.benchmarks.command import main  # noqa: PLC0415 - found only now

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
