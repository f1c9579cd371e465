"""What trug is deployed with: linted or parsed, and the image's own steps taken outside of any image."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SECONDS = 600
SHELL_FORM = re.compile(r"^(RUN|ENV|CMD|ENTRYPOINT|HEALTHCHECK)\s+((?:.*\\\n)*.*)$", re.MULTILINE)


def instructions(name: str) -> list[str]:
    """The arguments of every instruction of this name in the Dockerfile, each on one line."""
    text = (ROOT / "Dockerfile").read_text()
    return [rest.replace("\\\n", " ") for kind, rest in SHELL_FORM.findall(text) if kind == name]


def test_the_dockerfile_is_linted() -> None:
    found = shutil.which("hadolint", path=os.path.dirname(sys.executable))
    if found is None:
        pytest.skip("hadolint has no wheel for this platform")
    done = subprocess.run([found, "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_is_nobodys_root() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert "\nUSER 10001:10001\n" in text
    assert text.index("\nUSER 10001:10001\n") < text.index("\nENTRYPOINT ")
    assert 'CMD ["trug", "health"]' in instructions("HEALTHCHECK")[0]


def test_the_image_has_nothing_that_is_not_installed() -> None:
    lines = (ROOT / ".dockerignore").read_text().split()
    assert lines[0] == "*"
    copied = {"pyproject.toml", "README.md", "LICENSE", "server", "migrations"}
    assert {line[1:] for line in lines if line.startswith("!")} == copied


def documents(path: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((ROOT / path).read_text()))


def test_compose() -> None:
    (compose,) = documents("compose.yaml")
    service = compose["services"]["trug"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert {port.split(":")[1] for port in service["ports"]} == {"9000", "9001"}
    assert set(compose["volumes"]) == {volume.split(":")[0] for volume in service["volumes"]}


def test_kubernetes() -> None:
    found = {document["kind"]: document for document in documents("contrib/kubernetes.yaml")}
    assert set(found) == {"Secret", "Service", "StatefulSet"}
    pod = found["StatefulSet"]["spec"]["template"]
    assert pod["metadata"]["labels"] == found["Service"]["spec"]["selector"]
    (container,) = pod["spec"]["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert {volume["name"] for volume in container["volumeMounts"]} == {
        *(volume["name"] for volume in pod["spec"]["volumes"]),
        *(claim["metadata"]["name"] for claim in found["StatefulSet"]["spec"]["volumeClaimTemplates"]),
    }
    keys = {entry["valueFrom"]["secretKeyRef"]["key"] for entry in container["env"]}
    assert keys == set(found["Secret"]["stringData"])


def test_systemd() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[method-assign, assignment]
    unit.read(ROOT / "contrib" / "trug.service")
    assert unit["Service"]["ExecStart"] == "/opt/trug/bin/trug serve /var/lib/trug"
    assert int(unit["Service"]["TimeoutStopSec"]) > 30
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_the_steps_of_the_image(tmp_path: Path) -> None:
    """Its own commands, its paths moved under a folder: what they install starts, is healthy, and ends."""
    install = next(line for line in instructions("RUN") if "pip install" in line)
    source, home, data = tmp_path / "src", tmp_path / "trug", tmp_path / "data"
    data.mkdir()
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("server", "migrations"):
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    steps = install.replace("/opt/trug", str(home)).replace("python -m venv", f"{sys.executable} -m venv")
    subprocess.run(["sh", "-ec", steps], cwd=source, check=True, timeout=SECONDS, capture_output=True)

    variables = dict(pair.split("=", 1) for pair in " ".join(instructions("ENV")).split())
    environment = {
        **{name: value.replace("/data", str(data)) for name, value in variables.items()},
        "PATH": f"{home}/bin:{os.environ['PATH']}",
        "TRUG_HOST": "127.0.0.1",
        "TRUG_PORT": "0",
    }
    command = [*json.loads(instructions("ENTRYPOINT")[0]), *json.loads(instructions("CMD")[-1])]
    read, write = os.pipe()
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--ready-fd", str(write)], cwd=data, env=environment, pass_fds=[write], stderr=log
        )
    os.close(write)
    try:
        with open(read, encoding="utf-8") as ready:
            urls = json.loads(ready.readline())
        port = urls["s3"][0].rpartition(":")[2]
        check = subprocess.run(
            ["trug", "health", f"http://127.0.0.1:{port}"], cwd=data, env=environment, check=False, timeout=30
        )
        assert check.returncode == 0
        assert urls["console"]
    finally:
        server.terminate()
        assert server.wait(40) == 0
