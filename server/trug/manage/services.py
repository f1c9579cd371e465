"""All services of the management port together."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.routing import Route

from trug.manage.api.application import House, application
from trug.manage.api.documentation import documentation
from trug.manage.events import routes as events
from trug.manage.items import routes as items
from trug.manage.search import routes as search
from trug.manage.storage import routes as storage
from trug.manage.uploads import routes as uploads
from trug.manage.users import routes as users

__all__ = ["FAMILIES", "House", "services"]

FAMILIES = (storage.family, uploads.family, users.family, items.family, events.family, search.family)


def services(house: House, extra: Iterable[Route] = ()) -> Starlette:
    """The management port, the pages that document it, and further routes."""
    return application(house, FAMILIES, (*documentation(FAMILIES, house.surroundings.version), *extra))
