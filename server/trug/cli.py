"""The command line."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from trug import __version__
from trug.settings import OPTIONS, Settings, SettingsError, read_settings, shown

if TYPE_CHECKING:
    from trug.app import Store
    from trug.manage.commands import Managed

CLEAN, FAILURE, USAGE, LOCKED = 0, 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0 clean, 1 failure, 2 usage or refused configuration, 3 store locked or newer."""
    options = build_parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except SettingsError as error:
        return fail(USAGE, str(error))
    except KeyboardInterrupt:
        return FAILURE
    return code


def fail(code: int, text: str) -> int:
    """Say why on standard error."""
    for line in text.splitlines() or [""]:
        print(f"trug: {line}", file=sys.stderr)
    return code


# Parsers


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="trug", description="An S3-compatible object storage server.")
    parser.add_argument("--version", action="version", version=f"trug {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    serve = _command(commands, "serve", "serve a data directory", run_serve)
    _add_settings(serve)
    init = _command(commands, "init", "make a data directory and apply --init, then stop", run_init)
    _add_settings(init)
    migrate = _command(
        commands, "migrate", "bring a closed store to the format of this version, or of an older one", run_migrate
    )
    migrate.add_argument("directory", nargs="?", metavar="DIR", help="data directory (./storage_data in a checkout)")
    migrate.add_argument("--config", metavar="FILE", help="settings file")
    migrate.add_argument("--to", type=int, metavar="N", help="the number of a format (default: the newest)")
    migrate.add_argument(
        "--yes", action="store_true", help="go to an older format, which loses what it has no place for"
    )
    _add_managed(commands)
    fsck = _command(commands, "fsck", "list what does not fit in a store; exit 1 when there is any", run_fsck)
    _add_store(fsck)
    _add_audit(commands)
    _add_explain(commands)
    token = _command(commands, "token", "print an ID token that a server with --dev accepts", run_token)
    token.add_argument("--sub", required=True, metavar="NAME", help="whom the token is about")
    for name, metavar, text in (
        ("email", "ADDRESS", "its claim email"),
        ("name", "TEXT", "its claim name"),
        ("policy", "NAMES", "policies that it gives, separated by commas"),
        ("expires", "SECONDS", "how long it is good (3600)"),
    ):
        token.add_argument(f"--{name}", metavar=metavar, help=text)
    _add_store(token)
    search = _command(commands, "search", "print the objects of a bucket that a filter holds of", run_search)
    search.add_argument("bucket", metavar="BUCKET")
    search.add_argument("filter", metavar="FILTER", help="as: extension = 'jpg' and size > 1 MB and tag.album = 'sea'")
    search.add_argument("--prefix", metavar="TEXT", help="only keys that begin so")
    search.add_argument("--explain", action="store_true", help="print what would be looked for, and by which way")
    _add_store(search)
    health = _command(commands, "health", "ask a server whether it is ready; exit 1 when it is not", run_health)
    health.add_argument("url", nargs="?", help="http://host:port (default: where the settings say)")
    worker = commands.add_parser("worker")  # started by ``serve``, for nobody else: so the help does not list it
    worker.set_defaults(run=run_worker)
    worker.add_argument("index", type=int)
    worker.add_argument("link", type=int)
    worker.add_argument("sockets", type=int, nargs="+")
    worker.add_argument("--console", type=int, nargs="*", default=[])
    config = commands.add_parser("config", help="settings").add_subparsers(required=True, metavar="ACTION")
    show = _command(config, "show", "print the settings in force", run_config_show)
    show.add_argument("--origin", action="store_true", help="say where each comes from")
    show.add_argument("--json", action="store_true", help="print JSON")
    _add_settings(show)
    return parser


def _command(commands: Any, name: str, text: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """Every setting as a flag, told apart from "not given" so that other places can say."""
    parser.add_argument("directory", nargs="?", metavar="DIR", help="data directory (./storage_data in a checkout)")
    parser.add_argument("--config", metavar="FILE", help="settings file (default: ./trug.toml if there is one)")
    for option in OPTIONS:
        if not option.on_command_line:
            continue
        if option.metavar:
            parser.add_argument(
                option.flag, dest=f"set_{option.name}", action="append", metavar=option.metavar, help=option.help
            )
        else:
            parser.add_argument(
                option.flag, dest=f"set_{option.name}", action="append_const", const="true", help=option.help
            )


def _add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dir", dest="directory", metavar="DIR", help="data directory (./storage_data in a checkout)")
    parser.add_argument("--config", metavar="FILE", help="settings file")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_audit(commands: Any) -> None:
    audit = _command(commands, "audit", "print who changed what, and when", run_command)
    filters = ("since", "until", "actor", "bucket")
    for argument in filters:
        audit.add_argument(f"--{argument}", metavar=argument.upper())
    _add_store(audit)
    audit.set_defaults(command="audit", given=filters)
    actions = audit.add_subparsers(metavar="ACTION")
    verify = _command(actions, "verify", "look whether a record was changed or is missing; exit 1 then", run_verify)
    _add_store(verify)
    trim = _command(actions, "trim", "forget the records from before a time", run_trim)
    trim.add_argument("--before", required=True, metavar="TIME")
    trim.add_argument("--yes", action="store_true", help="do it")
    _add_store(trim)
    trim.set_defaults(command="audit/trim", given=("before",))


def _add_explain(commands: Any) -> None:
    explain = _command(commands, "explain", "print why somebody may do something, or why not", run_explain)
    explain.add_argument("--as", dest="principal", required=True, metavar="ARN", help="who asks, or anonymous")
    explain.add_argument("action", metavar="ACTION", help="s3:GetObject, iam:CreateUser …")
    explain.add_argument("resource", metavar="RESOURCE", help="an ARN, bucket or bucket/key")
    explain.add_argument(
        "--context", action="append", default=[], metavar="KEY=VALUE", help="a condition key of the request"
    )
    explain.add_argument("--session-policy", metavar="FILE", help="a policy that the session was given")
    explain.add_argument("--version-id", metavar="ID", help="the version that is meant")
    _add_store(explain)


GROUPS = {
    "bucket": "buckets",
    "account": "accounts",
    "user": "users of an account",
    "quota": "quotas of buckets and accounts",
    "key": "access keys",
    "kms": "keys of encryption",
    "clock": "the clock that Object Lock goes by",
    "lifecycle": "lifecycle rules of buckets",
    "group": "groups of users",
    "role": "roles of an account",
    "policy": "managed policies",
}
MANAGED: tuple[tuple[str, str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("lifecycle", "preview", "print what a bucket's rules would do now", ("bucket",), ()),
    ("user", "add", "make a user", ("name",), ("account", "policy", "path")),
    ("group", "add", "make a group", ("name",), ("account", "path")),
    (
        "role",
        "add",
        "make a role; TRUST is a file with its trust policy",
        ("name", "trust"),
        ("account", "path", "description", "longest"),
    ),
    *(
        row
        for parser, kind in (("user", "user"), ("group", "group"), ("role", "role"))
        for row in (
            (kind, "list", f"list {kind}s", (), ("account",)),
            (kind, "show", f"print a {kind} and its policies", ("name",), ("account",)),
            (kind, "remove", f"remove a {kind} and what is its own", ("name",), ("account",)),
            (kind, "attach", "give a managed policy", ("name", "policy"), ("account",)),
            (kind, "detach", "take a managed policy away", ("name", "policy"), ("account",)),
        )
    ),
    *(
        (
            kind,
            "revoke-sessions",
            "end the sessions begun so far",
            ("name",),
            ("account",),
        )
        for parser, kind in (("user", "user"), ("role", "role"))
    ),
    ("group", "join", "make a user a member", ("name", "user"), ("account",)),
    ("group", "leave", "make a user a member no longer", ("name", "user"), ("account",)),
    (
        "policy",
        "add",
        "make a managed policy; DOCUMENT is a file (- for standard input)",
        ("name", "document"),
        ("account", "path"),
    ),
    (
        "policy",
        "set",
        "put another document in force",
        ("name", "document"),
        ("account",),
    ),
    ("policy", "list", "list managed policies", (), ("account",)),
    ("policy", "show", "print a managed policy", ("name",), ("account",)),
    ("policy", "remove", "remove a managed policy", ("name",), ("account",)),
    (
        "key",
        "add",
        "make an access key; its secret is printed once",
        (),
        ("user", "account", "access_key", "secret_key"),
    ),
    ("key", "list", "list access keys", (), ("user", "account")),
    ("key", "remove", "remove an access key", ("access_key",), ()),
    ("key", "activate", "accept again what a key signs", ("access_key",), ()),
    ("key", "deactivate", "accept what a key signs no longer", ("access_key",), ()),
    (
        "account",
        "add",
        "make an account",
        ("id",),
        ("canonical_id", "display_name", "email"),
    ),
    ("account", "show", "print an account", ("id",), ()),
    ("account", "block", "block public access to all buckets of an account", ("id",), ("only",)),
    ("account", "unblock", "let buckets be public again", ("id",), ()),
    ("account", "remove", "remove an account that is empty", ("id",), ()),
    ("account", "name", "give an account another name beside its id", ("id", "alias"), ()),
    ("bucket", "list", "list buckets with what they hold", (), ("account",)),
    ("bucket", "index", "have searches go by an index: STATE is on or off", ("name", "state"), ()),
    ("kms", "create", "make a KMS key", ("name",), ()),
    ("kms", "rotate", "give a key a new version, and wrap all under it", ("name",), ()),
    ("kms", "rewrap", "wrap under a key's newest version what is under others", ("name",), ()),
    ("kms", "list", "list the keys in the key ring", (), ()),
    ("clock", "accept", "have retention go by the system clock as it is now", (), ()),
    ("account", "list", "list accounts with what their buckets hold", (), ()),
    (
        "quota",
        "set",
        "limit what a bucket or an account may hold",
        (),
        ("bucket", "account", "bytes", "objects"),
    ),
    ("quota", "show", "print a quota and what is used of it", (), ("bucket", "account")),
    ("quota", "clear", "lift a quota", (), ("bucket", "account")),
)
"""Commands on a store: group, name, what it does, arguments that it needs, and flags that it may have."""


def _add_managed(commands: Any) -> None:
    groups = {
        group: commands.add_parser(group, help=text).add_subparsers(required=True, metavar="ACTION")
        for group, text in GROUPS.items()
    }
    for group, name, text, needed, optional in MANAGED:
        parser = _command(groups[group], name, text, run_command)
        for argument in needed:
            parser.add_argument(argument, metavar=argument.upper())
        for argument in optional:
            parser.add_argument(f"--{argument.replace('_', '-')}", dest=argument, metavar=argument.upper())
        _add_store(parser)
        parser.set_defaults(command=f"{group}/{name}", given=(*needed, *optional))


# Commands


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
    return _manage(options, options.command, given, _print_answer)


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
    return _manage(options, "search", given | ({"explain": "yes"} if options.explain else {}), _print_answer)


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
            _print_explanation(answer["explanation"])

    code = _manage(options, "explain", given, show)
    return FAILURE if code == CLEAN and not allowed else code


def _print_explanation(found: dict[str, Any]) -> None:
    verdict = "allowed" if found["allowed"] else "denied"
    print(_printable(f"{found['principal']} {found['action']} {found['resource']}"))
    print(_printable(f"{verdict}, {found['reason']}"))
    policies: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for statement in found["statements"]:
        policies.setdefault((statement["policy"], statement["name"]), []).append(statement)
    for (kind, name), statements in policies.items():
        print(_printable(f"{kind} {name}".rstrip() + ":"))
        for statement in statements:
            print(_printable(f"  {_statement_line(statement)}"))
    for key in found["absent"]:
        print(_printable(f"note: the policies ask for {key}, which has no value: --context {key}=VALUE gives it one"))
    for note in found["notes"]:
        print(_printable(f"note: {note}"))


def _statement_line(statement: dict[str, Any]) -> str:
    line = f"{statement['statement']} {statement['effect']}"
    if statement["sid"]:
        line += f" ({statement['sid']})"
    if statement["applies"]:
        return f"{line}: applies" + (", and decides" if statement["decides"] else "")
    condition = statement.get("condition")
    if condition is None:
        return f"{line}: does not apply, another {statement['mismatch'].lower()}"
    found = "absent" if condition["found"] is None else ", ".join(condition["found"])
    wanted = ", ".join(condition["wanted"])
    return f"{line}: does not apply, {condition['operator']} {condition['key']} wants {wanted} and finds {found}"


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


TABLES = {
    "bucket/list": ("name", "account", "region", "versioning", "objects", "versions", "bytes", "uploads", "created"),
    "search": ("key", "bytes", "storage_class", "modified"),
    "kms/list": ("name", "versions", "newest"),
    "lifecycle/preview": ("action", "rule", "key", "version_id", "upload_id", "storage_class", "since"),
    "policy/list": ("name", "version", "attachments", "arn"),
    "account/list": ("id", "display_name", "email", "objects", "versions", "bytes", "uploads"),
}
"""Commands whose answer people read as a table, and its columns."""


def _print_answer(options: argparse.Namespace, answer: dict[str, Any]) -> None:
    if options.json:
        print(json.dumps(answer))
        return
    if options.command in PRINTED:
        PRINTED[options.command](answer)
        return
    if options.command in TABLES:
        (rows,) = answer.values()
        _print_table(TABLES[options.command], rows)
        return
    for value in answer.values():
        for row in value if isinstance(value, list) else [value]:
            print("  ".join(f"{name}={_shown(text)}" for name, text in row.items()))


def _print_records(answer: dict[str, Any]) -> None:
    for record in answer["records"]:
        who = record["actor"] or record["address"] or "trug"
        key = f" ({record['access_key']})" if record["access_key"] else ""
        origin = f" from {record['address']}" if record["actor"] and record["address"] else ""
        print(_printable(f"{record['record']}  {record['time']}  {who}{key}{origin}  {record['action']}"))
        for change in record["changes"]:
            print(_printable(f"    {change['resource']}: {_brief(change['before'])} -> {_brief(change['after'])}"))


def _brief(value: object) -> str:
    text = "-" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_BRIEF else f"{text[:LONGEST_BRIEF]}…"


def _printable(text: str) -> str:
    """What clients sent moves nobody's cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


LONGEST_BRIEF = 160
PRINTED: dict[str, Callable[[dict[str, Any]], None]] = {"audit": _print_records}
"""Commands whose answer people read in a form of its own."""


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ",".join(f"{name}={text}" for name, text in value.items())
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _print_table(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Columns as wide as what is in them; numbers and sizes on their right edge."""
    cells = [[name.upper().replace("_", " ") for name in columns]]
    cells += [[_cell(name, row[name]) for name in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    aligned = [">" if name in NUMBERS else "<" for name in columns]
    for line in cells:
        print("  ".join(map("{:{}{}}".format, line, aligned, widths)).rstrip())


NUMBERS = {"attachments", "objects", "versions", "bytes", "uploads"}


def _cell(name: str, value: str | int) -> str:
    return size(int(value)) if name == "bytes" else str(value) or "-"


def size(count: int) -> str:
    """Bytes for people: ``0 B``, ``1.5 KiB``, ``12.0 TiB``."""
    if count < KIB:
        return f"{count} B"
    power = min((count.bit_length() - 1) // 10, len(UNITS))
    return f"{count / KIB**power:.1f} {UNITS[power - 1]}"


KIB = 1024
UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")


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


def run() -> NoReturn:
    """The ``trug`` script."""
    sys.exit(main())
