"""Secrets of an installation, found in its settings and hidden in whatever an operator passes on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from config.server.reload import env_file as env_files
from config.settings import Settings, read_env_file

HIDDEN = "[hidden]"
# A shorter value would hide much of the text. The name of a foreign variable is less certain to mean a secret.
_SHORTEST, _SHORTEST_FOREIGN = 4, 8
_CREDENTIALS = re.compile(r"(?<=//)[^/\s@]*@")
_PASSWORD_PARAMETER = re.compile(r"([?&][^=&\s]*(?:password|secret|token|key)[^=&\s]*=)[^&\s]+", re.IGNORECASE)
_BEARER = re.compile(r"\b(bearer|basic)\s+[^\s\"']+", re.IGNORECASE)
_KEY_LIKE = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|key|ghp|csk|nvapi|pplx|r8|fw)[-_][A-Za-z0-9_.\-]{8,}|\bAIza[A-Za-z0-9_\-]{8,}"
)
_SECRET_NAME = re.compile(r"KEY|TOKEN|PASSWORD|PASSWD|SECRET|CREDENTIAL|DSN|AUTH(?!_MODE)|COOKIE", re.IGNORECASE)
_SECRET_SETTINGS = frozenset(each.metadata["name"] for each in fields(Settings) if not each.repr)


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secret values of one installation, the longest first."""

    values: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, environ: Mapping[str, str], env_file: Path) -> Secrets:
        """Return the secrets in the environment and in `.env`, and the passwords in addresses there."""
        values: set[str] = set()
        for name, value in [*_pairs(env_file), *environ.items()]:
            foreign = _SECRET_NAME.search(name) and len(value.strip()) >= _SHORTEST_FOREIGN
            if name in _SECRET_SETTINGS or foreign:
                values.update({value, value.strip()})
            values.update(_credentials(value))
        return cls(tuple(sorted(_forms(values), key=len, reverse=True)))

    def hide(self, text: str) -> str:
        """Return `text` without secrets, credentials in addresses, and words that look like keys."""
        for value in self.values:
            text = text.replace(value, HIDDEN)
        text = _CREDENTIALS.sub(f"{HIDDEN}@", text)
        text = _PASSWORD_PARAMETER.sub(rf"\1{HIDDEN}", text)
        text = _BEARER.sub(rf"\1 {HIDDEN}", text)
        return _KEY_LIKE.sub(HIDDEN, text)


def _pairs(path: Path) -> list[tuple[str, str]]:
    """Return the lines of a `.env`, also those that the server would refuse."""
    try:
        return list(read_env_file(path).items())
    except ValueError:
        text = (env_files.read(path) or b"").decode("utf-8", "replace")
        return [
            (name.strip(), value.strip(" '\"\r"))
            for name, _, value in (line.partition("=") for line in text.split("\n"))
        ]


def _credentials(value: str) -> Iterable[str]:
    """Yield the passwords in addresses."""
    if "@" not in value or "//" not in value:
        return
    try:
        password = urlsplit(value).password
    except ValueError:
        password = None
    if password:
        yield password
    # An address that cannot be parsed, such as one with a bracket in the password.
    credentials = value.partition("//")[2].rpartition("@")[0]
    yield credentials.partition(":")[2]


def _forms(values: Iterable[str]) -> set[str]:
    """Return each secret as it is, quoted and unquoted as in addresses."""
    forms = {form for value in values for form in (value, quote(value, safe=""), unquote(value))}
    return {form for form in forms if len(form) >= _SHORTEST}
