"""What each command does."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from trug.cli.printing import CLEAN, FAILURE, LOCKED, USAGE, fail, print_answer, print_explanation
from trug.settings import Settings, read_settings, shown

if TYPE_CHECKING:
    from trug.app import Store
    from trug.manage.commands import Managed


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that the flags of this command leave in force. SettingsError."""
    flags = {
        name.removeprefix("set_"): value
        for name, value in vars(options).items()
        if name.startswith("set_") and value is not None
    }
    return read_settings(flags, directory=options.directory, config=options.config)


def run_serve(options: argparse.Namespace) -> int:
    from trug.sockets import AddressInUse

    settings = settings_of(options)
    return _on_store(lambda: _serve(settings), AddressInUse)


def _serve(settings: Settings) -> int:
    if settings.workers > 1:
        from trug.supervision import supervise

        return supervise(settings)
    gc.disable()  # serving turns it on: to look for cycles among the modules of a start takes 30 ms
    from trug.serving import serve

    return serve(settings)


def run_worker(options: argparse.Namespace) -> int:
    gc.disable()
    from trug.working import work

    return _on_store(lambda: work(options.index, options.link, options.sockets, options.console))


def run_init(options: argparse.Namespace) -> int:
    settings = settings_of(options)

    import asyncio

    async def apply() -> int:
        from trug.app import Store

        store = await Store.open(settings)
        try:
            _tell_new_pair(store)
            for text in await store.initialise():
                print(f"stored, but without effect yet: {text}")
        finally:
            await store.close()
        return CLEAN

    return _on_store(lambda: asyncio.run(apply()))


def run_migrate(options: argparse.Namespace) -> int:
    settings = read_settings(directory=options.directory, config=options.config)
    if not os.path.isdir(settings.directory):
        return fail(USAGE, f"there is no data directory {settings.directory}")

    def work() -> int:
        from trug.app import migrate

        moved = migrate(settings, options.to, loses=options.yes)
        if moved.found == moved.wanted:
            print(f"{settings.directory} has format {moved.found}")
        elif moved.found == 0:
            print(f"{settings.directory} has a new store, of format {moved.wanted}")
        elif moved.is_refused:
            return fail(
                USAGE,
                f"going from format {moved.found} back to format {moved.wanted} loses what that has no place for: "
                "make a copy of trug.db, and say so with --yes",
            )
        else:
            print(f"{settings.directory} was brought from format {moved.found} to format {moved.wanted}")
        return CLEAN

    return _on_store(work)


def _on_store(work: Callable[[], int], *refused: type[Exception]) -> int:
    """Run what opens a store; the ways it can be refused as exit codes."""
    try:
        return work()
    except Exception as error:
        from trug.app import LOCKED_BY, REFUSED_BY

        for code, kinds in ((LOCKED, LOCKED_BY), (USAGE, (*REFUSED_BY, *refused)), (FAILURE, (OSError,))):
            if isinstance(error, kinds):
                return fail(code, str(error))
        raise


def run_command(options: argparse.Namespace) -> int:
    given = {name: value for name in options.given if (value := getattr(options, name)) is not None}
    for name in FILES & given.keys():
        try:
            given[name] = _read_file(given[name])
        except (OSError, ValueError) as error:
            return fail(USAGE, str(error))
    return _manage(options, options.command, given, print_answer)


FILES = {"document", "trust"}
"""Arguments that are names of files; what is in these is sent."""


def _read_file(name: str) -> str:
    if name == "-":
        return sys.stdin.read()
    with open(name, encoding="utf-8") as file:
        return file.read()


def run_token(options: argparse.Namespace) -> int:
    def show(options: argparse.Namespace, answer: dict[str, Any]) -> None:
        print(json.dumps(answer) if options.json else answer["token"])

    names = ("sub", "email", "name", "policy", "expires")
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    return _manage(options, "token", given, show)


def run_search(options: argparse.Namespace) -> int:
    given = {name: value for name in ("bucket", "filter", "prefix") if (value := getattr(options, name)) is not None}
    options.command = "search/explain" if options.explain else "search"
    return _manage(options, "search", given | ({"explain": "yes"} if options.explain else {}), print_answer)


def run_fsck(options: argparse.Namespace) -> int:
    found = False

    def show(options: argparse.Namespace, answer: dict[str, Any]) -> None:
        nonlocal found
        found = bool(answer["findings"])
        if options.json:
            print(json.dumps(answer))
            return
        for line in answer["findings"]:
            print(line)
        print(f"{answer['checked']} rows and blobs checked, {len(answer['findings'])} findings")

    code = _manage(options, "fsck", {}, show)
    return FAILURE if code == CLEAN and found else code


