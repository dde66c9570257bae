"""Makes the page's files as they are sent, once for each version of them, and finds them again.

They stand in the data directory, shared by all workers: a folder is written beside its place and renamed, so that it
is whole or not there. Nothing of it is held in memory. Where they cannot be made, the page is sent as it was written:
more files, not compressed.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from werkzeug.security import safe_join

from chat.web.page_files.linker import FOLDER, link, stylesheet
from chat.web.page_files.modules import Unlinkable

log = logging.getLogger(__name__)

STATIC = Path(__file__).resolve().parent.parent / "static"
_SUBJECTS = (
    *("base", "layout", "shell", "sidebar", "message", "markdown", "tool", "table", "result", "composer", "dialog"),
    *("shared", "print"),
)
STYLES = tuple(f"css/{name}" for name in _SUBJECTS)
_ENTRY = "js/main.js"
_COMPRESSED = "compressed"
_COMPRESSIBLE = {".js", ".css", ".svg", ".webmanifest"}
# What the page itself never asks for while it has the linked files.
_LINKED_INSTEAD = ("js/", "vendor/preact/", "vendor/htm/", "vendor/markdown-it/", "vendor/dompurify/")
_KEPT_VERSIONS = 3


class PageFiles:
    """The files below `static`, and what is made of them below `cache`."""

    def __init__(self, cache: Path, static: Path = STATIC) -> None:
        self._static = static
        self._cache = cache
        self._making = threading.Lock()
        self._linked: bool | None = None

    @cached_property
    def fingerprint(self) -> str:
        """A name for the files as they are now.

        It stands in their addresses, so that browsers may keep them for a year and still have new ones at once.
        """
        digest = hashlib.sha256()
        # The linker is part of what the linked files are.
        for path in [*self._sources(), *sorted(Path(__file__).parent.glob("*.py"))]:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()[:12]

    @property
    def linked(self) -> bool:
        """Return whether there are linked files. Makes them when it is first asked: as a worker starts."""
        if self._linked is None:
            with self._making:
                if self._linked is None:
                    self._linked = self._make()
        return self._linked

    def find(self, name: str) -> Path | None:
        """The file of this name, not compressed; None where there is none."""
        if name.startswith(f"{FOLDER}/"):
            return _file(self._folder, name) if self.linked else None
        return _file(self._static, name)

    def compressed(self, name: str) -> Path | None:
        """The same compressed by gzip; None where there is no such."""
        return _file(self._folder / _COMPRESSED, f"{name}.gz") if self.linked else None

    @property
    def _folder(self) -> Path:
        return self._cache / self.fingerprint

    def _sources(self) -> Iterator[Path]:
        return iter(sorted(path for path in self._static.rglob("*") if path.is_file()))

    def _make(self) -> bool:
        try:
            if not self._folder.is_dir():
                self._cache.mkdir(parents=True, exist_ok=True)
                with (self._cache / "lock").open("w") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    if not self._folder.is_dir():  # another worker may have made it meanwhile
                        self._write()
        except (OSError, UnicodeDecodeError, Unlinkable) as error:
            log.warning("The page is sent in many files, not compressed, because it could not be linked: %s", error)
            return False
        return True

    def _write(self) -> None:
        """Write the folder, then put it in its place. Under the lock."""
        self._tidy()
        beside = self._cache / f"{self.fingerprint}.part"
        files = {f"{FOLDER}/{name}": text.encode() for name, text in self._link().items()}
        for name, content in files.items():
            _write_file(beside / name, content)
        for path in self._sources():
            name = path.relative_to(self._static).as_posix()
            if path.suffix in _COMPRESSIBLE and not (name.startswith(_LINKED_INSTEAD) and name != "js/before-paint.js"):
                files[name] = path.read_bytes()
        for name, content in files.items():
            _write_file(beside / _COMPRESSED / f"{name}.gz", gzip.compress(content, 9, mtime=0))
        beside.rename(self._folder)

    def _link(self) -> dict[str, str]:
        made = link(lambda name: (self._static / name).read_text(encoding="utf-8"), _ENTRY)
        made["page.css"] = stylesheet((self._static / f"{name}.css").read_text(encoding="utf-8") for name in STYLES)
        return made

    def _tidy(self) -> None:
        """Remove what a killed worker began, and all but the newest versions."""
        folders = sorted(
            (path for path in self._cache.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime
        )
        whole = [path for path in folders if path.suffix != ".part"]
        for path in [*(path for path in folders if path.suffix == ".part"), *whole[: 1 - _KEPT_VERSIONS]]:
            shutil.rmtree(path, ignore_errors=True)


def _file(folder: Path, name: str) -> Path | None:
    found = safe_join(os.fspath(folder), name)
    path = Path(found) if found and "\0" not in found else None
    return path if path and path.is_file() else None


def _write_file(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
