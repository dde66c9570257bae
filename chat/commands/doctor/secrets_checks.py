"""Checks of secrets, of the rights of files that hold them, and of who gets in."""

from __future__ import annotations

import shlex
import stat
from dataclasses import fields
from pathlib import Path

from dotenv import dotenv_values

from chat.commands.doctor.findings import Checks, Finding, failed, passed, warned
from chat.commands.doctor.installation import Installation
from config.server import hardening
from config.setting_values import is_postgresql
from config.settings import Settings

check = Checks()

_SHORT_TOKEN = 16


@check("PAR020", ".env")
def env_file(installation: Installation) -> Finding:
    """Check that other users of the machine cannot read `.env`."""
    path = installation.env_file
    if hardening.exposure_warning(path):
        level = failed if _holds_secrets(path) else warned
        return level(f"Other users of this machine can read {path}.", f"chmod 600 {shlex.quote(str(path))}")
    return passed("Only this user can read .env." if installation.env_file.exists() else "There is no .env.")


@check("PAR021", "file modes")
def file_modes(installation: Installation) -> Finding:
    """Check that other users of the machine cannot read the data and the logs."""
    settings = installation.settings
    database = Path(installation.store.engine.location) if not is_postgresql(settings.database_url) else None
    paths = [settings.data_dir / "secret-key", settings.log_dir / "app.log", settings.log_dir / "access.log"]
    if database is not None:
        paths += [database.with_name(f"{database.name}{end}") for end in ("", "-wal", ".share-key")]
    readable = [path for path in paths if _others_can_read(path)]
    if readable:
        names = shlex.join(map(str, readable))
        return failed(f"Other users of this machine can read {', '.join(map(str, readable))}.", f"chmod go= {names}")
    return passed("Only this user can read the database, the keys and the logs.")


@check("PAR022", "SECRET_KEY")
def secret_key(installation: Installation) -> Finding:
    """Check the key that signs cookies."""
    settings = installation.settings
    if settings.secret_key:
        if len(set(settings.secret_key)) < 8:
            return failed("SECRET_KEY can be guessed.", "Set it to the output of: openssl rand -hex 32")
        return passed("SECRET_KEY is set.")
    key = settings.data_dir / "secret-key"
    return passed(f"{key} signs cookies." if key.exists() else f"{key} is made at the first start.")


@check("PAR023", "ADMIN_TOKEN")
def admin_token(installation: Installation) -> Finding:
    """Check the token for operators."""
    settings = installation.settings
    if not settings.admin_token:
        if installation.exposed:
            return failed(
                "ADMIN_TOKEN is not set, and others reach this server: behind a proxy that adds no header, /admin and "
                "/metrics are open to everybody.",
                "Set ADMIN_TOKEN to the output of: openssl rand -hex 32",
            )
        return passed("ADMIN_TOKEN is not set: /admin and /metrics answer this machine only.")
    if len(settings.admin_token) < _SHORT_TOKEN or len(set(settings.admin_token)) < 8:
        return failed("ADMIN_TOKEN can be guessed.", "Set it to the output of: openssl rand -hex 32")
    return passed("ADMIN_TOKEN is set.")


@check("PAR024", "accounts")
def accounts(installation: Installation) -> Finding:
    """Check who may use the server."""
    settings = installation.settings
    if settings.auth_mode == "open" and installation.exposed:
        return warned(
            f"Others reach this server (HOST={settings.host}), and AUTH_MODE=open admits all of them.",
            "Put a proxy with sign-in in front of it, or a firewall.",
        )
    return passed(f"AUTH_MODE={settings.auth_mode}, HOST={settings.host}.")


@check("PAR025", "ALLOWED_HOSTS")
def allowed_hosts(installation: Installation) -> Finding:
    """Check the host names that the server answers for."""
    hosts = installation.settings.allowed_hosts
    if "*" in hosts:
        return warned(
            "ALLOWED_HOSTS is *: a page of any site whose name points to this machine can use the server.",
            "Name the site instead: ALLOWED_HOSTS=chat.example.com",
        )
    return passed(f"ALLOWED_HOSTS: {', '.join(hosts)}." if hosts else "Loopback names and IP addresses are allowed.")


def _holds_secrets(env_file: Path) -> bool:
    """Return whether it has keys, or addresses with passwords."""
    values = dotenv_values(env_file, interpolate=False)
    secrets = [field.metadata["name"] for field in fields(Settings) if not field.repr]
    return any("@" in (values.get(name) or "") if name.endswith("URL") else values.get(name) for name in secrets)


def _others_can_read(path: Path) -> bool:
    """Return whether users outside the owner's group can read a file, through folders that let them."""
    try:
        if not path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            return False
        return all(folder.stat().st_mode & (stat.S_IXGRP | stat.S_IXOTH) for folder in path.parents)
    except OSError:
        return False
