"""Where things lie in a data directory."""

from __future__ import annotations

from trug.ports.stores import BLOBS_PER_EPOCH

BLOBS = "blobs"
STAGING = "staging"
LOCKS = "locks"
KEYS = "keys"

FOLDERS = (BLOBS, STAGING, LOCKS, KEYS)


def epoch_path(directory: str, epoch: int) -> str:
    """The folder of an epoch's blobs."""
    return f"{directory}/{BLOBS}/{epoch}"


def blob_path(directory: str, blob: int) -> str:
    """The file of a blob."""
    epoch, number = divmod(blob, BLOBS_PER_EPOCH)
    return f"{directory}/{BLOBS}/{epoch}/{number}"


def staging_path(directory: str) -> str:
    """The folder that holds each process's folder of unfinished files."""
    return f"{directory}/{STAGING}"


def serve_lock_path(directory: str) -> str:
    """The file whose lock says that somebody serves this directory."""
    return f"{directory}/{LOCKS}/serve"


def workers_lock_path(directory: str) -> str:
    """The file whose lock the workers of a server share for as long as they live."""
    return f"{directory}/{LOCKS}/workers"


def epoch_lock_path(directory: str) -> str:
    """The file whose lock is held by who opens an epoch."""
    return f"{directory}/{LOCKS}/epoch"


def board_path(directory: str) -> str:
    """The file in whose memory the workers of a server tell each other what they do."""
    return f"{directory}/{LOCKS}/board"


def master_key_path(directory: str) -> str:
    """The file of the master key."""
    return f"{directory}/{KEYS}/master.key"


def development_key_path(directory: str) -> str:
    """The file of the key that ``--dev`` signs tokens with."""
    return f"{directory}/{KEYS}/development.pem"


def key_ring_path(directory: str) -> str:
    """The file of the keys of encryption at rest."""
    return f"{directory}/{KEYS}/kms.json"


def key_ring_lock_path(directory: str) -> str:
    """The file whose lock is held by who changes the key ring."""
    return f"{directory}/{LOCKS}/kms"


def reserve_path(directory: str) -> str:
    """The file whose space is given up when the disk is full."""
    return f"{directory}/reserve"
