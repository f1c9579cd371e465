"""The services that speak AWS's query protocol here."""

from __future__ import annotations

from trug.domain.frozen import frozen


@frozen
class Service:
    """A query API: its name in credential scopes, the one version it has, and the namespace of its answers."""

    name: str
    version: str
    namespace: str


IAM = Service("iam", "2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/")
STS = Service("sts", "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/")
SERVICES = {service.name: service for service in (IAM, STS)}
VERSIONS = {service.version: service for service in (IAM, STS)}
