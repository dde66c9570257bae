"""A copy of the program with a `.env` of its own, in which things may be broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TextIO

from scripts.kit.program_copy import copy_program
from scripts.kit.server_runner import ROOT


class Tree:
    """The program without the page's files, in `folder`."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.env_file = folder / ".env"
        copy_program(folder, settings, without=("static",))

    def append(self, path: str, code: str) -> None:
        """Add a line to one of the program's files."""
        with (self.folder / path).open("a") as file:
            file.write(f"\n{code}\n")

    def restore(self, path: str) -> None:
        shutil.copy2(ROOT / path, self.folder / path)

    def without(self, package: str) -> dict[str, str]:
        """Return an environment in which `package` cannot be imported."""
        stubs = self.folder / f"without {package}"
        stubs.mkdir(exist_ok=True)
        (stubs / f"{package}.py").write_text(f"raise ImportError('{package} is not for this machine')\n")
        return {"PYTHONPATH": str(stubs)}

    def mode(self, *arguments: str, cwd: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run `flask --app wsgi mode …` as an operator does."""
        with self.start_mode(*arguments, cwd=cwd, **environ) as process:
            output, errors = process.communicate(timeout=300)
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def start_mode(
        self, *arguments: str, cwd: Path | None = None, output: int | TextIO = subprocess.PIPE, **environ: str
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi" if cwd is None else str(self.folder / "wsgi"), "mode",
             *arguments],
            cwd=cwd or self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)} | environ,
            stdout=output, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
