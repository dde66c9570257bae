"""The `DATABASE_URL` of a PostgreSQL database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

_FORM = "DATABASE_URL takes postgresql://USER:PASSWORD@HOST:PORT/NAME, with % codes for special characters"


@dataclass(frozen=True)
class Address:
    """Address of a database. `parameters` are those of libpq, with the password."""

    parameters: dict[str, Any]

    @property
    def redacted(self) -> str:
        """Return the address for messages to the operator, without the password."""
        user, host, port = (self.parameters.get(name, "") for name in ("user", "host", "port"))
        place = f"[{host}]" if ":" in host else host
        return f"postgresql://{user}{'@' * bool(user)}{place}{':' * bool(port)}{port}/{self.database}"

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
    if any(not port.isdigit() or not 0 < int(port) < 65536 for port in parameters.get("port", "1").split(",")):
        raise ValueError(f"{_FORM}; the port is invalid.")
    return Address(parameters)
