"""Certificates for servers of a test's own, made by openssl."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def make_certificate(folder: Path, host: str = "127.0.0.1") -> None:
    """Write `cert.pem` and `key.pem` for a host, an address or a name, that only the certificate itself vouches for.

    Raises RuntimeError without openssl.
    """
    openssl = shutil.which("openssl")
    if openssl is None:
        raise RuntimeError("openssl is not installed, which makes the certificate")
    kind = "IP" if host[0].isdigit() else "DNS"
    subprocess.run(
        [
            openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", f"/CN={host}", "-addext", f"subjectAltName={kind}:{host}",
            "-keyout", folder / "key.pem", "-out", folder / "cert.pem",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
