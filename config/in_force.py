"""The settings in force in this server: those of the last time that they could be read.

gunicorn's master reads them at its start and at each reload; the workers that it forks, then or later, inherit
them and read nothing themselves. So a `.env` that somebody has broken since harms nobody until it is mended, and
a worker that is replaced runs with the same settings as its neighbours.
"""

from __future__ import annotations

import sys

from config import logging as log_files
from config.settings import SettingError, Settings, load

_read: list[Settings] = []


def read() -> Settings:
    """The settings as they are now, the folder of the logs made.

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
        _read[:] = [settings]
    return _read[0]


def settings() -> Settings | None:
    """What `read` returned last in this process or the one it was forked from; None outside a server."""
    return _read[0] if _read else None
