"""The change of one setting in `.env`, which can be undone."""

from __future__ import annotations

from pathlib import Path

from config.server.reload import env_file
from config.server.reload.refusal import UNCHANGED, SwitchRefused


class EnvChange:
    """Set `name` to `value` in the file at `path`. Raises SwitchRefused if the file cannot be written."""

    def __init__(self, path: Path, name: str, value: str) -> None:
        self._path = path
        try:
            self._before = env_file.read(path)
            self._written = env_file.with_setting(self._before or b"", name, value)
            if self._before is None or self._written != self._before:
                env_file.write(path, self._written)
        except OSError as error:
            raise SwitchRefused(f"{path} cannot be written ({error.strerror}). {UNCHANGED}") from error

    def undo(self) -> str:
        """Restore the previous file, unless another program has changed it. Return a phrase about the outcome."""
        try:
            if env_file.read(self._path) != self._written:
                return f"{self._path} was changed by another program meanwhile and was not restored"
            env_file.write(self._path, self._before)
        except OSError as error:
            return f"{self._path} could not be put back ({error.strerror})"
        return f"{self._path} is as it was"
