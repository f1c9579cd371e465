"""The sockets that a server listens on: bound before anything else is done, and named as URLs."""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Sequence

from trug.settings import Settings


class AddressInUse(Exception):
    """A port that should be listened on is taken."""


def listening_sockets(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """A bound socket for each address; a free port is picked once for all of them. Addresses that this machine does
    not have are left out, as long as one remains. AddressInUse, OSError."""
    for _ in range(16):
        try:
            return _bind_all(hosts, port)
        except AddressInUse:
            if port:
                raise
    raise AddressInUse("found no port that is free on all addresses")


def _bind_all(hosts: Sequence[str], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    for host in hosts:
        try:
            bound = _bind(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                _close_all(sockets)
                raise AddressInUse(f"{host} port {port} is in use by another program") from error
            missing = error
            continue
        port = bound.getsockname()[1]
        sockets.append(bound)
    if not sockets and missing is not None:
        raise missing
    return sockets


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((host, port))
    except BaseException:
        bound.close()
        raise
    bound.setblocking(False)
    return bound


def _close_all(sockets: Sequence[socket.socket]) -> None:
    for bound in sockets:
        bound.close()


def urls_of(settings: Settings, sockets: Sequence[socket.socket]) -> list[str]:
    """Where the S3 port answers."""
    scheme = "https" if settings.tls_cert else "http"
    return [f"{scheme}://{_address(bound)}" for bound in sockets]


def _address(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def tell_ready(descriptor: int, urls: Sequence[str]) -> None:
    """Write one JSON line to a descriptor, unless that is negative."""
    if descriptor >= 0:
        os.write(descriptor, json.dumps({"s3": list(urls), "console": []}).encode() + b"\n")
