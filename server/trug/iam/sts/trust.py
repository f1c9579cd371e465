"""Whether a role may be assumed: what its trust policy says, and the policies of who asks."""

from __future__ import annotations

from trug.access.binding import bound, shown
from trug.access.evaluate import Question, Sources, Values, decide
from trug.access.grants import NO_GRANTS, Grants, GrantSource
from trug.access.policy import Policy, PolicyError, PolicyKind, parse_policy
from trug.access.statements import named
from trug.domain.bounded import Bounded
from trug.domain.identity import ANONYMOUS, Identity
from trug.iam.entities import Provider, Role, Tags
from trug.iam.refusals import IamCode, IamError

MOST_COMPILED = 1_000


class Trust:
    """Decides by trust policies ("How IAM roles work" and "Policy evaluation logic"); ``grants`` are of identities."""

    def __init__(self, grants: GrantSource) -> None:
        self._grants = grants
        self._compiled: Bounded[tuple[str, PolicyKind, Tags], Policy] = Bounded(MOST_COMPILED)

    async def check(self, text: str) -> None:
        """IamError (MalformedPolicyDocument) for a trust policy that is none or names somebody who is not there."""
        try:
            policy = parse_policy(text, PolicyKind.TRUST)
        except PolicyError as error:
            raise IamError(str(error), IamCode.MalformedPolicyDocument) from error
        stranger = await self._grants.find_stranger(policy)
        if stranger:
            raise IamError(f'Invalid principal in policy: "AWS":"{stranger}"', IamCode.MalformedPolicyDocument)

    async def lets(self, identity: Identity, action: str, role: Role, values: Values) -> bool:
        """Whether an identity, of whatever account, may do an action of STS to a role."""
        account = identity.account
        grants = self._grants.known(identity) or await self._grants.find(identity)
        is_own = account is not None and account.id == role.account
        sources = self._sources(identity, grants, role, is_own=is_own)
        return decide(Question(identity, action, role.arn, values), sources).allowed

    def lets_vouched(self, provider: Provider, action: str, role: Role, values: Values) -> bool:
        """Whether somebody may that a provider of the role's account vouches for."""
        question = Question(ANONYMOUS, action, role.arn, values, named("Federated", provider.arn))
        return decide(question, self._sources(ANONYMOUS, NO_GRANTS, role, is_own=True)).allowed

    def _sources(self, identity: Identity, grants: Grants, role: Role, *, is_own: bool) -> Sources:
        texts = identity.session.policies if identity.session else ()
        carried = tuple(self._policy(text, PolicyKind.SESSION) for text in texts)
        trust = self._policy(role.trust, PolicyKind.TRUST, role.trusted)
        return Sources(grants.policies, grants.boundary, (*carried, *grants.session), trust, is_own)

    def _policy(self, text: str, kind: PolicyKind, trusted: Tags = ()) -> Policy:
        """What was checked when it was put or asked for."""
        found = self._compiled.get((text, kind, trusted))
        if found is None:
            found = bound(parse_policy(text, kind), dict(trusted))
            self._compiled.keep((text, kind, trusted), found)
        return found

    async def shown(self, role: Role) -> Role:
        """The role as it is shown: with the ids of those whom it trusted and who are not there any more."""
        if not role.trusted:
            return role
        there = await self._grants.ids_of([arn for arn, _ in role.trusted])
        lost = {arn: number for arn, number in role.trusted if there.get(arn) != number}
        return role._replace(trust=shown(role.trust, lost))
