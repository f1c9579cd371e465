"""OIDC providers: who may vouch for those that assume roles with a web identity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial

from trug.iam.entities import PROVIDER, Page, Provider, Tags, put
from trug.iam.limits import CLIENT_IDS, THUMBPRINTS, check_tags, with_tags, without_tags
from trug.iam.refusals import IamCode, IamError, malformed, over_quota
from trug.iam.scripts import Asking, Script, Scripted
from trug.iam.users import account_there
from trug.ports.changes import Moment
from trug.ports.effects import Announce
from trug.ports.reads import Entities, EntityAt
from trug.ports.stores import MetadataStore

URL = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?\Z")
THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}\Z")
ARN = re.compile(r"arn:aws:iam::([^:/]+):oidc-provider/(.+)\Z")


class Providers:
    """The OIDC providers of accounts, by ARN. All of it raises IamError, as NoSuchEntity where there is none."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def create(
        self,
        account: str,
        url: str,
        *,
        client_ids: Iterable[str] = (),
        thumbprints: Iterable[str] = (),
        tags: Iterable[tuple[str, str]] = (),
    ) -> Provider:
        """A new provider, by the URL of its issuer (https, or http for trials on loopback)."""
        if not URL.match(url) or len(url) > 255:
            raise malformed("url", url, "Member must be the URL of an OIDC issuer")
        ids = _client_ids(client_ids)
        provider = Provider(account, bare(url), ids, _thumbprints(thumbprints), 0, check_tags(tags))
        return await self._metadata.commit(Scripted(partial(_create, provider)))

    async def find(self, account: str, url: str) -> Provider | None:
        """The provider of this issuer; its URL with or without the scheme."""
        document = await self._metadata.fetch(EntityAt(account, PROVIDER.name, bare(url)))
        return None if document is None else PROVIDER.unpack(document)

    async def get(self, account: str, arn: str) -> Provider:
        found = await self.find(account, _url_of(account, arn))
        if found is None:
            raise _missing(arn)
        return found

    async def page(self, account: str, *, after: str = "", limit: int = 1000) -> Page[Provider]:
        """Providers by URL, after one."""
        rows = await self._metadata.fetch(Entities(account, PROVIDER.name, after, limit=limit))
        found = [PROVIDER.unpack(row.document) for row in rows]
        return Page(found, found[-1].url if len(found) == limit else "")

    async def remove(self, account: str, arn: str) -> None:
        """Remove a provider; one that is not there is removed already, as on AWS."""
        await self._metadata.commit(Scripted(partial(_remove, account, arn)))

    async def add_client(self, account: str, arn: str, client_id: str) -> None:
        """Accept tokens that are meant for this client."""
        await self._metadata.commit(Scripted(partial(_set_clients, account, arn, client_id, wanted=True)))

    async def remove_client(self, account: str, arn: str, client_id: str) -> None:
        """Accept them no longer."""
        await self._metadata.commit(Scripted(partial(_set_clients, account, arn, client_id, wanted=False)))

    async def set_thumbprints(self, account: str, arn: str, thumbprints: Iterable[str]) -> None:
        """Replace all thumbprints of certificates."""
        await self._metadata.commit(Scripted(partial(_set_thumbprints, account, arn, _thumbprints(thumbprints))))

    async def tag(self, account: str, arn: str, tags: Iterable[tuple[str, str]]) -> None:
        """Add tags, in place of those of the same keys."""
        await self._metadata.commit(Scripted(partial(_tag, account, arn, check_tags(tags), ())))

    async def untag(self, account: str, arn: str, keys: Iterable[str]) -> None:
        """Remove tags by their keys."""
        await self._metadata.commit(Scripted(partial(_tag, account, arn, (), tuple(keys))))


def bare(url: str) -> str:
    """A URL without its scheme and without a slash at its end, as it stands in ARNs and condition keys."""
    return url.partition("://")[2].rstrip("/") if "://" in url else url.rstrip("/")


def _url_of(account: str, arn: str) -> str:
    found = ARN.match(arn)
    if found is None:
        raise malformed("openIDConnectProviderArn", arn, "Member must be the ARN of an OIDC provider")
    if found[1] != account:
        raise _missing(arn)
    return found[2]


def _missing(arn: str) -> IamError:
    return IamError(f"OpenIDConnect Provider not found for arn {arn}", IamCode.NoSuchEntity)


def _client_ids(client_ids: Iterable[str]) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(client_ids))
    if len(ids) > CLIENT_IDS:
        raise over_quota("ClientIdsPerOpenIdConnectProvider", CLIENT_IDS)
    for client_id in ids:
        if not 1 <= len(client_id) <= 255:
            raise malformed("clientID", client_id, "Member must have length between 1 and 255")
    return ids


def _thumbprints(thumbprints: Iterable[str]) -> tuple[str, ...]:
    found = tuple(thumbprint.lower() for thumbprint in thumbprints)
    if len(found) > THUMBPRINTS:
        raise over_quota("ThumbprintsPerOpenIdConnectProvider", THUMBPRINTS)
    for thumbprint in found:
        if not THUMBPRINT.match(thumbprint):
            raise malformed("thumbprint", thumbprint, "Member must have length 40, hexadecimal")
    return found


# Scripts


def _known(account: str, arn: str) -> Asking[Provider]:
    provider = yield from PROVIDER.at(account, _url_of(account, arn))
    if provider is None:
        raise _missing(arn)
    return provider


def _create(provider: Provider, moment: Moment) -> Script[Provider]:
    yield from account_there(provider.account)
    if (yield from PROVIDER.at(provider.account, provider.place)) is not None:
        raise IamError(f"Provider with url https://{provider.url} already exists.", IamCode.EntityAlreadyExists)
    made = provider._replace(created=moment.time)
    return made, (put(made), Announce("ProviderCreated", 0, made.url, account=provider.account))


def _remove(account: str, arn: str, _: Moment) -> Script[None]:
    provider = yield from PROVIDER.at(account, _url_of(account, arn))
    if provider is None:
        return None, ()
    return None, (PROVIDER.removal(provider), Announce("ProviderRemoved", 0, provider.url, account=account))


def _set_clients(account: str, arn: str, client_id: str, _: Moment, *, wanted: bool) -> Script[None]:
    provider = yield from _known(account, arn)
    others: Sequence[str] = [known for known in provider.client_ids if known != client_id or wanted]
    changed = provider._replace(client_ids=_client_ids([*others, client_id] if wanted else others))
    return None, (put(changed), Announce("ProviderUpdated", 0, provider.url, account=account))


def _set_thumbprints(account: str, arn: str, thumbprints: tuple[str, ...], _: Moment) -> Script[None]:
    provider = yield from _known(account, arn)
    return None, (
        put(provider._replace(thumbprints=thumbprints)),
        Announce("ProviderUpdated", 0, provider.url, account=account),
    )


def _tag(account: str, arn: str, more: Tags, gone: tuple[str, ...], _: Moment) -> Script[None]:
    provider = yield from _known(account, arn)
    tags = with_tags(without_tags(provider.tags, gone), more)
    return None, (put(provider._replace(tags=tags)), Announce("Tagged", 0, provider.url, account=account))
