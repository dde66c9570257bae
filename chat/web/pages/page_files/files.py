"""Build of the page's files, once for each version of the sources.

The build is in the data directory, shared by all workers. It is written to a temporary folder that is then renamed, so
that it is complete or absent. It is not held in memory. If the build fails, the page uses its source files: more files,
not compressed.
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

from chat.web.pages.page_files.linker import FOLDER, link, stylesheet
from chat.web.pages.page_files.modules import Unlinkable

log = logging.getLogger(__name__)

STATIC = Path(__file__).resolve().parent.parent.parent / "static"
_SUBJECTS = (
    *("base", "layout", "shell", "sidebar", "message", "answer", "markdown", "tool", "table", "result", "composer"),
    *("dialog", "settings", "search", "toast", "shared", "print"),
)
STYLES = tuple(f"css/{name}" for name in _SUBJECTS)
_ENTRY = "js/main.js"
_COMPRESSED = "compressed"
_COMPRESSIBLE = {".js", ".css", ".svg", ".webmanifest"}
# Sources that the page never requests while it has the linked files.
_LINKED_SOURCES = ("js/", "vendor/preact/", "vendor/htm/", "vendor/markdown-it/", "vendor/dompurify/")
_KEPT_VERSIONS = 3


class PageFiles:
    """The source files below `static`, and their builds below `cache`."""

    def __init__(self, cache: Path, static: Path = STATIC) -> None:
        self._static = static
        self._cache = cache
        self._build_lock = threading.Lock()
        self._linked: bool | None = None

    @cached_property
    def fingerprint(self) -> str:
        """Return a hash of the files' content.

        It is part of their addresses, so that browsers may cache them for a year and still get new ones at once.
        """
        digest = hashlib.sha256()
        # The linked files depend on the linker too.
        for path in [*self._sources(), *sorted(Path(__file__).parent.glob("*.py"))]:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()[:12]

    @property
    def linked(self) -> bool:
        """Return whether there are linked files. The first call builds them, as a worker starts."""
        if self._linked is None:
            with self._build_lock:
                if self._linked is None:
                    self._linked = self._build()
        return self._linked

    def find(self, name: str) -> Path | None:
        """Return the file of this name, not compressed, or None."""
        if name.startswith(f"{FOLDER}/"):
            return _file(self._folder, name) if self.linked else None
        return _file(self._static, name)

    def compressed(self, name: str) -> Path | None:
        """Return the file of this name compressed with gzip, or None."""
        return _file(self._folder / _COMPRESSED, f"{name}.gz") if self.linked else None

    @property
    def _folder(self) -> Path:
        return self._cache / self.fingerprint

    def _sources(self) -> Iterator[Path]:
        return iter(sorted(path for path in self._static.rglob("*") if path.is_file()))

    def _build(self) -> bool:
        try:
            if not self._folder.is_dir():
                self._cache.mkdir(parents=True, exist_ok=True)
                with (self._cache / "lock").open("w") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    if not self._folder.is_dir():  # another worker may have built it meanwhile
                        self._write()
        except (OSError, UnicodeDecodeError, Unlinkable) as error:
            log.warning("The page is sent in many files, not compressed, because it could not be linked: %s", error)
            return False
        return True

    def _write(self) -> None:
        """Write the folder, then rename it into place. The caller holds the lock."""
        self._remove_old()
        temporary = self._cache / f"{self.fingerprint}.part"
        files = {f"{FOLDER}/{name}": text.encode() for name, text in self._link().items()}
        for name, content in files.items():
            _write_file(temporary / name, content)
        for path in self._sources():
            name = path.relative_to(self._static).as_posix()
            if path.suffix in _COMPRESSIBLE and not (name.startswith(_LINKED_SOURCES) and name != "js/before-paint.js"):
                files[name] = path.read_bytes()
        for name, content in files.items():
            _write_file(temporary / _COMPRESSED / f"{name}.gz", gzip.compress(content, 9, mtime=0))
        temporary.rename(self._folder)

    def _link(self) -> dict[str, str]:
        linked = link(lambda name: (self._static / name).read_text(encoding="utf-8"), _ENTRY)
        linked["page.css"] = stylesheet((self._static / f"{name}.css").read_text(encoding="utf-8") for name in STYLES)
        return linked

    def _remove_old(self) -> None:
        """Remove unfinished builds of killed workers, and all but the newest versions."""
        folders = sorted(
            (path for path in self._cache.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime
        )
        complete = [path for path in folders if path.suffix != ".part"]
        for path in [*(path for path in folders if path.suffix == ".part"), *complete[: 1 - _KEPT_VERSIONS]]:
            shutil.rmtree(path, ignore_errors=True)


def _file(folder: Path, name: str) -> Path | None:
    joined = safe_join(os.fspath(folder), name)
    path = Path(joined) if joined and "\0" not in joined else None
    return path if path and path.is_file() else None


def _write_file(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
