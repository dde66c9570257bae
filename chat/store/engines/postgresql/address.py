"""The `DATABASE_URL` of a PostgreSQL database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

_FORM = "DATABASE_URL takes postgresql://USER:PASSWORD@HOST:PORT/NAME, with % codes for special characters"


@dataclass(frozen=True)
class Address:
    """Address of a database. `parameters` are those of libpq, with the password; it may name several servers."""

    parameters: dict[str, Any] = field(repr=False)

    @property
    def redacted(self) -> str:
        """Return the address for messages to the operator, without the password."""
        user = self.parameters.get("user", "")
        places = ((f"[{host}]" if ":" in host else host) + f":{port}" * bool(port) for host, port in self.servers)
        return f"postgresql://{user}{'@' * bool(user)}{','.join(places)}/{self.database}"

    @property
    def servers(self) -> list[tuple[str, str]]:
        """Return the hosts with their ports, "" for the usual one."""
        hosts = str(self.parameters.get("host", "")).split(",")
        ports = str(self.parameters.get("port", "")).split(",")
        return list(zip(hosts, ports * len(hosts) if len(ports) == 1 else ports, strict=True))

    @property
    def database(self) -> str:
        return str(self.parameters["dbname"])


def parse(url: str) -> Address:
    """Return the address in a URL. Raises ValueError, with a sentence that does not contain the URL."""
    try:
        parameters: dict[str, Any] = dict(conninfo_to_dict(url))
    except psycopg.ProgrammingError:
        raise ValueError(f"{_FORM}.") from None
    if not parameters.get("dbname"):
        raise ValueError(f"{_FORM}; the name of the database is missing.")
    ports = parameters.get("port", "").split(",")
    if any(port and not (port.isdigit() and 0 < int(port) < 65536) for port in ports):
        raise ValueError(f"{_FORM}; the port is invalid.")
    if len(ports) not in (1, len(parameters.get("host", "").split(","))):
        raise ValueError(f"{_FORM}; several servers take one port, or one each.")
    return Address(parameters)
