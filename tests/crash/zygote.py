"""Servers that start in the time of a fork: a process that has imported trug already waits for orders."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from tests.crash import shim

MADE_AHEAD = 4
"""Files that a server makes ahead at a time where it does so from its first blob on."""
DIES_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG


def main() -> None:
    """Take orders from the socket whose descriptor is the argument until it is closed.

    An order is a JSON object with ``work`` (a name of WORK) and its arguments, and the descriptors of two pipes: one
    to be told the process id and the exit status of what is started, one for the answer of the work.
    """
    from tests.crash import remains

    import trug.cli
    import trug.serving

    assert trug.cli
    assert trug.serving
    assert remains
    orders = socket.socket(fileno=int(sys.argv[1]))
    while True:
        message, descriptors, _, _ = socket.recv_fds(orders, 1 << 16, 2)
        if not message:
            return
        reap()
        status, answer = descriptors
        if not os.fork():
            orders.close()
            supervise(json.loads(message), status, answer)
        os.close(status)
        os.close(answer)


def reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def supervise(order: dict[str, Any], status: int, answer: int) -> NoReturn:
    """Start the work in a process of its own, say its id, wait for its end, say how it ended."""
    die_with_parent()
    child = os.fork()
    if not child:
        os.close(status)
        work(order, answer)
    os.close(answer)
    os.write(status, b"%d\n" % child)
    _, code = os.waitpid(child, 0)
    os.write(status, b"%d\n" % os.waitstatus_to_exitcode(code))
    os._exit(0)


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL)


def work(order: dict[str, Any], answer: int) -> NoReturn:
    code = 70
    try:
        die_with_parent()
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        if order["page"]:
            shim.attach(order["page"], order["trace"], order["directory"])
        code = WORK[order["work"]](order["directory"], answer)
    except BaseException:
        traceback.print_exc()
    sys.stderr.flush()
    os._exit(code)


def serve(directory: str, answer: int, console_port: str = "off") -> int:
    from trug.cli import main as trug

    return trug(["serve", directory, "--dev", "--host", "127.0.0.1", "--port", "0", "--console-port", console_port,
                 "--log-format", "json", "--ready-fd", str(answer)])  # fmt: skip


def serve_all(directory: str, answer: int) -> int:
    """With the management port."""
    return serve(directory, answer, "0")


def serve_ahead(directory: str, answer: int, console_port: str = "off") -> int:
    """With files made ahead from the first blob on: others make them after more blobs than any script writes."""
    from trug.adapters.filesystem import ahead

    ahead.AFTER, ahead.COUNT = 0, MADE_AHEAD
    return serve(directory, answer, console_port)


def serve_all_ahead(directory: str, answer: int) -> int:
    return serve_ahead(directory, answer, "0")


def examine(directory: str, answer: int) -> int:
    from tests.crash import remains

    os.write(answer, json.dumps(remains.examine(directory)).encode() + b"\n")
    return 0


WORK: dict[str, Callable[[str, int], int]] = {
    "serve": serve,
    "serve-all": serve_all,
    "serve-ahead": serve_ahead,
    "serve-all-ahead": serve_all_ahead,
    "examine": examine,
}

if __name__ == "__main__":
    main()
