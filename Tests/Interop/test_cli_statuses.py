"""The exit statuses of commands: what scripts go by."""

import socket

import pytest

import faults
from catalogue import GATED, MODEL, PRIVATE

USAGE, NOT_FOUND, NOT_ALLOWED, NETWORK, CORRUPT = 2, 3, 4, 5, 6


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--nonsense"], USAGE),
        (["download"], USAGE),
        (["download", "a/b/c/d"], USAGE),
        (["download", MODEL, "random.bin", "--retry-for", "soon"], USAGE),
        (["list", MODEL, "--revision", "r" * 2000], USAGE),
        (["proxy", "--port", "x"], USAGE),
        (["download", "acme/nowhere", "random.bin"], NOT_ALLOWED),
        (["download", MODEL, "nowhere.bin"], NOT_FOUND),
        (["download", MODEL, "nowhere.bin", "random.bin"], NOT_FOUND),
        (["download", MODEL, "--include", "*.nothing"], NOT_FOUND),
        (["list", MODEL, "--revision", "nowhere"], NOT_FOUND),
        (["download", GATED, "plain.txt"], NOT_ALLOWED),
        (["list", PRIVATE], NOT_ALLOWED),
        (["--version"], 0),
        (["download", "--help"], 0),
        (["list", MODEL], 0),
    ],
)
def test_statuses(xet, arguments, status):
    finished = xet(*arguments)
    assert finished.returncode == status, finished.stderr


@pytest.mark.parametrize(
    ("arguments", "first", "usage"),
    [
        (["downlaod", MODEL], "There is no command 'downlaod'; did you mean 'download'?", "xet "),
        (["frobnicate"], "There is no command 'frobnicate'.", "xet "),
        (["cache", "statsu", "folder"], "There is no command 'statsu'; did you mean 'status'?", "xet cache "),
        (["help", "porxy"], "There is no command 'porxy'; did you mean 'proxy'?", "xet "),
        (["proxy", "--prot", "80"], "Unknown option '--prot'. Did you mean '--port'?", "xet proxy "),
        (["download", "a/b/c/d"], "'a/b/c/d' is no repository: expected owner/name, or its hf:// or https address.", "xet download "),
        # Found when the command runs.
        (["list", "a/b/c/d"], "'a/b/c/d' is no repository: expected owner/name.", "xet list "),
        (["health", "--url", "here"], "'--url' is an http or https URL.", "xet health "),
        (["origin", "/nowhere/at/all"], "'/nowhere/at/all' is not a folder.", "xet origin "),
    ],
)
def test_usage(xet, arguments, first, usage):
    """What is wrong, and how the command is used that was meant."""
    finished = xet(*arguments)
    assert finished.returncode == USAGE
    lines = finished.stderr.decode().splitlines()
    assert lines[0] == f"xet: {first}"
    assert lines[1].startswith(f"Usage: {usage}")
    assert lines[2] == f"  See '{usage}--help' for more information."
    assert not finished.stdout


@pytest.mark.parametrize("command", ["download", "cache status", "cache verify", "proxy", "origin", "hash"])
def test_help_of_commands(xet, command):
    shown = xet(*command.split(), "--help")
    assert shown.returncode == 0 and f"USAGE: xet {command}" in shown.stdout.decode()
    assert xet("help", *command.split()).stdout == shown.stdout


def unused_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.mark.parametrize("command", [["list", MODEL], ["download", MODEL, "tiny.bin"], ["download", MODEL]])
def test_nobody_is_there(xet, command):
    finished = xet(*command, HF_ENDPOINT=f"http://127.0.0.1:{unused_port()}", XET_RETRY_FOR="1s")
    assert finished.returncode == NETWORK, finished.stderr


@pytest.mark.parametrize("paths", [["random.bin"], ["random.bin", "tiny.bin"]])
@pytest.mark.parametrize(
    ("fault", "status"),
    # An address that is refused has ended.
    [(faults.status(403), NETWORK), (faults.status(500), NETWORK), (faults.flipped(9), CORRUPT)],
)
def test_the_data_host(xet, origin, paths, fault, status):
    """As for one file, so for several."""
    origin.cdn.script(fault, times=None)
    try:
        finished = xet("download", MODEL, *paths, XET_RETRY_FOR="1s")
    finally:
        origin.cdn.clear_script()
    assert finished.returncode == status, finished.stderr
