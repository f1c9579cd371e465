"""The sockets that a server listens on: bound before anything else is done, and named as URLs."""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Sequence
from typing import NamedTuple

from trug.settings import OFF, Settings


class AddressInUse(Exception):
    """A port that should be listened on is taken."""


class Doors(NamedTuple):
    """The bound sockets of the S3 port and of the management port; that one has none where it is off."""

    s3: list[socket.socket]
    console: list[socket.socket]

    def close(self) -> None:
        _close_all([*self.s3, *self.console])


def doors_of(settings: Settings) -> Doors:
    """Bind both ports. A management port that nobody chose is left out when it is taken, and is a free one where the S3
    port is. AddressInUse, OSError."""
    doors = Doors(listening_sockets(settings.host, settings.port), [])
    is_chosen = "console_port" in settings.origins
    port = 0 if settings.port == 0 and not is_chosen else settings.console_port
    if port == OFF:
        return doors
    try:
        doors.console.extend(listening_sockets(settings.host, port))
    except AddressInUse:
        if is_chosen:
            doors.close()
            raise
    except BaseException:
        doors.close()
        raise
    return doors


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
    """Where a port answers."""
    scheme = "https" if settings.tls_cert else "http"
    return [f"{scheme}://{_address(bound)}" for bound in sockets]


def _address(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def tell_ready(descriptor: int, s3: Sequence[str], console: Sequence[str] = ()) -> None:
    """Write one JSON line to a descriptor, unless that is negative."""
    if descriptor >= 0:
        os.write(descriptor, json.dumps({"s3": list(s3), "console": list(console)}).encode() + b"\n")
