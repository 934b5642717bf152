"""The description of the routes at /openapi.json, held against a running proxy."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import schemathesis

from catalogue import BUCKET, KERNEL, MODEL, file_of
from http_probe import fetch

OWNER, REPOSITORY = MODEL.split("/")
EXAMPLES = 10
"""Requests of each operation that are made up, beside those that the bounds of its parameters call for."""
DEADLINE = 120
CHECKS = (
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
)


@pytest.fixture
def server(start_endpoint):
    return start_endpoint("--allow-anonymous")


@pytest.fixture
def document(server):
    return fetch(server.url, "/openapi.json").json()


def test_it_is_openapi(document):
    schemathesis.openapi.from_dict(document).validate()


def read_token(server, origin):
    got = fetch(server.url, f"/api/models/{MODEL}/xet-read-token/main", token=origin.alice)
    assert got.status == 200, got
    return got.json()["accessToken"]


def examples(server, origin, token):
    """A value of each path parameter for which the answer is more than an error."""
    file = file_of(origin, "random.bin").stored.hash
    got = fetch(server.url, f"/v1/reconstructions/{file}", token=token)
    assert got.status == 200, got
    (xorb, entries), *_ = got.json()["fetch_info"].items()
    capability = re.search(r"/xorbs/[0-9a-f]+/([^/?]+)", entries[0]["url"])[1]
    return {
        "Owner": OWNER,
        "Repository": REPOSITORY,
        "Path": "tiny.bin",
        "PathRevision": "main",
        "Kind": "models",
        "FileHash": file,
        "XorbHash": xorb,
        "Capability": capability,
    }


def check(document, url, token, folder, tags):
    """Asks for every operation of the tags, in the ways that the description allows and in some that it does not."""
    path = folder / "openapi.json"
    path.write_text(json.dumps(document))
    operations = [
        operation["operationId"]
        for name, item in document["paths"].items()
        for operation in item.values()
        # Its answer has no end; it has tests of its own.
        if set(operation["tags"]) & set(tags) and name != "/events"
    ]
    assert operations
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        str(path),
        "--url",
        url,
        "--header",
        f"Authorization: Bearer {token}",
        *(part for name in operations for part in ("--include-operation-id", name)),
        "--checks",
        ",".join(CHECKS),
        "--phases",
        "examples,coverage,fuzzing",
        "--max-examples",
        str(EXAMPLES),
        "--generation-deterministic",
        "--no-shrink",
        "--max-redirects",
        "0",
        "--request-timeout",
        "20",
        "--suppress-health-check",
        "all",
        "--warnings",
        "off",
        "--no-color",
        "--report",
        "ndjson",
        "--report-ndjson-path",
        str(folder / "events.ndjson"),
    ]
    variables = {**os.environ, "NO_PROXY": "*", "HOME": str(folder)}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]


def assert_no_crash(server):
    """Nothing was answered with a status that says the proxy itself went wrong."""
    metrics = fetch(server.url, "/metrics").body.decode()
    counts = re.findall(r'^xet_\w*requests\w*_total\{[^}]*status="(\d+)"[^}]*\} (\d+)', metrics, re.M)
    assert sum(int(count) for _, count in counts) > 50, metrics
    assert not [status for status, _ in counts if status == "500"]


@pytest.mark.parametrize("tags", [("proxy", "files"), ("hub",), ("cas",), ("kernels",), ("buckets",), ("git",)], ids=lambda tags: "-".join(tags))
def test_answers_are_as_described(server, document, origin, tmp_path, tags):
    sealed = read_token(server, origin)
    values = examples(server, origin, sealed)
    if tags in (("kernels",), ("buckets",)):
        values.update(Repository=(KERNEL if tags == ("kernels",) else BUCKET).split("/")[1], Path="random.bin")
    for name, value in values.items():
        document["components"]["parameters"][name]["example"] = value
    check(document, server.url, sealed if tags == ("cas",) else origin.alice, tmp_path, tags)
    assert_no_crash(server)
