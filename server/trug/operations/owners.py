"""Who owns what answers show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trug.domain.acl import NOBODY, Ownership
from trug.domain.configurations import HAS_OWNERSHIP
from trug.domain.identity import ANONYMOUS, Account
from trug.domain.lines import KEY_END, UNUSUAL, shown
from trug.domain.objects import Record
from trug.operations.call import Call
from trug.operations.representation import owner_element
from trug.ports.rows import Upload
from trug.wire.xml import escape

NO_OTHERS: Mapping[str, str] = {}


async def bucket_owner(call: Call) -> Account:
    """The account that owns the bucket, and its objects unless they say otherwise."""
    account = call.identity.account
    if account is not None and account.id == call.bucket.account:
        return account
    return await call.engine.accounts.with_id(call.bucket.account)


async def object_owner(call: Call, record: Record) -> Account:
    """The account that owns an object or an upload: the bucket's, where that owns all that is in it."""
    if not record.owner or not await lists_count(call):
        return await bucket_owner(call)
    return await call.engine.accounts.with_id(record.owner)


async def lists_count(call: Call) -> bool:
    """Whether lists of access and owners of objects count in the bucket. Costs no read where nobody said so."""
    if not call.bucket.configured & HAS_OWNERSHIP:
        return False
    return await call.engine.access_lists.ownership_of(call.bucket) is not Ownership.ENFORCED


async def initiator_element(call: Call, upload: Upload) -> str:
    """``<Initiator>``: the account's own element for its root and for nobody's, a user's ARN and name else."""
    arn = upload.initiator
    if arn and arn != ANONYMOUS.arn and not arn.endswith(":root"):
        name = arn.rpartition("/")[2]
        return f"<Initiator><ID>{escape(arn)}</ID><DisplayName>{escape(name)}</DisplayName></Initiator>"
    if not arn:
        return owner_element(await bucket_owner(call), "Initiator")
    account = NOBODY if arn == ANONYMOUS.arn else arn.split(":")[4]
    found = await bucket_owner(call) if account == call.bucket.account else await call.engine.accounts.with_id(account)
    return owner_element(found, "Initiator")


async def other_owners(call: Call, rows: Sequence[bytes]) -> Mapping[str, str]:
    """``<Owner>`` by account id of the accounts, other than the bucket's, that own something on a page of a list."""
    if not await lists_count(call) or UNUSUAL not in b"".join(rows):
        return NO_OTHERS
    ids = {shown(row[row.index(KEY_END) + 1 :]).owner for row in rows if UNUSUAL in row}
    return {name: owner_element(await call.engine.accounts.with_id(name)) for name in sorted(ids) if name}
