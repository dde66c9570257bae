"""Command `flask --app wsgi bundle FILE`."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Iterable
from pathlib import Path

import click

from chat.commands.bundle.contents import members
from chat.commands.doctor.installation import Installation
from chat.commands.doctor.run_checks import run_checks
from chat.errors import MaintenanceRefused
from chat.store.archive.backup_file import new_file


@click.command("bundle")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def bundle(file: Path) -> None:
    """Write a new archive FILE (.tar.gz) for somebody who helps: no secrets, and no text of any user.

    It has the doctor's findings, the workers' reports, the blocks of their loops, settings that are no secrets, the
    versions, and the ends of the logs. Only this user can read it; look into it before you pass it on.
    """
    installation = Installation()
    lines = list(run_checks(installation))
    try:
        write(file, members(installation, lines))
    except MaintenanceRefused as error:
        raise click.ClickException(str(error)) from None
    click.echo(
        f"{file}: {file.stat().st_size // 1024 + 1} KB. Check its contents before you pass it on: tar -tzf {file}"
    )


def write(path: Path, contents: Iterable[tuple[str, bytes]]) -> None:
    """Write a new archive, complete or not at all. Raises MaintenanceRefused."""
    with new_file(path) as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in contents:
            member = tarfile.TarInfo(f"parley-bundle/{name}")
            member.size, member.mode, member.mtime = len(content), 0o600, int(time.time())
            archive.addfile(member, io.BytesIO(content))
