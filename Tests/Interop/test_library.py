"""The library `Xet`, by a program that imports nothing else (Tests/HubExample): against the peer origin."""

import os
import subprocess
import threading

import pytest

import faults
from catalogue import DATA, MODEL, PRIVATE, file_of, files_of
from contents import noise
from http_peer import wait_until
from xet_process import environment

NEW = "alice/new"


@pytest.fixture
def example(xet_binary, origin, home, tmp_path):
    """Runs the example program in an empty folder."""
    program = os.environ.get("XET_HUB_EXAMPLE") or xet_binary.parent / "HubExample"
    folder = tmp_path / "work"
    folder.mkdir()

    def start(*arguments, token=None):
        env = environment(home, HF_ENDPOINT=origin.url, HF_TOKEN=token)
        command = [str(program), *map(str, arguments)]
        return subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(*arguments, token=None):
        process = start(*arguments, token=token)
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        return output.strip()

    run.folder, run.start = folder, start
    return run


def test_a_file(example, origin):
    target = example.folder / "weights.bin"
    assert example("download", MODEL, "large.bin", target) == "true"
    assert target.read_bytes() == file_of(origin, "large.bin").content
    assert example("download", MODEL, "large.bin", target) == "false"
    assert example("download", f"hf://datasets/{DATA}", next(iter(files_of(origin, DATA, "dataset"))), example.folder) == "true"


def test_a_snapshot(example, origin):
    folder = example.folder / "here"
    files = files_of(origin)
    count = len(files)
    size = sum(file.size for file in files.values())
    assert example("snapshot", MODEL, folder) == f"{count} {count} {size}"
    for path, file in files.items():
        assert (folder / path).read_bytes() == file.content, path
    assert example("snapshot", MODEL, folder) == f"{count} 0 {size}"


def test_files(example, origin):
    lines = example("files", MODEL).splitlines()
    assert {line.split(" ", 3)[3] for line in lines} == set(files_of(origin))


@pytest.mark.parametrize("path", ["large.bin", "prose.txt"])
@pytest.mark.parametrize("span", [(), (0, 1), (1000, 90_000), (0, 0)])
def test_bytes(example, origin, path, span):
    target = example.folder / "bytes"
    assert example("bytes", MODEL, path, target, *span) == ""
    start, end = span or (0, None)
    assert target.read_bytes() == file_of(origin, path).content[start:end]


def test_a_range_that_is_not_there(example, origin):
    size = file_of(origin, "large.bin").size
    assert "range not satisfiable" in example("bytes", MODEL, "large.bin", "x", size, size + 1)


def test_who_has_enough_leaves(example, origin):
    """The fetches of an iteration end with it, while the program goes on."""
    gate = threading.Event()
    # All but the start of the file, which is the start of its xorb.
    late = lambda request: not request.range.startswith("bytes=0-")
    origin.cdn.script(faults.hold(gate, after=1000), times=100, when=late)
    process = example.start("first", MODEL, "large.bin")
    try:
        assert process.stdout.readline() == "true\n"
        wait_until(lambda: not origin.open_requests("cdn"), deadline=10)
        assert process.poll() is None
    finally:
        gate.set()
        process.kill()
        process.wait()


def test_a_cancelled_download(example, origin):
    gate = threading.Event()
    origin.cdn.script(faults.hold(gate), times=100)
    try:
        assert "CancellationError" in example("cancel", MODEL, "large.bin", example.folder / "x")
        assert not (example.folder / "x").exists()
    finally:
        gate.set()
    wait_until(lambda: not origin.open_requests())


def test_failures_are_told(example, origin):
    assert "not found" in example("download", MODEL, "none.bin", example.folder)
    assert "failed" in example("download", PRIVATE, "random.bin", example.folder)
    assert "no repository" in example("download", "a b", "c", example.folder)


def test_upload(example, origin):
    folder = example.folder / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "weights.bin").write_bytes(noise(400_000, "library"))
    (folder / "config.json").write_bytes(b"{}")
    uploaded, new, commit = example("upload", NEW, folder, token=origin.alice).split()
    assert (uploaded, new) == ("2", "400002") and len(commit) == 40
    assert {p: bytes(f.content) for p, f in files_of(origin, NEW).items()} == {
        "sub/weights.bin": noise(400_000, "library"),
        "config.json": b"{}",
    }
    assert example("upload", NEW, folder, token=origin.alice).split()[0] == "0"
    assert example("upload", NEW, folder / "config.json", "deep/c.json", token=origin.alice).split()[0] == "1"
    assert "deep/c.json" in files_of(origin, NEW)
