"""Fixtures: the image that `make image` left, and containers of it. All of it needs root."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from container import Container, Network
from image import Image

REPOSITORY_ROOT = Path(__file__).resolve().parents[2]
ARCHIVE = Path(os.environ.get("XET_IMAGE_ARCHIVE") or REPOSITORY_ROOT / ".build-image" / "xet.tar")
FILE_SIZE = 64 << 20
"""More than the buffers of two sockets hold: a client that stops reading holds up the rest."""


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    """The image; XET_IMAGE_ARCHIVE names another one than `make image` leaves."""
    if not ARCHIVE.is_file():
        pytest.fail(f"no image at {ARCHIVE}: run `make image`", pytrace=False)
    if os.geteuid() != 0:
        pytest.fail("only root can unpack an image with its owners, and run it", pytrace=False)
    return Image(ARCHIVE, tmp_path_factory.mktemp("image"))


@pytest.fixture
def network():
    network = Network()
    yield network
    network.close()


@pytest.fixture
def start(image, network, tmp_path):
    """Starts containers; they are ready when this returns, and end with the test."""
    running = []

    def start(arguments, environment=None, mounts=()):
        folder = tmp_path / f"container-{len(running)}"
        folder.mkdir()
        container = Container(image, folder, network, arguments, environment, mounts)
        running.append(container)
        return container.wait_until_ready()

    yield start
    for container in running:
        container.close()


@pytest.fixture(scope="session")
def content():
    """The bytes of the file that tests download."""
    return os.urandom(FILE_SIZE)


@pytest.fixture
def repositories(tmp_path, content):
    """A folder for an origin, with acme/demo in it."""
    folder = tmp_path / "repositories"
    model = folder / "models" / "acme" / "demo"
    model.mkdir(parents=True)
    (model / "model.bin").write_bytes(content)
    return folder


@pytest.fixture
def data(tmp_path, image):
    """A folder that the image's user may write to."""
    folder = tmp_path / "data"
    folder.mkdir()
    user, group = map(int, image.settings["User"].split(":"))
    os.chown(folder, user, group)
    return folder


@pytest.fixture
def origin(start, repositories, data):
    """An origin on port 9000 of the network."""
    return start(
        ["origin", "/repositories", "--data", "/data", "--port", "9000"],
        mounts=[(repositories, "/repositories", "ro"), (data, "/data", "rw")],
    )


@pytest.fixture(scope="session")
def tool():
    """The path of a program that is installed beside Python."""
    return lambda name: Path(sys.executable).parent / name


@pytest.fixture
def check():
    """Runs a program over files of this repository; it has to be content."""

    def check(*command):
        result = subprocess.run([*map(str, command)], cwd=REPOSITORY_ROOT, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr

    return check
