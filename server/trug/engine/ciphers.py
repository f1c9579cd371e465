"""The ciphers: AES-256-GCM over the segments of a blob, and the keys of blobs wrapped under the key of their body.

Each blob has a random key of its own that is used once, so nonces never repeat: nonce and authenticated data are the
place of the bytes (inline or file, its id), the segment and whether it is the last. A segment that was moved, cut off,
or taken from another blob does not open.
"""

from __future__ import annotations

import secrets
from struct import Struct

from trug.domain.blocks import BLOCK
from trug.domain.encryption import KEY_SIZE, room, segment_count, stored_size
from trug.domain.wrapping import Unopened, aead, opened, unopened
from trug.ports.stores import Damaged

Bytes = bytes | bytearray | memoryview

NONCE = Struct("<QI")
PLACE = Struct("<BBQIB")
FORMAT = 1
LAST = 1 << 31


class BlobCipher:
    """Seals and opens the segments of one blob; ``key`` has 32 bytes for each layer of encryption."""

    __slots__ = ("_blob", "_layers", "_namespace", "layers", "room")

    def __init__(self, key: bytes, blob: int, *, inline: bool) -> None:
        self._layers = [aead(key[start : start + KEY_SIZE]) for start in range(0, len(key), KEY_SIZE)]
        self._blob = blob
        self._namespace = int(inline)
        self.layers = len(self._layers)
        self.room = room(self.layers)

    def seal_into(self, segment: int, content: Bytes, target: memoryview, *, is_last: bool) -> None:
        """Seal one segment; ``target`` has just the bytes that it takes."""
        nonce, place = self._place(segment, is_last=is_last)
        *inner, outer = self._layers
        for layer in inner:
            content = layer.encrypt(nonce, content, place)
        outer.encrypt_into(nonce, content, place, target)

    def seal(self, content: Bytes) -> bytearray:
        """All of a blob at once."""
        sealed = bytearray(stored_size(len(content), self.layers))
        self.seal_run(0, content, memoryview(sealed), ends=True)
        return sealed

    def seal_run(self, first: int, content: Bytes, target: memoryview, *, ends: bool) -> None:
        """Seal segments from ``first`` on: whole ones, and where the blob ``ends`` with them a last one as it is."""
        view = memoryview(content)
        count = segment_count(len(view), self.layers)
        for index in range(count):
            self.seal_into(
                first + index,
                view[index * self.room : (index + 1) * self.room],
                target[index * BLOCK : (index + 1) * BLOCK],
                is_last=ends and index == count - 1,
            )

    def open(self, content: memoryview, first: int, *, last: int) -> memoryview:
        """The plaintext of stored segments from ``first`` on; ``last`` is the number of the blob's last one.

        Damaged when one is not what was sealed. (On the loop: 256 KiB take 40 µs, and a thread hop as long.)
        """
        count = -(-len(content) // BLOCK)
        plain = memoryview(bytearray(max(len(content) - count * (BLOCK - self.room), 0)))
        size, begin, start = self.room, 0, 0
        try:
            for segment in range(first, first + count):
                sealed, target = content[begin : begin + BLOCK], plain[start : start + size]
                self._open_into(segment, sealed, target, is_last=segment == last)
                begin += BLOCK
                start += size
        except unopened() as error:
            raise Damaged(f"segment {segment} of blob {self._blob} is not what was encrypted") from error
        return plain

    def _open_into(self, segment: int, sealed: Bytes, target: memoryview, *, is_last: bool) -> None:
        nonce, place = self._place(segment, is_last=is_last)
        innermost, *outer = self._layers
        for layer in reversed(outer):
            sealed = layer.decrypt(nonce, sealed, place)
        innermost.decrypt_into(nonce, sealed, place, target)

    def _place(self, segment: int, *, is_last: bool) -> tuple[bytes, bytes]:
        nonce = NONCE.pack(self._blob, segment | LAST if is_last else segment)
        return nonce, PLACE.pack(FORMAT, self._namespace, self._blob, segment, is_last)


class BodyKey:
    """The key of a body: wraps the keys of its blobs. ``layers`` is how many times their bytes are encrypted."""

    __slots__ = ("_key", "layers")

    def __init__(self, key: bytes, layers: int) -> None:
        if len(key) != KEY_SIZE:
            raise Damaged("a body's key has another length than it was made with")
        self._key = key
        self.layers = layers

    def new_cipher(self, blob: int, *, inline: bool) -> tuple[BlobCipher, bytes]:
        """The cipher of a new blob, and its new key, wrapped."""
        key = secrets.token_bytes(KEY_SIZE * self.layers)
        return BlobCipher(key, blob, inline=inline), self._wrap(key, blob, inline=inline)

    def cipher(self, blob: int, wrapped: bytes, *, inline: bool) -> BlobCipher:
        """The cipher of a blob of this body. Damaged when the wrapped key is not what was wrapped."""
        return BlobCipher(self._unwrap(wrapped, blob, inline=inline), blob, inline=inline)

    def adopt(self, other: BodyKey, blob: int, wrapped: bytes, *, inline: bool) -> bytes:
        """The key of a blob of another body, wrapped under this one, so that both share its bytes."""
        return self._wrap(other._unwrap(wrapped, blob, inline=inline), blob, inline=inline)

    @property
    def plain(self) -> bytes:
        """The key itself, to be wrapped and for nothing else."""
        return self._key

    # A blob's key is wrapped under a body's key once or, the same key, again: so its place is nonce enough.

    def _wrap(self, key: bytes, blob: int, *, inline: bool) -> bytes:
        nonce = NONCE.pack(blob, inline)
        return aead(self._key).encrypt(nonce, key, nonce)

    def _unwrap(self, wrapped: bytes, blob: int, *, inline: bool) -> bytes:
        nonce = NONCE.pack(blob, inline)
        try:
            return opened(self._key, nonce, wrapped, nonce)
        except Unopened as error:
            raise Damaged(f"the key of blob {blob} does not open under the key of its body") from error


class Sealer:
    """Seals a blob whose plaintext arrives in chunks of any size.

    The last segment is sealed as such, so at least a byte is held back until the end is known.
    """

    __slots__ = ("_cipher", "_held", "_segment")

    def __init__(self, cipher: BlobCipher) -> None:
        self._cipher = cipher
        self._held = bytearray()
        self._segment = 0

    def update(self, chunk: memoryview) -> memoryview:
        """The segments that are complete with this chunk, sealed."""
        size, held = self._cipher.room, self._held
        count = max(len(held) + len(chunk) - 1, 0) // size
        if not count:
            held += chunk
            return memoryview(b"")
        sealed = memoryview(bytearray(BLOCK * count))
        taken = 0
        if held:
            taken = size - len(held)
            held += chunk[:taken]
            self._cipher.seal_into(self._segment, held, sealed[:BLOCK], is_last=False)
            sealed_from = 1
        else:
            sealed_from = 0
        stop = taken + (count - sealed_from) * size
        self._cipher.seal_run(self._segment + sealed_from, chunk[taken:stop], sealed[sealed_from * BLOCK :], ends=False)
        self._segment += count
        self._held = bytearray(chunk[stop:])
        return sealed

    def room_for(self, length: int) -> int:
        """How many bytes ``finish`` takes for ``length`` more bytes of plaintext."""
        return stored_size(len(self._held) + length, self._cipher.layers)

    def finish(self, last: Bytes, target: memoryview) -> None:
        """Seal what was held back and ``last``, which ends the blob, into ``room_for(len(last))`` bytes."""
        content = bytes(self._held) + last if self._held else last
        self._cipher.seal_run(self._segment, content, target, ends=True)
