"""A whole server in this process whose people live in its own store, with the query APIs of IAM and STS."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as Signer
from tests.support.models import validated
from tests.support.server import REGION, Answer, Server, listening

from trug.access.authority import Authority
from trug.adapters.clock import SystemClock
from trug.adapters.https import HttpsFetcher
from trug.adapters.keyring import FileKeyring
from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.metadata import MemoryMetadata
from trug.adapters.session_tokens import SealedTokens
from trug.auth.authenticate import Authenticator
from trug.domain.identity import DEFAULT_ACCOUNT, Account, canonical_id_of
from trug.edge.gateway import Gateway
from trug.edge.health import Readiness
from trug.edge.incoming import EdgeSettings
from trug.engine.engine import Engine
from trug.iam.api.dispatcher import QueryApi
from trug.iam.api.service_set import ServiceSet
from trug.iam.credentials import Credentials
from trug.iam.grants import StoredGrants
from trug.iam.oidc import Issuers
from trug.iam.people import People
from trug.iam.sts.federation import Federation
from trug.iam.sts.service import TokenService
from trug.iam.sts.trust import Trust
from trug.observe import Observer
from trug.operations.catalogue import TABLE
from trug.ports.keys import Clock

ROOT = ("AKIAROOT", "root-secret")
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
VERSION = {"iam": "2010-05-08", "sts": "2011-06-15"}


class QueryAnswer(Answer):
    """An answer of the query APIs, whose errors stand inside an ErrorResponse."""

    @property
    def code(self) -> str:
        return (self.texts("Code") or [""])[0]

    @property
    def message(self) -> str:
        return (self.texts("Message") or [""])[0]

    @property
    def root(self) -> str:
        return ET.fromstring(self.body).tag


@dataclass
class IamServer(Server):
    """A server with the query APIs; ``people`` are those of its store."""

    people: People = None  # type: ignore[assignment]
    observer: Observer = None  # type: ignore[assignment]
    tokens: TokenService = None  # type: ignore[assignment]

    def make_bucket_of_root(self) -> str:
        """A new bucket of the account that the root key is of."""
        return self.make_bucket(account=Account(DEFAULT_ACCOUNT, canonical_id_of(DEFAULT_ACCOUNT)))

    def query_client(self, service: str, keys: tuple[str, ...] = ROOT, **options: Any) -> Any:
        """A boto3 client of ``iam`` or ``sts`` that never retries, and holds all answers against the model."""
        access_key, secret, *token = keys
        client = boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            aws_session_token=token[0] if token else None,
            config=Config(retries={"total_max_attempts": 1}, **options),
        )
        return validated(client)

    def user_keys(self, name: str) -> tuple[str, str]:
        """The keys of a new user, who has no policies."""
        return self.run(self._user_keys(name))

    async def _user_keys(self, name: str) -> tuple[str, str]:
        await self.people.users.create(DEFAULT_ACCOUNT, name)
        key, secret = await self.people.keys.create(DEFAULT_ACCOUNT, name)
        return key.access_key, secret

    def query(
        self,
        parameters: Mapping[str, str] | str | bytes,
        *,
        service: str = "iam",
        keys: tuple[str, str] | None = ROOT,
        method: str = "POST",
        target: str = "/",
        headers: Mapping[str, str] = FORM,
        region: str = REGION,
    ) -> QueryAnswer:
        """One query request with a body exactly as spelled, signed by botocore unless ``keys`` is None."""
        if isinstance(parameters, Mapping):
            parameters = urlencode({"Version": VERSION[service], **parameters})
        body = parameters if isinstance(parameters, bytes) else parameters.encode()
        request = AWSRequest(method=method, url=self.endpoint + target, headers=dict(headers), data=body)
        if keys is not None:
            SigV4Auth(Signer(*keys), service, region).add_auth(request)
        return QueryAnswer(*self.send(method, target, dict(request.headers.items()), body))


def compose_iam(observer: Observer, clock: Clock) -> tuple[Gateway, Engine, People, TokenService]:
    """The house in memory; the one root key stands outside its store."""
    blobs = MemoryBlobs()
    metadata = MemoryMetadata(clock, blobs)
    engine = Engine.over(metadata, blobs, clock)
    people = People(metadata, FileKeyring(secrets.token_bytes(32)))
    credentials = Credentials(metadata, people, dict([ROOT]), SealedTokens(bytes(32), clock))
    authenticator = Authenticator(credentials, clock, (REGION, "eu-central-1"), allows_sigv2_header=False)
    grants = StoredGrants(metadata)
    authority = Authority(metadata, grants)
    federation = Federation(people.providers, Issuers(HttpsFetcher(2), clock), clock)
    tokens = TokenService(credentials.sessions, federation, Trust(grants), clock)
    gateway = Gateway(
        table=TABLE,
        authenticator=authenticator,
        engine=engine,
        authority=authority,
        settings=EdgeSettings(regions=(REGION, "eu-central-1")),
        observer=observer,
        clock=clock,
        readiness=lambda: Readiness(is_ready=True, durability="none", store="ok"),
        queries=QueryApi(authenticator, ServiceSet(people, tokens, authority.authorise_on)),
    )
    return gateway, engine, people, tokens


@contextmanager
def serving_iam(observer: Observer | None = None, clock: Clock | None = None) -> Iterator[IamServer]:
    """A server with the query APIs that listens until the block is left."""
    observer = observer or Observer()
    gateway, engine, people, tokens = compose_iam(observer, clock or SystemClock())
    with listening(gateway) as (endpoint, loop):
        numbers = itertools.count(1)
        yield IamServer(endpoint, engine, loop, numbers, people=people, observer=observer, tokens=tokens)
