"""Providers of OpenID Connect, who vouch for those that come with a web identity."""

from __future__ import annotations

from trug.iam.api.actions import Call, Family, Subject
from trug.iam.api.answers import Structure, moment
from trug.iam.api.kinds import CLIENT_ID, PROVIDER_URL, THUMBPRINT
from trug.iam.api.services import IAM
from trug.iam.api.shapes import tag_list
from trug.iam.api.subjects import account_arn, all_of, provider_arn, provider_given, read_tags, told_of
from trug.iam.entities import Provider
from trug.iam.limits import CLIENT_IDS, THUMBPRINTS
from trug.iam.providers import bare

family = Family(IAM)


async def new_provider(call: Call) -> Subject[None]:
    """The provider that is to be made, by ``Url``."""
    url = call.parameters.text("Url", PROVIDER_URL)
    return Subject(account_arn(call, f"oidc-provider/{bare(url)}"), None, told_of(call))


@family.action("CreateOpenIDConnectProvider", new_provider)
async def create_provider(call: Call, _: None) -> Structure:
    parameters = call.parameters
    provider = await call.people.providers.create(
        call.tenant,
        parameters.text("Url", PROVIDER_URL),
        client_ids=parameters.texts("ClientIDList", CLIENT_ID, most=CLIENT_IDS),
        thumbprints=parameters.texts("ThumbprintList", THUMBPRINT, most=THUMBPRINTS),
        tags=read_tags(parameters),
    )
    return {"OpenIDConnectProviderArn": provider.arn, "Tags": tag_list(provider.tags) if provider.tags else None}


@family.action("GetOpenIDConnectProvider", provider_given)
async def get_provider(call: Call, provider: Provider) -> Structure:  # noqa: ARG001 - as all handlers are called
    return {
        "Url": provider.url,
        "ClientIDList": list(provider.client_ids),
        "ThumbprintList": list(provider.thumbprints),
        "CreateDate": moment(provider.created),
        "Tags": tag_list(provider.tags) if provider.tags else None,
    }


@family.action("ListOpenIDConnectProviders", all_of("oidc-provider"))
async def list_providers(call: Call, _: None) -> Structure:
    providers: list[Provider] = []
    after = ""
    while True:
        page = await call.people.providers.page(call.tenant, after=after)
        providers += page.rows
        after = page.next
        if not after:
            return {"OpenIDConnectProviderList": [{"Arn": provider.arn} for provider in providers]}


@family.action("DeleteOpenIDConnectProvider", provider_arn)
async def delete_provider(call: Call, arn: str) -> None:
    await call.people.providers.remove(call.tenant, arn)


@family.action("AddClientIDToOpenIDConnectProvider", provider_given)
async def add_client(call: Call, provider: Provider) -> None:
    await call.people.providers.add_client(call.tenant, provider.arn, call.parameters.text("ClientID", CLIENT_ID))


@family.action("RemoveClientIDFromOpenIDConnectProvider", provider_given)
async def remove_client(call: Call, provider: Provider) -> None:
    await call.people.providers.remove_client(call.tenant, provider.arn, call.parameters.text("ClientID", CLIENT_ID))


@family.action("UpdateOpenIDConnectProviderThumbprint", provider_given)
async def update_thumbprints(call: Call, provider: Provider) -> None:
    thumbprints = call.parameters.texts("ThumbprintList", THUMBPRINT, most=THUMBPRINTS)
    await call.people.providers.set_thumbprints(call.tenant, provider.arn, thumbprints)
