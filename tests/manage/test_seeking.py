"""``trug search`` and an application's way over the search of a real server."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import httpx
from tests.support import patient
from tests.support.processes import run, serving

KEYS = ("minioadmin", "minioadmin")


def test_search_from_the_command_line_and_over_http(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with serving(tmp_path, ("--console-port", "0")) as server:
        s3 = boto3.client(
            "s3",
            endpoint_url=server.url,
            aws_access_key_id=KEYS[0],
            aws_secret_access_key=KEYS[1],
            region_name="us-east-1",
        )
        s3.create_bucket(Bucket="gallery")
        for number in range(5):
            s3.put_object(
                Bucket="gallery",
                Key=f"photos/{number}.jpg",
                Body=b"x" * number,
                Tagging=f"album=a{number % 2}",
                ContentType="image/jpeg",
            )

        def asked(*options: str) -> str:
            answer = run(tmp_path, "search", "gallery", *options, "--dir", data)
            assert answer.returncode == 0, answer.stderr
            return answer.stdout

        found = json.loads(asked("tag.album = 'a1'", "--json"))
        assert [row["key"] for row in found["objects"]] == ["photos/1.jpg", "photos/3.jpg"]
        lines = asked("tag.album = 'a1' and size > 1").splitlines()
        assert [line.split()[0] for line in lines] == ["KEY", "photos/3.jpg"]
        told = asked("size > 1 KB", "--prefix", "photos/", "--explain")
        for text in ("name=current", "name=listable", "protects=True", "size > 1024", "photos/"):
            assert text in told
        refused = run(tmp_path, "search", "gallery", "size >", "--dir", data)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "position 7" in refused.stderr
        assert run(tmp_path, "search", "nowhere", "", "--dir", data).returncode == 1

        with httpx.Client(base_url=f"{server.console}/api/v1", auth=KEYS, timeout=patient.SECONDS) as client:
            page = client.get("/search", params={"bucket": "gallery", "filter": "tag.album = 'a0'", "limit": 2}).json()
            assert [row["key"] for row in page["objects"]] == ["photos/0.jpg", "photos/2.jpg"]
            item = client.post("/items", json={"type": "note", "links": [{"bucket": "gallery", "key": "photos/1.jpg"}]})
            assert item.status_code == 201
            assert client.get("/items", params={"filter": "type = 'note'"}).json()["items"] == [item.json()]
            kept = client.put("/filters/odd", params={"bucket": "gallery"}, json={"filter": "tag.album = 'a1'"})
            assert kept.status_code == 200
        assert run(tmp_path, "bucket", "index", "gallery", "on", "--dir", data).returncode == 0
        assert [row["key"] for row in json.loads(asked("odd", "--json"))["objects"]] == ["photos/1.jpg", "photos/3.jpg"]
        assert run(tmp_path, "bucket", "index", "gallery", "maybe", "--dir", data).returncode == 1
    assert run(tmp_path, "fsck", "--dir", data).returncode == 0
    assert json.loads(run(tmp_path, "search", "gallery", "", "--json", "--dir", data).stdout)["objects"]
