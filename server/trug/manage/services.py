"""All services of the management port together."""

from __future__ import annotations

from starlette.applications import Starlette

from trug.manage.api.application import House, application
from trug.manage.api.documentation import documentation
from trug.manage.events import routes as events
from trug.manage.storage import routes as storage
from trug.manage.uploads import routes as uploads

__all__ = ["FAMILIES", "House", "services"]

FAMILIES = (storage.family, uploads.family, events.family)


def services(house: House) -> Starlette:
    """The management port, and the pages that document it."""
    return application(house, FAMILIES, documentation(FAMILIES, house.surroundings.version))
