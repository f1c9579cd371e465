"""PutBucketWebsite, GetBucketWebsite and DeleteBucketWebsite."""

from __future__ import annotations

from trug.access import actions
from trug.domain.configurations import WEBSITE
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.website import Website, check_website, pack_website, unpack_website
from trug.operations.call import Call
from trug.operations.operation import Family
from trug.operations.parameters import Nothing
from trug.operations.representation import document
from trug.wire.documents.website import LIMIT, parse_website, website_content
from trug.wire.reply import Reply
from trug.wire.request import Incoming

family = Family()


@frozen
class PutBucketWebsite:
    site: Website

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutBucketWebsite:
        site = parse_website(await incoming.body.read(LIMIT))
        check_website(site)
        return cls(site)


@family.operation(
    "PutBucketWebsite", "PUT /{Bucket}?website", action=actions.PUT_BUCKET_WEBSITE, request=PutBucketWebsite
)
async def put_bucket_website(call: Call, request: PutBucketWebsite) -> Reply:
    await call.engine.configurations.store(call.bucket, WEBSITE, pack_website(request.site))
    return Reply()


@family.operation("GetBucketWebsite", "GET /{Bucket}?website", action=actions.GET_BUCKET_WEBSITE, request=Nothing)
async def get_bucket_website(call: Call, _: Nothing) -> Reply:
    stored = await call.engine.configurations.find(call.bucket, WEBSITE)
    if stored is None:
        raise S3Error(ErrorCode.NoSuchWebsiteConfiguration, fields={"BucketName": call.bucket.name})
    return document("WebsiteConfiguration", website_content(unpack_website(stored)))


@family.operation(
    "DeleteBucketWebsite", "DELETE /{Bucket}?website", action=actions.DELETE_BUCKET_WEBSITE, request=Nothing
)
async def delete_bucket_website(call: Call, _: Nothing) -> Reply:
    await call.engine.configurations.store(call.bucket, WEBSITE, None)
    return Reply(204)