def run_explain(options: argparse.Namespace) -> int:
    context: dict[str, list[str]] = {}
    for pair in options.context:
        key, equals, value = pair.partition("=")
        if not equals:
            return fail(USAGE, f"--context {pair}: give it as KEY=VALUE")
        context.setdefault(key, []).append(value)
    given = {"as": options.principal, "action": options.action, "resource": options.resource}
    given["context"] = json.dumps(context)
    if options.version_id is not None:
        given["version_id"] = options.version_id
    if options.session_policy is not None:
        try:
            given["session_policy"] = _read_file(options.session_policy)
        except (OSError, ValueError) as error:
            return fail(USAGE, str(error))
    allowed = False

    def show(options: argparse.Namespace, answer: dict[str, Any]) -> None:
        nonlocal allowed
        allowed = answer["explanation"]["allowed"]
        if options.json:
            print(json.dumps(answer))
        else:
            print_explanation(answer["explanation"])

    code = _manage(options, "explain", given, show)
    return FAILURE if code == CLEAN and not allowed else code


def run_verify(options: argparse.Namespace) -> int:
    broken = ""

    def show(options: argparse.Namespace, answer: dict[str, Any]) -> None:
        nonlocal broken
        audit = answer["audit"]
        broken = audit.get("broken", "")
        if options.json:
            print(json.dumps(answer))
            return
        print(broken or f"{audit['records']} records follow one from another; the last is {audit['last']}")
        print(f"hash {audit['hash']}")

    code = _manage(options, "audit/verify", {}, show)
    return FAILURE if code == CLEAN and broken else code


def run_trim(options: argparse.Namespace) -> int:
    if not options.yes:
        return fail(USAGE, f"this forgets for ever who changed what before {options.before}: say so with --yes")
    return run_command(options)


def _manage(
    options: argparse.Namespace,
    command: str,
    given: dict[str, str],
    show: Callable[[argparse.Namespace, dict[str, Any]], None],
) -> int:
    """Run a command on the store: in the server that has it open, else here."""
    settings = read_settings(directory=options.directory, config=options.config)
    if not os.path.isdir(settings.directory):
        return fail(USAGE, f"there is no data directory {settings.directory}")

    def work() -> int:
        answer = _ask_server(settings.directory, command, given)
        if answer is None:
            import asyncio

            answer = asyncio.run(_run_here(settings, command, given))
        if "error" in answer:
            return fail(FAILURE, str(answer["error"]))
        show(options, answer)
        return CLEAN

    return _on_store(work)


def _ask_server(directory: str, command: str, given: dict[str, str]) -> dict[str, Any] | None:
    """The answer, all pages of it, of the server that has the store open; None when none answers."""
    from trug.manage.client import find_answer
    from trug.manage.commands import joined

    answer = find_answer(directory, command, given)
    while answer is not None and "next" in answer:
        more = find_answer(directory, command, {**given, "after": answer["next"]})
        answer = more and joined(answer, more)
    return answer


async def _run_here(settings: Settings, command: str, given: dict[str, str]) -> dict[str, Any]:
    from trug.app import Store
    from trug.iam.refusals import IamError

    store = await Store.open(settings, serves=False)
    try:
        return await _all_pages(store.managed, command, given)
    except IamError as error:
        return {"error": str(error)}
    finally:
        await store.close()


async def _all_pages(store: Managed, command: str, given: dict[str, str]) -> dict[str, Any]:
    from trug.manage.commands import joined
    from trug.manage.commands import run as run_on

    answer = await run_on(store, command, given)
    while "next" in answer:
        answer = joined(answer, await run_on(store, command, {**given, "after": answer["next"]}))
    return answer


def _tell_new_pair(store: Store) -> None:
    """Whoever opened a store that had no root key pair is shown the one that was made, on standard error."""
    pair = store.root.pair
    if not pair.is_new:
        return
    from trug.serving import first_steps

    print("\n".join(first_steps(pair.access_key, pair.secret_key, _local_url(store.settings))), file=sys.stderr)


def run_health(options: argparse.Namespace) -> int:
    import urllib.error
    import urllib.request

    url = options.url or _local_url(read_settings())
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/-/ready", timeout=5) as answer:
            print(answer.read().decode())
    except (OSError, ValueError) as error:
        return fail(FAILURE, f"{url}: {error}")
    return CLEAN


def _local_url(settings: Settings) -> str:
    host = settings.host[0].replace("0.0.0.0", "127.0.0.1")
    scheme = "https" if settings.tls_cert else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}"


def run_config_show(options: argparse.Namespace) -> int:
    rows = shown(settings_of(options))
    if options.json:
        print(json.dumps({name: {"value": value, "origin": origin} for name, value, origin in rows}))
        return CLEAN
    width = max(len(name) for name, _, _ in rows)
    for name, value, origin in rows:
        print(f"{name:{width}}  {value}" + (f"    ({origin})" if options.origin else ""))
    return CLEAN
