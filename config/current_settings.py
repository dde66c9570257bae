"""The settings in force in this server: those of the last time that they could be read.

gunicorn's master reads them at its start and at each reload; the workers that it forks, then or later, inherit
them and read nothing themselves. So a `.env` that somebody has broken since harms nobody until it is mended, and
a worker that is replaced runs with the same settings as its neighbours.
"""

from __future__ import annotations

import sys

from config import logging as log_files
from config.server import descriptors
from config.settings import SettingError, Settings, load

_read: list[Settings] = []
_warnings: list[str] = []


def read() -> Settings:
    """The settings as they are now and as far as this process may open files, the folder of the logs made.

    When they cannot be: those that were in force, and a sentence on the console. Raises SettingError if none were.
    """
    try:
        settings = load()
        log_files.make_directory(settings.log_dir)
    except SettingError as error:
        if not _read:
            raise
        sys.stderr.write(f"parley: {error} The server goes on with the settings that it had.\n")
        sys.stderr.flush()
    else:
        limit = descriptors.raise_limit(settings)
        _read[:] = [descriptors.fitted(settings, limit)]
        _warnings[:] = [descriptors.warning(settings, _read[0], limit)]
    return _read[0]


def get() -> Settings | None:
    """What `read` returned last in this process or the one it was forked from; None outside a server."""
    return _read[0] if _read else None


def warnings() -> list[str]:
    """What the operator should know about the settings that `read` returned last."""
    return [each for each in _warnings if each]
