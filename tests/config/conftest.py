"""Fixtures of the tests of logging."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config import log_fields
from config import logging as log_files
from config.settings import Settings

NOISY = ("openai", "httpx2", "httpcore2", "peewee")


@pytest.fixture
def loggers_as_before() -> Iterator[None]:
    """Restore the root logger's handlers and level, which the setup replaces."""
    root = logging.getLogger()
    handlers, level, levels = root.handlers[:], root.level, {name: logging.getLogger(name).level for name in NOISY}
    log_fields.replace({})  # those of a request in an earlier test
    gathered = logging._srcfile, logging.logThreads, logging.logMultiprocessing
    yield
    logging._srcfile, logging.logThreads, logging.logMultiprocessing = gathered
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


SetUp = Callable[..., Path]


@pytest.fixture
def set_up(settings: Settings) -> SetUp:
    """Return a function that sets logging up with changed settings and returns the path of `app.log`."""

    def set_up(**changes: object) -> Path:
        changed = dataclasses.replace(settings, **changes)
        log_files.set_up(changed)
        return changed.log_dir / "app.log"

    return set_up
