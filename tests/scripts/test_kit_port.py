"""A port that is held for a server."""

from __future__ import annotations

import socket
import sys

import pytest

from scripts.kit.port import HeldPort


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a server listen at a port that is held for it")
def test_a_held_port_is_its_server_s_alone() -> None:
    with HeldPort() as port:
        for _ in range(2):  # it is started again
            with socket.create_server(("127.0.0.1", port.number)):
                socket.create_connection(("127.0.0.1", port.number), timeout=30).close()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port.number), timeout=30)
        # Who asks for any port is given one that could be bound like this.
        with socket.socket() as another, pytest.raises(OSError, match="in use"):
            another.bind(("127.0.0.1", port.number))


def test_a_port_that_is_released_is_anybody_s() -> None:
    with HeldPort() as port:
        pass
    with socket.socket() as another:
        another.bind(("127.0.0.1", port.number))
