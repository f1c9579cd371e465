"""The presigned-upload service: a URL for a file, and how it stands with it."""

from __future__ import annotations

from trug.manage.api.endpoint import Family
from trug.manage.api.visit import Visit
from trug.manage.uploads import schemas, service

family = Family("uploads", "Uploads by presigned URLs, and what became of them.", "/api/v1", "")


@family.endpoint(
    "AskUploadUrl",
    "POST /presigned-url",
    "A URL to upload a file to",
    body=schemas.AskUrl,
    answer=schemas.UploadUrl,
    refuses=(403, 404),
)
async def ask_upload_url(visit: Visit, asked: schemas.AskUrl) -> schemas.UploadUrl:
    """The file goes straight to S3: by PUT, by a form (``method`` POST), or in parts where it is large. The server
    looks at it when it is there, whether anybody reports it or not: its size, its checksum and its type, by content.
    What is not as it was asked for has failed, and is moved out of the way."""
    return await service.url_for(visit, asked)


@family.endpoint(
    "ReportStatus",
    "PUT /file-status",
    "Report how it stands with a file",
    body=schemas.Report,
    answer=schemas.FileStatus,
    refuses=(404,),
)
@family.endpoint(
    "ReportStatusByPost",
    "POST /file-status",
    "Report how it stands with a file",
    body=schemas.Report,
    answer=schemas.FileStatus,
    refuses=(404,),
)
@family.endpoint(
    "ReportStatusByPatch",
    "PATCH /file-status",
    "Report how it stands with a file",
    body=schemas.Report,
    answer=schemas.FileStatus,
    refuses=(404,),
)
async def report_status(visit: Visit, asked: schemas.Report) -> schemas.FileStatus:
    """What a client reports is told until the server has looked at the file, and never instead of what it found."""
    return await service.report(visit, asked)


@family.endpoint(
    "GetFileStatus",
    "GET /file-status/{uuid}",
    "How it stands with a file",
    query=schemas.FileNamed,
    answer=schemas.FileStatus,
    refuses=(404,),
)
async def get_file_status(visit: Visit, asked: schemas.FileNamed) -> schemas.FileStatus:
    return await service.status_of(visit, await service.found(visit, asked.uuid))


@family.endpoint(
    "ListFileStatus",
    "GET /file-status",
    "The files that the caller asked URLs for",
    query=schemas.ListStatus,
    answer=schemas.StatusPage,
)
async def list_file_status(visit: Visit, asked: schemas.ListStatus) -> schemas.StatusPage:
    return await service.page(visit, asked)
