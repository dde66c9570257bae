"""Current settings of this server: the last ones that were valid.

gunicorn's master reads them at its start and at each reload. The workers that it forks inherit them and read nothing
themselves. So an invalid `.env` does not affect the running server, and a replaced worker has the same settings as
the other workers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from config import logging as log_files
from config.server import descriptors
from config.settings import SettingError, Settings, load


class CurrentSettings:
    """The last valid settings that `load` returned."""

    def __init__(self, load: Callable[[], Settings] = load) -> None:
        self._load = load
        self._settings: Settings | None = None
        self._warning = ""

    def read(self) -> Settings:
        """Read the settings, fit them to the limit on open files and create the log folder.

        If they are invalid, print the error and return the previous ones. Raises SettingError if there are none.
        """
        try:
            settings = self._load()
            log_files.make_directory(settings.log_dir)
        except SettingError as error:
            if self._settings is None:
                raise
            sys.stderr.write(f"parley: {error} The server goes on with the settings that it had.\n")
            sys.stderr.flush()
        else:
            limit = descriptors.raise_limit(settings)
            self._settings = descriptors.fitted(settings, limit)
            self._warning = descriptors.warning(settings, self._settings, limit)
        return self._settings

    def get(self) -> Settings | None:
        """Return the last result of `read` in this process or its parent, None outside a server."""
        return self._settings

    def warnings(self) -> list[str]:
        """Return warnings for the operator about the last result of `read`."""
        return [self._warning] if self._warning else []


# This module stays loaded, whereas gunicorn's configuration file is run again at each reload.
CURRENT = CurrentSettings()
