"""The storage manager: files and buckets over JSON."""

from __future__ import annotations

from trug.manage.api.endpoint import Family
from trug.manage.api.visit import Visit
from trug.manage.storage.schemas import Health
from trug.wire.dates import iso_date

family = Family("storage", "Files and buckets.", "/api/v1")


@family.endpoint("Health", "GET /health", "Whether the server answers", answer=Health, is_open=True)
async def health(visit: Visit, _: None) -> Health:
    around = visit.surroundings
    return Health("healthy", around.env, iso_date(around.clock.now()))
