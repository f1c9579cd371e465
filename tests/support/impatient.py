"""The server with a patience and a number of connections that no setting gives: run as a program, for tests.

``impatient.py PATIENCE MOST DESCRIPTORS FLAGS DIRECTORY``: a JSON object of ``Patience``, the most connections, the
most open files, and a JSON object of settings as the command line gives them.
"""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import sys

from trug.app import Service, build_observer
from trug.edge.patience import Patience
from trug.edge.port import Port
from trug.serving import S3Port, run
from trug.settings import Settings, read_settings
from trug.sockets import listening_sockets, tell_ready, urls_of


async def serve(settings: Settings, patience: Patience, most: int) -> int:
    """Serve until TERM."""
    sockets = listening_sockets(settings.host, settings.port)
    observer = build_observer(settings, is_terminal=False)
    service = Service(settings, observer)
    await service.start()
    try:
        port = S3Port(settings, Port(service.gateway, patience, most=most), observer)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, port.stop)
        await port.serve(sockets, lambda: tell_ready(settings.ready_fd, urls_of(settings, sockets)))
    finally:
        await service.stop()
    return 0


def main() -> int:
    patience, most, descriptors, flags, directory = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(descriptors), int(descriptors)))
    settings = read_settings(json.loads(flags), directory=directory)
    return run(serve(settings, Patience(**json.loads(patience)), int(most)), settings)


if __name__ == "__main__":
    sys.exit(main())
