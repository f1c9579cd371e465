"""What STS works with."""

from __future__ import annotations

from trug.domain.frozen import frozen
from trug.iam.sts.federation import Federation
from trug.iam.sts.sessions import Sessions
from trug.iam.sts.trust import Trust
from trug.ports.keys import Clock


@frozen
class TokenService:
    """Sessions, whom tokens of others stand for, and who may assume roles."""

    sessions: Sessions
    federation: Federation
    trust: Trust
    clock: Clock
