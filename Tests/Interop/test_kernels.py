"""The C kernels on this machine, under the checks of a compiler, and on others where their tools are installed."""

import shutil
import subprocess

import pytest

from conftest import REPOSITORY_ROOT

SCRIPT = REPOSITORY_ROOT / "Tests" / "CrossCheck" / "run.sh"

# What a machine's check needs, and the kernels that it has besides the portable one.
MACHINES = {
    "native": (["gcc"], []),
    "arm64": (["aarch64-linux-gnu-gcc", "qemu-aarch64"], ["NEON"]),
    "s390x": (["s390x-linux-gnu-gcc", "qemu-s390x"], []),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_kernels_agree_with_the_vectors(machine):
    tools, kernels = MACHINES[machine]
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        pytest.skip(f"without {' and '.join(missing)}")
    done = subprocess.run(["sh", SCRIPT, machine], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    for kernel in ["portable", *kernels, "byte grouping"]:
        assert f"{kernel}: " in done.stdout
