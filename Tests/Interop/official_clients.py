"""Runs the official clients, each call in a process of its own so that its environment takes effect."""

import json
import os
import subprocess
import sys
from pathlib import Path

from xet_process import environment

PROGRAM = Path(__file__).with_name("official_client_calls.py")


def other_interpreters():
    """Interpreters of further `huggingface_hub` versions: virtual environments listed in XET_INTEROP_HUB_VERSIONS."""
    listed = os.environ.get("XET_INTEROP_HUB_VERSIONS", "")
    return [str(Path(folder) / "bin" / "python") for folder in listed.split(os.pathsep) if folder]


def call(
    home, endpoint, action, token=None, xet=True, interpreter=sys.executable, timeout=120, variables=None, **arguments
):
    """Runs `action` of `official_client_calls.py`; returns its result, or {"error": class name, "message": …}."""
    env = environment(
        home,
        HF_ENDPOINT=endpoint,
        HF_TOKEN=token,
        HF_HUB_DISABLE_XET=None if xet else "1",
        HF_XET_CLIENT_RETRY_BASE_DELAY="50ms",
        **(variables or {}),
    )
    finished = subprocess.run(
        [interpreter, str(PROGRAM), action],
        env=env,
        input=json.dumps(arguments).encode(),
        capture_output=True,
        timeout=timeout,
    )
    assert finished.returncode == 0, f"{action} {arguments}: {finished.stderr.decode()[-4000:]}"
    return json.loads(finished.stdout.splitlines()[-1])
