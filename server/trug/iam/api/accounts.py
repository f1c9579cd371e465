"""The account itself: its alias, and how much there is in it."""

from __future__ import annotations

from trug.iam.api.actions import Call, Family
from trug.iam.api.answers import Entries, Structure
from trug.iam.api.kinds import ALIAS
from trug.iam.api.paging import paged, sliced
from trug.iam.api.services import IAM
from trug.iam.api.subjects import anything

family = Family(IAM)


@family.action("CreateAccountAlias", anything)
async def create_account_alias(call: Call, _: None) -> None:
    await call.people.accounts.set_alias(call.tenant, call.parameters.text("AccountAlias", ALIAS))


@family.action("DeleteAccountAlias", anything)
async def delete_account_alias(call: Call, _: None) -> None:
    await call.people.accounts.remove_alias(call.tenant, call.parameters.text("AccountAlias", ALIAS))


@family.action("ListAccountAliases", anything)
async def list_account_aliases(call: Call, _: None) -> Structure:
    alias = await call.people.accounts.alias(call.tenant)
    return paged("AccountAliases", sliced([alias] if alias else [], call.parameters), str)


@family.action("GetAccountSummary", anything)
async def get_account_summary(call: Call, _: None) -> Structure:
    summary = await call.people.accounts.summary(call.tenant)
    return {"SummaryMap": Entries(tuple(summary.items()))}
