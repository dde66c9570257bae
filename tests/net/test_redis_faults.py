"""Reasons not to use a Redis, from its INFO. For old versions, which cannot be installed, the INFO is a text."""

from __future__ import annotations

import pytest

from chat.net.redis_faults import unsuitable

DESCRIPTION = "# Server\r\nredis_version:{version}\r\n{more}redis_mode:{mode}\r\nos:Linux\r\n"


def described(version: str, mode: str = "standalone", more: str = "") -> str:
    return unsuitable(DESCRIPTION.format(version=version, mode=mode, more=more).encode())


@pytest.mark.parametrize("version", ["6.2.0", "6.2.14", "7.0.15", "7.4.1", "8.0.0", "10.0.0"])
def test_versions_that_serve(version: str) -> None:
    assert described(version) == ""


@pytest.mark.parametrize("version", ["6.0.16", "5.0.7", "2.8.24", "6.1.240"])
def test_versions_that_are_too_old(version: str) -> None:
    assert described(version) == f"REDIS_URL names a Redis {version}, but takes 6.2 or later."


def test_valkey_serves() -> None:
    assert described("7.2.4", more="server_name:valkey\r\nvalkey_version:8.0.1\r\n") == ""


def test_a_cluster_and_a_sentinel_do_not() -> None:
    assert described("7.0.15", "cluster").startswith("REDIS_URL names a cluster, ")
    assert described("7.0.15", "sentinel").startswith("REDIS_URL names a Sentinel; ")


@pytest.mark.parametrize("text", [None, b"", b"\xff\xfe", b"redis_version:new\r\n", b"no colon"])
def test_what_says_nothing_is_tried(text: bytes | None) -> None:
    assert unsuitable(text) == ""
