"""HUP makes every worker read the certificate again."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from tests.support import processes
from tests.support.certificates import certify, trusting_context
from tests.workers.crew import eventually

CONNECTIONS = 8


def names_shown(url: str) -> set[str]:
    """By as many connections as reach every worker."""
    address = urlsplit(url)
    context = trusting_context()
    found, kept = set(), []
    for _ in range(CONNECTIONS):
        plain = socket.create_connection((address.hostname or "", address.port or 0), timeout=30)
        kept.append(context.wrap_socket(plain))
        certificate = x509.load_der_x509_certificate(kept[-1].getpeercert(binary_form=True) or b"")
        found.add(certificate.subject.rfc4514_string())
    for each in kept:
        each.close()
    return found


def test_hup_reaches_every_worker(tmp_path: Path) -> None:
    certify(tmp_path, "first")
    options = ["--workers", "2", "--tls-cert", "certificate.pem", "--tls-key", "key.pem"]
    with processes.serving(tmp_path, options) as server:
        assert names_shown(server.url) == {"CN=first"}
        certify(tmp_path, "second")
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: names_shown(server.url) == {"CN=second"})
        assert server.terminate() == 0
