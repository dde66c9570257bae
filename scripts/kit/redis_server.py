"""A Redis for one test: a real server in a folder, on a free port or a Unix socket, without files on disk.

A test can pause, kill, restart and empty it, limit its memory, and read which commands it has executed.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from scripts.kit.certificate import make_certificate
from scripts.kit.port import listens
from scripts.kit.program import NotStarted, Program


def program() -> str | None:
    """Return the path of a Redis server, or None where there is none. Valkey serves as well."""
    return shutil.which("redis-server") or shutil.which("valkey-server")


def missing() -> str:
    """Return why no Redis can be started on this machine, without a full stop, or ""."""
    return "" if program() else "Redis is not installed (Debian: apt-get install redis-server)"


class RedisServer(Program):
    """One server, a context manager. `url` is what `REDIS_URL` takes.

    `listen` is "port", "socket" or "tls"; with TLS, the server has a self-signed certificate for 127.0.0.1, which `url`
    names as trusted. `options` are lines of its configuration. If they refuse this class, the server counts as started
    once it listens.
    """

    name = "Redis"

    def __init__(
        self,
        folder: Path,
        listen: str = "port",
        password: str = "",
        options: Mapping[str, str] | None = None,
        ready: bool = True,
    ) -> None:
        super().__init__(folder)
        self._ready = ready
        self.listen = listen
        self.password = password
        self.options = dict(options or {})

    @property
    def url(self) -> str:
        """Return the address with password, as `REDIS_URL` takes it."""
        credentials = f":{quote(self.password, safe='')}@" if self.password else ""
        if self.listen == "socket":
            return f"unix://{credentials}{self.folder / 'redis.sock'}"
        if self.listen == "tls":
            return f"rediss://{credentials}127.0.0.1:{self.port}/0?ssl_ca_certs={self.folder / 'cert.pem'}"
        return f"redis://{credentials}127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int | None:
        """Return the server's process, or None before the first start."""
        return None if self.process is None else self.process.pid

    def __exit__(self, *_: object) -> None:
        self.close()

    def prepare(self) -> None:
        if program() is None:
            raise NotStarted(f"{missing()}.")
        if self.listen == "tls":
            make_certificate(self.folder)

    def arguments(self) -> Sequence[str | Path]:
        lines = self._addresses() | {
            "dir": str(self.folder), "daemonize": "no", "save": '""', "appendonly": "no",
            "repl-diskless-sync-delay": "0",
        } | self.options  # fmt: skip
        if self.password:
            lines["requirepass"] = f'"{self.password}"'
        configuration = self.folder / "redis.conf"
        configuration.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
        return [program() or "", configuration, *self._arguments()]

    def restart(self) -> None:
        """Kill the server, and start an empty one at the same address."""
        self.kill()
        self.start()

    def flush(self) -> None:
        """Remove every key."""
        self.run("FLUSHALL")

    def configure(self, **values: str) -> None:
        """Change parameters while it runs: `configure(maxmemory="1mb")`. An underscore stands for a hyphen."""
        for name, value in values.items():
            self.run("CONFIG", "SET", name.replace("_", "-"), value)
            if name == "requirepass":
                self.password = value

    def run(self, *command: str | bytes | int) -> Any:
        """Return the reply to a command."""
        with self.client() as client:
            return client.execute_command(*command)

    def client(self, timeout_s: float = 5.0) -> redis.Redis:
        """Return a new client without retries, for a test's own questions."""
        return redis.Redis.from_url(self.url, socket_timeout=timeout_s, retry=Retry(NoBackoff(), 0))

    def forget_commands(self) -> None:
        """Begin to count commands anew."""
        self.run("CONFIG", "RESETSTAT")

    def commands(self) -> dict[str, int]:
        """Return how often each command was executed since `forget_commands`, without what this class sends itself."""
        stats = self.run("INFO", "commandstats")
        own = {"info", "config", "config|resetstat", "hello", "auth", "client", "client|setinfo", "ping", "select"}
        named = {name.removeprefix("cmdstat_"): int(each["calls"]) for name, each in stats.items()}
        return {name: calls for name, calls in named.items() if name not in own}

    def network_bytes(self) -> tuple[int, int]:
        """Return the bytes received and sent since `forget_commands`."""
        stats = self.run("INFO", "stats")
        return int(stats["total_net_input_bytes"]), int(stats["total_net_output_bytes"])

    def _arguments(self) -> list[str]:
        return []

    def _addresses(self) -> dict[str, str]:
        if self.listen == "socket":
            return {"port": "0", "unixsocket": str(self.folder / "redis.sock")}
        if self.listen == "tls":
            certificate = str(self.folder / "cert.pem")
            return {
                "bind": "127.0.0.1", "port": "0", "tls-port": str(self.port), "tls-auth-clients": "no",
                "tls-cert-file": certificate, "tls-key-file": str(self.folder / "key.pem"),
                "tls-ca-cert-file": certificate,
            }  # fmt: skip
        return {"bind": "127.0.0.1", "port": str(self.port)}

    def is_ready(self) -> bool:
        if not self._ready:
            return listens(self.port)
        with contextlib.suppress(redis.ConnectionError, redis.TimeoutError):
            return bool(self.run("PING"))
        return False


class RedisSentinel(RedisServer):
    """A Sentinel that watches `master` under the name `name`. `url` asks it where the master is."""

    def __init__(self, folder: Path, master: RedisServer, name: str = "parley", port: int = 0) -> None:
        """Watch `master` at `port`, if a link leads to it, or at its own."""
        super().__init__(folder)
        self.name = name
        self.options = {
            "sentinel": f"monitor {name} 127.0.0.1 {port or master.port} 1\n"
            f"sentinel down-after-milliseconds {name} 500\nsentinel failover-timeout {name} 2000"
            + (f"\nsentinel auth-pass {name} {master.password}" if master.password else "")
        }
        self._master = master

    @property
    def master_url(self) -> str:
        """Return what `REDIS_URL` takes to find the master by this Sentinel."""
        credentials = f":{self._master.password}@" if self._master.password else ""
        return f"redis://{credentials}127.0.0.1:{self.port}/0?sentinel={self.name}"

    def replicas(self) -> int:
        """Return how many replicas of the master the Sentinel knows."""
        with self.client() as client:
            return int(client.sentinel_master(self.name)["num-slaves"])

    def fail_over(self) -> None:
        """Make a replica the master, without asking whether the old one is dead."""
        self.run("SENTINEL", "FAILOVER", self.name)

    def _arguments(self) -> list[str]:
        return ["--sentinel"]
