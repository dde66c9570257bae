"""The change of one setting in `.env`, which can be undone."""

from __future__ import annotations

from pathlib import Path

from config.server.reload import env_file
from config.server.reload.refusal import UNCHANGED, SwitchRefused


class EnvChange:
    """Set `name` to `value` in the file at `path`. It can be undone at any time, also when `apply` was interrupted.

    The constructor reads the file, and raises SwitchRefused if it cannot be read.
    """

    def __init__(self, path: Path, name: str, value: str) -> None:
        self._path = path
        try:
            self._before = env_file.read(path)
            self._after = env_file.with_setting(self._before or b"", name, value)
        except OSError as error:
            raise self._refusal(error) from error

    def apply(self) -> None:
        """Write the file. Raises SwitchRefused if it cannot be written."""
        try:
            if self._after != self._before:
                env_file.write(self._path, self._after)
        except OSError as error:
            raise self._refusal(error) from error

    def undo(self) -> str:
        """Restore the previous file, unless another program has changed it. Return a phrase about the outcome."""
        try:
            present = env_file.read(self._path)
            if present not in (self._before, self._after):
                return f"{self._path} was changed by another program meanwhile and was not restored"
            if present != self._before:
                env_file.write(self._path, self._before)
        except OSError as error:
            return f"{self._path} could not be put back ({error.strerror})"
        return f"{self._path} is as it was"

    def _refusal(self, error: OSError) -> SwitchRefused:
        return SwitchRefused(f"{self._path} cannot be written ({error.strerror}). {UNCHANGED}")
