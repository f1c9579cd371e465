"""Answers of operations that may take long: begun in time, whatever becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from trug.wire.reply import XML, Reply
from trug.wire.xml import declaration, escape

SPACE = b" "


async def in_time(
    handling: Coroutine[Any, Any, Reply], seconds: float, key: str, refusal: Callable[[Exception], Reply]
) -> Reply:
    """What the handler answers when it does so within ``seconds``; else a 200 that begins without it.

    Such an answer is the beginning of a document and a space every ``seconds``, so that neither the client nor anything
    between gives the connection up; then the rest of the document, or of an error's, made by ``refusal``. Its status
    was told by then, and headers that only the handler knew are missing ("CompleteMultipartUpload" and "CopyObject" in
    the Amazon S3 API reference). ``key`` is what the document may show.
    """
    task = asyncio.ensure_future(handling)
    try:
        await asyncio.wait((task,), timeout=seconds)
    except asyncio.CancelledError:
        await _give_up(task)
        raise
    if task.done():
        try:
            return task.result()
        finally:
            del task  # a failure's traceback leads here: with the task it would be a cycle, and hold what was read
    return Reply(headers={"content-type": XML}, body=_kept_alive(task, seconds, key, refusal))


async def _kept_alive(
    task: asyncio.Task[Reply], seconds: float, key: str, refusal: Callable[[Exception], Reply]
) -> AsyncIterator[bytes]:
    try:
        yield declaration(escape(key).encode("utf-8", "surrogatepass"))
        while not task.done():
            yield SPACE
            await asyncio.wait((task,), timeout=seconds)
        yield _rest_of(task, refusal)
    finally:
        await _give_up(task)


def _rest_of(task: asyncio.Task[Reply], refusal: Callable[[Exception], Reply]) -> bytes:
    """The document without its declaration, which was sent."""
    try:
        reply = task.result()
    except Exception as failure:
        reply = refusal(failure)
        failure.__traceback__ = None  # as in ``in_time``: our caller has the task as well
    body = reply.body
    assert isinstance(body, bytes)  # noqa: S101 - operations that may take long answer documents
    return body.partition(b"?>\n")[2]


async def _give_up(task: asyncio.Task[Reply]) -> None:
    """End what nobody waits for any more, and wait for its end; nothing is left to do where it is over."""
    task.cancel()
    await asyncio.wait((task,))
    if not task.cancelled():
        task.exception()
