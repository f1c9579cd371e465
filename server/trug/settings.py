"""Settings: flags over environment (and .env) over trug.toml over defaults; the only reader of the environment."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from string import Formatter
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

OFF = -1
MEDIA_TYPE = re.compile(r"\*/\*|[A-Za-z0-9][\w.+-]*/(?:\*|[A-Za-z0-9][\w.+-]*)")

MEDIA = re.compile(r"[a-z]+/([a-z0-9][a-z0-9.+-]*|\*)\Z")
PREFIX = "TRUG_"
DOTENV = ".env"
TOML = "trug.toml"
LARGEST_INLINE = 64 << 10
SECRET = "***"


OFFICE = "application/vnd.openxmlformats-officedocument"
USUAL_TYPES = (
    "image/*",
    "video/*",
    "audio/*",
    "text/*",
    "application/pdf",
    "application/zip",
    f"{OFFICE}.wordprocessingml.document",
    f"{OFFICE}.spreadsheetml.sheet",
    f"{OFFICE}.presentationml.presentation",
)


class UploadProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be uploaded by presigned URLs: media types (``image/*``), sizes in bytes, times in seconds.

    ``key`` is the object's key, in which ``{uuid}`` must stand, and ``{extension}``, ``{profile}``, ``{user}`` and
    ``{date}`` may. Files of ``parts_from`` bytes and more get URLs for parts too.
    """

    bucket: str = "uploads"
    types: tuple[str, ...] = USUAL_TYPES
    largest: Annotated[int, msgspec.Meta(ge=1, le=50 << 40)] = 5 << 30
    key: str = "{uuid}{extension}"
    lifetime: Annotated[int, msgspec.Meta(ge=1, le=604_800)] = 3600
    parts_from: Annotated[int, msgspec.Meta(ge=5 << 20)] = 100 << 20


class SettingsError(Exception):
    """Everything that is wrong with the settings, one mistake a line."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a server is told. Sizes in bytes, times in seconds, ``OFF`` for a port that does not listen."""

    directory: str = "storage_data"
    host: tuple[str, ...] = ("127.0.0.1", "::1")
    port: int = 9000
    console_port: int = 9001
    env: str = "development"
    upload_timeout: float = 60
    upload_types: tuple[str, ...] = ("image/jpeg", "image/png", "image/webp", "application/pdf")
    upload_profiles: str = "{}"
    user_types: tuple[str, ...] = ("renter", "rentee")
    emptying_share: float = 0.25
    api_rate: float = 0
    init: str = ""
    dev: bool = False
    workers: int = 1
    durability: Literal["full", "none"] = "full"
    domain: tuple[str, ...] = ()
    region: tuple[str, ...] = ("us-east-1",)
    tls_cert: str = ""
    tls_key: str = ""
    inline_max: int = 32 << 10
    lifecycle_day: float = 86_400
    access_log_period: float = 60
    restore_delay: float = 0
    sse_c_over_http: bool = False
    kms: str = ""
    kms_key: str = ""
    kms_token: str = field(default="", repr=False)
    ready_fd: int = OFF
    public_url: tuple[str, ...] = ()
    trusted_proxy: tuple[str, ...] = ()
    website_domain: tuple[str, ...] = ()
    sigv2: bool = False
    object_ownership: str = "BucketOwnerEnforced"
    block_public_access: bool = False
    metrics_token: str = field(default="", repr=False)
    max_header_bytes: int = 32 << 10
    keep_alive: float = 75
    shutdown_timeout: float = 30
    log_format: str = "auto"
    root_access_key: str = ""
    root_secret_key: str = field(default="", repr=False)
    master_key: str = field(default="", repr=False)
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    warnings: tuple[str, ...] = ()


# Reading one value


def _text(value: str) -> str:
    return value


def _media_types(value: str) -> str:
    if not MEDIA_TYPE.fullmatch(value):
        raise ValueError("a media type is TYPE/SUBTYPE, TYPE/* or */*")
    return value.lower()


def _port(value: str) -> int:
    number = int(value)
    if not 0 <= number <= 65_535:
        raise ValueError("a port is a number from 0 to 65535")
    return number


def _console_port(value: str) -> int:
    return OFF if value == "off" else _port(value)


