"""compose.yaml: valid, hardened, and its services work with each other."""

from pathlib import Path

import pytest
import yaml

SERVICES = {"proxy", "demo", "origin"}


@pytest.fixture(scope="module")
def services():
    path = Path(__file__).resolve().parents[2] / "compose.yaml"
    return yaml.safe_load(path.read_text())["services"]


def test_schema(check, tool):
    check(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "compose.yaml")


def test_every_service_is_confined(services):
    assert services.keys() == SERVICES
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["mem_limit"] and service["pids_limit"]
        assert "privileged" not in service and "user" not in service and "cap_add" not in service


def test_demo(services, start, network, repositories, data, content):
    """The services of the profile `demo`, started as the file says, with the health checks that it says."""
    places = {"/repositories": repositories, "/data": data}
    volumes = [volume.rsplit(":", 2) for volume in services["origin"]["volumes"]]
    mounts = []
    for volume in volumes:
        mode = "ro" if volume[-1] == "ro" else "rw"
        place = volume[-2] if mode == "ro" else volume[-1]
        mounts.append((places[place], place, mode))
    origin = start(services["origin"]["command"], mounts=mounts)
    demo = start(services["demo"]["command"], services["demo"]["environment"])
    for container, service in ((origin, services["origin"]), (demo, services["demo"])):
        kind, *command = service["healthcheck"]["test"]
        assert kind == "CMD"
        well = container.run(*command)
        assert well.returncode == 0, well.stderr
    assert network.get("http://127.0.0.1:8080/download/acme/demo/model.bin") == content
