"""Uploads in aws-chunked frames, each step of which a test can get wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.support.hostile import Chain, Signer
from tests.support.raw import Header, request_bytes
from tests.support.stand import ALICE, Stand

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

Frames = Callable[[Chain], bytes]


def chunks(pieces: Sequence[bytes], *, trailer: tuple[str, str] | None = None, is_signed: bool = True) -> Frames:
    """A right body of these chunks and the empty last one."""

    def frames(chain: Chain) -> bytes:
        out = []
        for piece in [*pieces, b""]:
            extension = f";chunk-signature={chain.chunk(piece)}" if is_signed else ""
            out.append(f"{len(piece):x}{extension}\r\n".encode() + (piece + b"\r\n" if piece else b""))
        if trailer is not None:
            line = f"{trailer[0]}:{trailer[1]}"
            out.append(f"{line}\r\n".encode())
            if is_signed:
                signature = chain.trailer(f"{line}\n".encode())
                out.append(f"x-amz-trailer-signature:{signature}\r\n".encode())
        return b"".join([*out, b"\r\n"])

    return frames


def unsigned_frames(pieces: Sequence[bytes], *, trailer: tuple[str, str] | None = None) -> bytes:
    """A right body without signatures: it follows from nothing but its chunks."""
    return chunks(pieces, trailer=trailer, is_signed=False)(Chain(Signer(ALICE), "", ""))


def framed(
    stand: Stand,
    target: str,
    frames: Frames,
    *,
    decoded: int | str | None,
    mode: str = SIGNED,
    headers: Sequence[Header] = (),
    length: int | None = None,
    signer: Signer | None = None,
) -> tuple[bytes, bytes]:
    """Header and body of a PUT whose frames follow from its signature; ``length`` replaces Content-Length."""
    signer = Signer(ALICE) if signer is None else signer
    stamp = signer.stamp()
    sent: list[Header] = [("Host", stand.host), ("Content-Encoding", "aws-chunked"), *headers]
    if decoded is not None:
        sent.append(("x-amz-decoded-content-length", str(decoded)))
    signed = signer.header("PUT", target, sent, mode, stamp=stamp)
    body = frames(signer.chain(stamp, signed[-1][1].rpartition("=")[2]))
    claimed = str(len(body) if length is None else length)
    return request_bytes("PUT", target, [*signed, ("Content-Length", claimed)]), body