def _flag(value: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    if value.lower() not in known:
        raise ValueError("say true or false")
    return known[value.lower()]


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        number = int(value)
        if not low <= number <= high:
            raise ValueError(f"a number from {low} to {high}")
        return number

    return read


def _seconds(value: str) -> float:
    number = float(value)
    if not 0 < number < float("inf"):
        raise ValueError("a number of seconds above 0")
    return number


def _delay(value: str) -> float:
    number = float(value)
    if not 0 <= number < float("inf"):
        raise ValueError("a number of seconds")
    return number


def _share(value: str) -> float:
    number = float(value)
    if not 0 < number <= 1:
        raise ValueError("a share is a number above 0 and up to 1")
    return number


def _one_of(*known: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in known:
            raise ValueError(f"one of {', '.join(known)}")
        return value

    return read


def _network(value: str) -> str:
    return str(ipaddress.ip_network(value, strict=False))


def _key_service(value: str) -> str:
    kind, plus, url = value.partition("+")
    if kind not in ("vault", "aws") or not plus or not url.startswith(("http://", "https://")):
        raise ValueError("a key service is vault+https://HOST:PORT/v1/MOUNT or aws+https://HOST")
    return value


KNOWN_IN_KEYS = frozenset({"uuid", "extension", "profile", "user", "date"})


def _profiles(value: str) -> str:
    """The profiles as JSON, looked through."""
    try:
        profiles = upload_profiles(value)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    for name, profile in profiles.items():
        parsed = [(field, spec or how) for _, field, spec, how in Formatter().parse(profile.key) if field is not None]
        fields = {field for field, _ in parsed}
        if "uuid" not in fields or fields - KNOWN_IN_KEYS or any(shape for _, shape in parsed):
            known = ", ".join(sorted(KNOWN_IN_KEYS))
            raise ValueError(f"{name}: the key has {{uuid}} in it, and nothing but what is known: {known}")
        if not profile.types or not all(MEDIA.match(media) for media in profile.types):
            raise ValueError(f"{name}: types are media types, like image/png or image/*")
    return value


def upload_profiles(text: str) -> dict[str, UploadProfile]:
    """The profiles that a setting names, and the one that is there without it."""
    return {"default": UploadProfile(), **msgspec.json.decode(text, type=dict[str, UploadProfile])}


class Option(NamedTuple):
    """One setting as users write it: ``reads`` makes its value from text; ``many`` may be given several times."""

    name: str
    reads: Callable[[str], Any]
    help: str
    metavar: str = ""
    many: bool = False
    secret: bool = False
    on_command_line: bool = True

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()


OPTIONS: tuple[Option, ...] = (
    Option("host", _text, "address to listen on (default: 127.0.0.1 and ::1)", "HOST", many=True),
    Option("port", _port, "port of the S3 API; 0 picks a free one (9000)", "PORT"),
    Option("console_port", _console_port, "port of the management API; 0 picks a free one, off: none (9001)", "PORT"),
    Option("env", _text, "what /health calls this installation (development)", "NAME"),
    Option("upload_timeout", _seconds, "how long an upload over the HTTP API may take (60)", "SECONDS"),
    Option(
        "emptying_share",
        _share,
        "of its time a job that empties a bucket works while others write, up to 1 (0.25)",
        "SHARE",
    ),
    Option(
        "upload_types",
        _media_types,
        "media type that may be uploaded over the HTTP API, image/* for all of a kind, */* for all (images and PDF)",
        "TYPE",
        many=True,
    ),
    Option(
        "upload_profiles",
        _profiles,
        "what may be uploaded by presigned URLs: JSON, or tables [upload_profiles.NAME] of trug.toml",
        on_command_line=False,
    ),
    Option("user_types", _text, "what the userType of a profile may be (renter, rentee)", "NAME", many=True),
    Option("api_rate", _delay, "requests a second that each caller of the HTTP API has; 0: any number (0)", "N"),
    Option("init", _text, "TOML file that declares accounts, users, keys and buckets to create where missing", "FILE"),
    Option("dev", _flag, "use the keys minioadmin/minioadmin, on loopback only"),
    Option("workers", _whole(1, 64), "processes that serve (1)", "N"),
    Option("durability", _one_of("full", "none"), "full: synced before the answer; none: for tests (full)", "LEVEL"),
    Option("domain", _text, "answer virtual-hosted requests, BUCKET.NAME", "NAME", many=True),
    Option(
        "region",
        _text,
        "region that requests may be signed for; the first is the default (us-east-1)",
        "NAME",
        many=True,
    ),
    Option("tls_cert", _text, "serve HTTPS with this certificate chain", "FILE"),
    Option("tls_key", _text, "private key of the certificate", "FILE"),
    Option(
        "inline_max",
        _whole(0, LARGEST_INLINE),
        "largest object kept in the database; 0: every object is a file (32768)",
        "BYTES",
    ),
    Option("lifecycle_day", _seconds, "how long a day of lifecycle rules is (86400)", "SECONDS"),
    Option("access_log_period", _seconds, "how often buckets' access logs are delivered (60)", "SECONDS"),
    Option("restore_delay", _delay, "how long it takes to restore an archived object (0)", "SECONDS"),
    Option("sse_c_over_http", _flag, "accept SSE-C keys without TLS"),
    Option(
        "kms",
        _key_service,
        "where KMS keys are: vault+https://HOST:PORT/v1/MOUNT or aws+https://HOST (default: in DIR/keys)",
        "URL",
    ),
    Option("kms_key", _text, "KMS key to use where a request names none", "KEY"),
    Option(
        "kms_token",
        _text,
        "token of Vault, or ACCESS_KEY:SECRET_KEY for AWS KMS",
        secret=True,
        on_command_line=False,
    ),
    Option("ready_fd", _whole(0, 1 << 20), "write one JSON line to this descriptor when listening", "N"),
    Option(
        "public_url", _text, "URL under which clients reach this server; presigned URLs verify for it", "URL", many=True
    ),
    Option("trusted_proxy", _network, "believe X-Forwarded-* from here", "CIDR", many=True),
    Option("website_domain", _text, "serve bucket websites on BUCKET.NAME", "NAME", many=True),
    Option("sigv2", _flag, "accept signature version 2 in the Authorization header"),
    Option(
        "object_ownership",
        _one_of("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"),
        "object ownership of new buckets (BucketOwnerEnforced)",
        "MODE",
    ),
    Option("block_public_access", _flag, "new buckets start with public access blocked"),
    Option("metrics_token", _text, "bearer token for /-/metrics (none: loopback only)", "TOKEN", secret=True),
    Option("max_header_bytes", _whole(1024, 1 << 20), "largest request header (32768)", "BYTES"),
    Option("keep_alive", _seconds, "close idle connections after this time (75)", "SECONDS"),
    Option("shutdown_timeout", _seconds, "how long TERM waits for requests in flight (30)", "SECONDS"),
    Option("log_format", _one_of("auto", "human", "json"), "auto: human on a terminal, JSON otherwise", "FORMAT"),
    Option("root_access_key", _text, "access key of the default account's root", on_command_line=False),
    Option("root_secret_key", _text, "its secret", secret=True, on_command_line=False),
    Option(
        "master_key",
        _text,
        "key that seals secrets in the store, 32 bytes in base64 or hex",
        secret=True,
        on_command_line=False,
    ),
)

FALLBACKS = {
    "root_access_key": ("MINIO_ROOT_USER", "MINIO_ACCESS_KEY"),
    "root_secret_key": ("MINIO_ROOT_PASSWORD", "MINIO_SECRET_KEY"),
    "env": ("APP_ENV",),
    "upload_timeout": ("UPLOAD_TIMEOUT_SECONDS",),
}
WITH_FILE = ("root_access_key", "root_secret_key", "master_key", "metrics_token", "kms_token")


class Found(NamedTuple):
    """Text that was given for an option, and where."""

    texts: tuple[str, ...]
    origin: str


def read_settings(
    flags: Mapping[str, Sequence[str]] | None = None,
    *,
    directory: str | None = None,
    config: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """All settings. ``flags`` maps option names to what the command line gave. SettingsError names every mistake."""
    mistakes: list[str] = []
    warnings: list[str] = []
    environment = os.environ if environment is None else environment
    layers = (
        {name: Found(tuple(texts), f"flag --{name.replace('_', '-')}") for name, texts in (flags or {}).items()},
        _from_variables(environment, "environment", mistakes, warnings),
        _from_variables(_dotenv(), DOTENV, mistakes, warnings),
        _from_toml(config, mistakes),
    )
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for option in OPTIONS:
        found = next((layer[option.name] for layer in layers if option.name in layer), None)
        if found is None:
            continue
        origins[option.name] = found.origin
        try:
            values[option.name] = _value(option, found)
        except ValueError as error:
            mistakes.append(f"{found.origin}: {option.name}: {error}")
    if directory is None:
        directory, origins["directory"] = _directory(layers)
    else:
        origins["directory"] = "argument"
    settings = Settings(directory=directory, origins=origins, warnings=tuple(warnings), **values)
    mistakes += _contradictions(settings)
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return settings


def as_text(settings: Settings) -> str:
    """All of it in one line, secrets in plain: for a process of our own, over a pipe."""
    return json.dumps(asdict(settings))


def from_text(text: str) -> Settings:
    """What ``as_text`` was given."""
    values: dict[str, Any] = json.loads(text)
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return Settings(**values | lists)


def _value(option: Option, found: Found) -> Any:
    if option.many:
        return tuple(option.reads(text) for text in found.texts)
    if len(found.texts) != 1:
        raise ValueError("give one value")
    return option.reads(found.texts[0])


def _from_variables(
    variables: Mapping[str, str], place: str, mistakes: list[str], warnings: list[str]
) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for option in OPTIONS:
        names = (option.variable, *FALLBACKS.get(option.name, ()))
        name = next((name for name in names if variables.get(name)), None)
        if name is not None:
            texts = tuple(part.strip() for part in variables[name].split(",")) if option.many else (variables[name],)
            found[option.name] = Found(texts, f"{place} {name}")
        elif option.name in WITH_FILE and variables.get(option.variable + "_FILE"):
            _read_secret(option, variables[option.variable + "_FILE"], place, found, mistakes)
    if variables.get("TRUG_DIRECTORY"):
        found["directory"] = Found((variables["TRUG_DIRECTORY"],), f"{place} TRUG_DIRECTORY")
    known = {option.variable for option in OPTIONS} | {f"{PREFIX}{name.upper()}_FILE" for name in WITH_FILE}
    known |= {"TRUG_DIRECTORY", "TRUG_CONFIG"}
    known |= {name for name in variables if name.startswith(("TRUG_BENCH_", "TRUG_TEST_"))}
    strange = sorted(name for name in variables if name.startswith(PREFIX) and name not in known)
    warnings += [f"{place}: {name} is not a setting of trug" for name in strange]
    return found


def _read_secret(option: Option, path: str, place: str, found: dict[str, Found], mistakes: list[str]) -> None:
    try:
        with open(path, encoding="utf-8") as file:
            found[option.name] = Found((file.read().strip(),), f"{place} {option.variable}_FILE")
    except OSError as error:
        mistakes.append(f"{place} {option.variable}_FILE: {error}")


def _dotenv() -> Mapping[str, str]:
    if not os.path.exists(DOTENV):
        return {}
    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(DOTENV, interpolate=False).items() if value is not None}


def _from_toml(config: str | None, mistakes: list[str]) -> dict[str, Found]:
    path = config or TOML
    if config is None and not os.path.exists(path):
        return {}
    try:
        with open(path, "rb") as file:
            table = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        mistakes.append(f"{path}: {error}")
        return {}
    known = {option.name for option in OPTIONS} | {"directory"}
    found: dict[str, Found] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in known:
            mistakes.append(f"{path}: {key} is not a setting of trug")
            continue
        texts = tuple(_toml_text(item) for item in (value if isinstance(value, list) else [value]))
        found[name] = Found(texts, path)
    return found


def _toml_text(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value, default=str)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _directory(layers: Sequence[Mapping[str, Found]]) -> tuple[str, str]:
    """Where the data lies when no argument says so: ./storage_data in a checkout, else the user's data folder."""
    for layer in layers:
        if "directory" in layer:
            return layer["directory"].texts[0], layer["directory"].origin
    if os.path.isdir("storage_data") and os.path.isfile("pyproject.toml"):
        return "storage_data", "default in a checkout"
    home = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(home, "trug"), "default"


LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_loopback(host: str) -> bool:
    """Whether this address is the machine itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _contradictions(settings: Settings) -> list[str]:
    checks = (
        (bool(settings.tls_cert) != bool(settings.tls_key), "tls_cert and tls_key go together"),
        (settings.dev and not all(map(is_loopback, settings.host)), "dev binds loopback only: leave out host"),
        (
            bool(settings.root_access_key) != bool(settings.root_secret_key),
            "root_access_key and root_secret_key go together",
        ),
        (bool(settings.kms) != bool(settings.kms_token), "kms and kms_token go together"),
        (
            not set(settings.domain).isdisjoint(settings.website_domain),
            "website_domain and domain must differ: a bucket's website has a host of its own",
        ),
        (bool(settings.init) and not os.path.isfile(settings.init), f"init: no such file: {settings.init}"),
    )
    return [text for is_wrong, text in checks if is_wrong]


def shown(settings: Settings) -> list[tuple[str, str, str]]:
    """(name, value, origin) of every setting; secrets as ``***``."""
    secrets = {option.name for option in OPTIONS if option.secret}
    rows = []
    for entry in fields(settings):
        if entry.name in ("origins", "warnings"):
            continue
        value = getattr(settings, entry.name)
        text = SECRET if entry.name in secrets and value else _shown_value(entry.name, value)
        rows.append((entry.name, text, settings.origins.get(entry.name, "default")))
    return rows


def _shown_value(name: str, value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "off" if value == OFF and name in ("console_port", "ready_fd") else _toml_text(value)
