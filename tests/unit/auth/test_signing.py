"""Chunk signatures against the documentation's examples, and what is kept of keys."""

from __future__ import annotations

from hashlib import sha256

from tests.support.credentials import credential

from trug.auth.scope import Scope
from trug.auth.signing import ChunkChain, SigningKey, SigningKeys
from trug.domain.bounded import Bounded

KEY = credential("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
SCOPE = Scope(KEY.access_key, "20130524", "us-east-1", "s3", "20130524/us-east-1/s3/aws4_request")
STAMP = "20130524T000000Z"
CHUNKS = (b"a" * 65536, b"a" * 1024, b"")


def test_chunks_as_documented() -> None:
    seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    chain = ChunkChain(SigningKey(KEY, SCOPE), STAMP, SCOPE, seed)
    assert [chain.chunk(sha256(chunk).hexdigest()) for chunk in CHUNKS] == [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ]


def test_chunks_and_trailer_as_documented() -> None:
    seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
    chain = ChunkChain(SigningKey(KEY, SCOPE), STAMP, SCOPE, seed)
    assert [chain.chunk(sha256(chunk).hexdigest()) for chunk in CHUNKS] == [
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ]
    trailer = sha256(b"x-amz-checksum-crc32c:sOO8/Q==\n").hexdigest()
    assert chain.trailer(trailer) == "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"


def test_a_key_is_made_once_for_each_credential() -> None:
    keys = SigningKeys()
    first = keys.of(KEY, SCOPE)
    assert keys.of(credential(KEY.access_key, KEY.secret), SCOPE) is first
    other = keys.of(credential(KEY.access_key, "another"), SCOPE)
    assert other.sign("x") != first.sign("x")
    assert keys.of(KEY, SCOPE).sign("x") == first.sign("x")
    assert keys.of(credential(KEY.access_key, KEY.secret, user="bob"), SCOPE).identity.user == "bob"


def test_bounded_forgets_the_oldest() -> None:
    kept: Bounded[int, str] = Bounded(3)
    for number in range(5):
        kept.keep(number, str(number))
    kept.keep(4, "four")
    assert kept == {2: "2", 3: "3", 4: "four"}
