"""All checks of the doctor, run one after the other. An error inside a check does not stop the others."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chat.commands.doctor.findings import FAIL, Check, Finding, failed, skipped
from chat.commands.doctor.installation import Installation, NotAvailable
from chat.commands.secrets import Secrets

# Loaded one by one, because a package that one of them needs may be missing.
MODULES = ("installation", "settings", "secrets", "server", "machine", "database", "network", "model", "public_url")

# What the checked parts would log is in the findings.
_UNREAD = logging.NullHandler()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the doctor's report."""

    code: str
    subject: str
    level: str
    message: str
    remedy: str


def run_checks(installation: Installation, checks: Sequence[Check] | None = None) -> Iterator[Line]:
    """Yield a line for each check, by default for all of them. No line contains a secret."""
    logging.getLogger("chat").addHandler(_UNREAD)
    secrets = Secrets.of(installation.environ, installation.env_file)
    try:
        for check in all_checks() if checks is None else checks:
            finding = _run(check, installation)
            yield Line(
                check.code,
                check.subject,
                finding.level,
                secrets.hide(_one_line(finding.message)),
                secrets.hide(finding.remedy),
            )
    finally:
        installation.close()


def all_checks(modules: Sequence[str] = MODULES) -> list[Check]:
    """Return every check of these modules; in place of a module that cannot be loaded, one that says so."""
    return [check for name in modules for check in _checks(name)]


def has_failure(lines: Sequence[Line]) -> bool:
    """Return whether a check has failed."""
    return any(line.level == FAIL for line in lines)


def _checks(name: str) -> list[Check]:
    try:
        checks: list[Check] = importlib.import_module(f"chat.commands.doctor.{name}_checks").check.all
    except ImportError as error:
        missing = error.name or "a package"
        finding = failed(
            f"The checks of {name} cannot be loaded: {missing} is missing.",
            "Install the packages: ./scripts/venv requirements.txt",
        )
        return [Check("PAR001", "packages", lambda _installation: finding)]
    return checks


def _run(check: Check, installation: Installation) -> Finding:
    try:
        return check.run(installation)
    except NotAvailable as why:
        return skipped(f"Not checked: {why}.")
    except PermissionError:  # without the name of the file, since bundles have some of these sentences
        return failed("This user may not read a file that the check needs.", "Give the command as the server's user.")
    except Exception as error:  # noqa: BLE001 - its text may contain anything, and the other checks must run
        return failed(
            f"The check itself failed ({type(error).__name__}).", "Report this as a bug, with the output of `bundle`."
        )


def _one_line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
