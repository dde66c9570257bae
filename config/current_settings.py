"""Current settings of this server: the last ones that were valid.

gunicorn's master reads them at its start and at each reload. The workers that it forks inherit them and read nothing
themselves. So an invalid `.env` does not affect the running server, and a replaced worker has the same settings as
the other workers.
"""

from __future__ import annotations

import sys

from config import logging as log_files
from config.server import descriptors
from config.settings import SettingError, Settings, load

_read: list[Settings] = []
_warnings: list[str] = []


def read() -> Settings:
    """Read the settings, fit them to the limit on open files and create the log folder.

    If they are invalid, print the error and return the previous ones. Raises SettingError if there are none.
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
    """Return the last result of `read` in this process or its parent, None outside a server."""
    return _read[0] if _read else None


def warnings() -> list[str]:
    """Return warnings for the operator about the last result of `read`."""
    return [each for each in _warnings if each]
