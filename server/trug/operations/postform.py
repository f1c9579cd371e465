"""PostObject: uploads by HTML form."""

from __future__ import annotations

import re
from urllib.parse import quote

from trug.access import actions
from trug.domain.configurations import HAS_LIFECYCLE
from trug.domain.errors import invalid_argument
from trug.domain.frozen import frozen, replace
from trug.domain.preconditions import WriteConditions
from trug.domain.tags import HEADER as TAGGING_HEADER
from trug.domain.tags import OBJECT_TAGS, check_tags
from trug.engine.drafts import Draft, Stored
from trug.engine.objects import POST
from trug.operations.call import Call
from trug.operations.context import Told, object_tags_told
from trug.operations.expiring import stored_expiration
from trug.operations.granting import is_plain, with_owner
from trug.operations.operation import Family
from trug.operations.parameters import authorise_lock, draft_from
from trug.operations.representation import XML_HEADERS, stored_headers
from trug.wire import xml
from trug.wire.documents.tagging import parse_tagging
from trug.wire.headers import write_conditions
from trug.wire.reply import Reply
from trug.wire.request import Incoming, WireRequest
from trug.wire.xml import element

family = Family()

TAGGING = "tagging"
STATUS = "success_action_status"
REDIRECTS = ("success_action_redirect", "redirect")
"""The second is what the first was called before."""
CREATED, SEE_OTHER, NO_CONTENT = 201, 303, 204
STATUSES = {"200": 200, "201": CREATED, "204": NO_CONTENT}
ADDRESS = re.compile(r"https?://[^\s\x00-\x1f\x7f]+\Z", re.IGNORECASE)
URL_SAFE = "/~!$&'()*+,;=:@?#[]%"


@frozen
class PostObject:
    """``headers`` of what comes in are the fields of the form."""

    key: str
    draft: Draft
    conditions: WriteConditions
    status: int
    redirect: str

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PostObject:
        fields = incoming.headers
        redirect = next((fields[name] for name in REDIRECTS if fields.get(name)), "")
        return cls(
            key=incoming.key,
            draft=_draft(incoming),
            conditions=write_conditions(incoming.wire.headers),
            status=STATUSES.get(fields.get(STATUS, ""), NO_CONTENT),
            redirect=redirect if ADDRESS.match(redirect) else "",
        )


def _draft(incoming: Incoming) -> Draft:
    fields, draft = incoming.headers, draft_from(incoming)
    if TAGGING not in fields:
        return draft
    if TAGGING_HEADER in fields:
        raise invalid_argument(f"Only one of {TAGGING} and {TAGGING_HEADER} can be given.", TAGGING, "")
    pairs = parse_tagging(fields[TAGGING].encode("latin-1"))
    return replace(draft, tags=check_tags(pairs, limit=OBJECT_TAGS))


def _told(request: PostObject) -> Told:
    return object_tags_told(request.draft.tags)


@family.operation(
    "PostObject", "POST /{Bucket}", action=actions.PUT_OBJECT, request=PostObject, in_form=True, tells=_told
)
async def post_object(call: Call, request: PostObject) -> Reply:
    if request.draft.tags:
        await call.authorise(actions.PUT_OBJECT_TAGGING, call.bucket, request.key, told=_told(request))
    await authorise_lock(call, request.key, request.draft.lock)
    draft = request.draft
    if not is_plain(call, draft.asked):
        draft = await with_owner(call, request.key, draft)
    stored = await call.engine.objects.put(call.bucket, request.key, call.body, draft, request.conditions, POST)
    expiration: dict[str, str] = {}
    if call.bucket.configured & HAS_LIFECYCLE:
        expiration = await stored_expiration(call, request.key, request.draft.tags, stored)
    return _answer(call, request, stored, expiration)


def _answer(call: Call, request: PostObject, stored: Stored, expiration: dict[str, str]) -> Reply:
    bucket, key, etag = call.bucket.name, request.key, f'"{stored.etag}"'
    headers = stored_headers(stored, request.draft.protection) | expiration
    if request.redirect:
        return Reply(SEE_OTHER, headers | {"location": _redirected(request.redirect, bucket, key, etag)})
    headers["location"] = _location(call.wire, key)
    if request.status != CREATED:
        return Reply(request.status, headers)
    texts = (("Location", headers["location"]), ("Bucket", bucket), ("Key", key), ("ETag", etag))
    content = "".join(element(name, text) for name, text in texts)
    return Reply(CREATED, headers | XML_HEADERS, xml.document("PostResponse", content, namespaced=False))


def _redirected(address: str, bucket: str, key: str, etag: str) -> str:
    """The page to go on with; it is told what was stored. The fragment stays last."""
    page, hash_sign, fragment = quote(address.encode("latin-1"), safe=URL_SAFE).partition("#")
    told = f"bucket={quote(bucket, safe='')}&key={quote(key, safe='')}&etag={quote(etag, safe='')}"
    return f"{page}{'&' if '?' in page else '?'}{told}{hash_sign}{fragment}"


def _location(wire: WireRequest, key: str) -> str:
    """The address of the object, as it was asked for; slashes of the key are encoded, as S3 does."""
    path = wire.target.path.rstrip("/")
    return f"{wire.scheme}://{wire.headers.get('host', '')}{path}/{quote(key, safe='~')}"
