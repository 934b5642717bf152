"""Runs the official clients, each call in a process of its own so that its environment takes effect."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from xet_process import environment

PROGRAM = Path(__file__).with_name("official_client_calls.py")


OLDER_CLIENTS = Path(__file__).resolve().parents[2] / ".venv-interop-older"


def other_interpreters():
    """Interpreters of further `huggingface_hub` versions.

    They are those of the virtual environments listed in XET_INTEROP_HUB_VERSIONS; if that is not set, of the one that
    `scripts/setup.sh clients` makes, if it is there.
    """
    listed = os.environ.get("XET_INTEROP_HUB_VERSIONS")
    if listed is None:
        listed = str(OLDER_CLIENTS) if OLDER_CLIENTS.is_dir() else ""
    return [str(Path(folder) / "bin" / "python") for folder in listed.split(os.pathsep) if folder]


def name_of(interpreter):
    """The short name of an interpreter in the names of tests."""
    return "current" if interpreter == sys.executable else Path(interpreter).parts[-3].removeprefix(".venv-interop-")


GENERATIONS = ("1.0", "1.1", "older", "1.2", "1.4", "current")
"""Clients that speak to Hub and CAS in different ways, oldest first, by what follows `.venv-interop-`."""


def generation(name):
    """The interpreter of a generation, which `scripts/setup.sh clients` installs."""
    path = OLDER_CLIENTS.with_name(f".venv-interop-{name}") / "bin" / "python"
    chosen = sys.executable if name == "current" else str(path)
    assert os.access(chosen, os.X_OK), f"no {chosen}: run scripts/setup.sh clients"
    return chosen


CLIENT = pytest.mark.parametrize("interpreter", [sys.executable, *other_interpreters()], ids=name_of)
XET = pytest.mark.parametrize("xet", [True, False], ids=["xet", "plain"])


def client_environment(home, endpoint, token=None, xet=True, variables=None):
    """The environment of a client that knows nothing but the endpoint."""
    return environment(
        home,
        HF_ENDPOINT=endpoint,
        HF_TOKEN=token,
        HF_HUB_DISABLE_XET=None if xet else "1",
        HF_XET_CLIENT_RETRY_BASE_DELAY="50ms",
        **(variables or {}),
    )


def call(
    home, endpoint, action, token=None, xet=True, interpreter=sys.executable, timeout=120, variables=None, **arguments
):
    """Runs `action` of `official_client_calls.py`; returns its result, or {"error": class name, "message": …}."""
    env = client_environment(home, endpoint, token, xet, variables)
    finished = subprocess.run(
        [interpreter, str(PROGRAM), action],
        env=env,
        input=json.dumps(arguments).encode(),
        capture_output=True,
        timeout=timeout,
    )
    assert finished.returncode == 0, f"{action} {arguments}: {finished.stderr.decode()[-4000:]}"
    return json.loads(finished.stdout.splitlines()[-1])


def call_all(home, endpoint, calls, **options):
    """Runs several (action, parameters) in one process; returns the result of each."""
    return call(home, endpoint, "batch", calls=calls, **options)


def run_command_line(interpreter, env, *arguments, timeout=120):
    """Runs `hf` of the interpreter's environment; returns the finished process with text output."""
    program = Path(interpreter).with_name("hf")
    return subprocess.run([str(program), *arguments], env=env, capture_output=True, text=True, timeout=timeout)


def version_of(interpreter, package):
    """The version of a package in the environment of an interpreter."""
    program = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([interpreter, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
