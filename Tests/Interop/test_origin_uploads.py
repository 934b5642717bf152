"""The reference client uploads into the CAS of `xet origin`, and everybody reads it back."""

from urllib.error import HTTPError
from urllib.request import Request, urlopen

import hf_xet
import pytest

from command_line import origin_options
from contents import noise, text
from http_probe import fetch, path_target
from xet_process import XetServer, environment

REPOSITORY, TOKEN = "acme/model", "hf_writer0123456789abcdef"
STORED = noise(3_000_000, "stored by us")
UPLOADS = {
    **{f"{size}.bin": noise(size, f"upload {size}") for size in (1, 8191, 8192, 8193, 131071, 131072, 131073)},
    "empty.bin": b"",
    "prose.txt": text(2_000_000),
    "large.bin": noise(68_000_000, "more than one xorb"),
    "shared.bin": STORED[:2_000_000] + noise(100_000, "new") + STORED[1_000_000:],
}


@pytest.fixture(scope="module")
def served(xet_binary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("upload-folder")
    stored = folder / "models" / REPOSITORY / "stored.bin"
    stored.parent.mkdir(parents=True)
    stored.write_bytes(STORED)
    options = origin_options(folder, tmp_path_factory.mktemp("upload-data"), 100_000)
    server = XetServer(xet_binary, options, environment(tmp_path_factory.mktemp("upload-home")))
    yield server
    assert server.is_running, server.errors()
    server.stop()


def cas_access(served, kind):
    """Address and (token, expiry) of the CAS."""
    target = path_target("api", "models", REPOSITORY, f"xet-{kind}-token", "main")
    body = fetch(served.url, target, token=TOKEN).json()
    return body["casUrl"], (body["accessToken"], body["exp"])


@pytest.fixture(scope="module")
def uploaded(served, tmp_path_factory):
    """What `hf_xet` says of each upload: name to (hash, size)."""
    folder = tmp_path_factory.mktemp("uploads")
    paths = {name: folder / name for name in UPLOADS}
    for name, path in paths.items():
        path.write_bytes(UPLOADS[name])
    endpoint, token = cas_access(served, "write")
    infos = hf_xet.upload_files([str(path) for path in paths.values()], endpoint, token, None, None, "model")
    return {name: (info.hash, info.file_size) for name, info in zip(paths, infos, strict=True)}


def test_the_reference_client_reads_its_uploads(served, uploaded, tmp_path):
    endpoint, token = cas_access(served, "read")
    wanted = [
        hf_xet.PyXetDownloadInfo(destination_path=str(tmp_path / name), hash=hash, file_size=size)
        for name, (hash, size) in uploaded.items()
    ]
    hf_xet.download_files(wanted, endpoint, token, None, None)
    for name, content in UPLOADS.items():
        assert (tmp_path / name).read_bytes() == content, name


def test_uploads_come_through_the_proxy(xet_binary, served, uploaded, tmp_path):
    arguments = ["proxy", "--host", "127.0.0.1", "--port", "0", "--hub-endpoint", served.url]
    server = XetServer(xet_binary, arguments, environment(tmp_path))
    try:
        for name, (hash, size) in uploaded.items():
            got = fetch(server.url, path_target("download-hash", hash) + f"?repo={REPOSITORY}", token=TOKEN)
            assert (got.status, got.complete, got.body == UPLOADS[name]) == (200, True, True), f"{name}: {got}"
            assert size == len(UPLOADS[name])
    finally:
        server.stop()


def test_repeated_uploads_change_nothing(served, uploaded, tmp_path):
    path = tmp_path / "again"
    path.write_bytes(UPLOADS["shared.bin"])
    endpoint, token = cas_access(served, "write")
    (info,) = hf_xet.upload_files([str(path)], endpoint, token, None, None, "model")
    assert info.hash == uploaded["shared.bin"][0]


@pytest.mark.parametrize("kind, status", [("read", 403), ("write", 400)])
def test_a_xorb_that_is_none(served, kind, status):
    endpoint, (token, _) = cas_access(served, kind)
    request = Request(f"{endpoint}/v1/xorbs/default/{'0' * 64}", b"x", {"Authorization": f"Bearer {token}"})
    with pytest.raises(HTTPError) as failure:
        urlopen(request)
    assert failure.value.code == status
