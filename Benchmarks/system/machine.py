"""The machine and the programs of a run, in words; and what is missing before it can start."""

import datetime
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

import line
import nginx
from measure import GIB


def missing():
    """What has to be installed, as a message for each."""
    found = []
    if nginx.program() is None:
        found.append("nginx is missing")
    elif not nginx.has_latency_modules():
        found.append("nginx has no Lua module, which delays answers (Debian: libnginx-mod-http-lua)")
    if line.compiler() is None:
        found.append("a C compiler (cc) is missing")
    for package in ("hf_xet", "huggingface_hub"):
        if version(package) is None:
            found.append(f"the Python package {package} is missing")
    return found


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Hardware", "CPU implementer"):
            return value.strip()
    return platform.machine()


def memory_bytes():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def words(xet, storage, disturbance):
    """The machine in words, then the versions."""
    told = subprocess.run([xet, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return (
        f"measured on {datetime.date.today().isoformat()}",
        f"{len(os.sched_getaffinity(0))} cores of {processor()}, {memory_bytes() / GIB:.0f} GiB of memory, "
        f"{platform.system()} {platform.release().partition('-')[0]}",
        f"xet {told}, hf_xet {version('hf_xet')} with huggingface_hub {version('huggingface_hub')}, "
        f"nginx {nginx.version()}, Python {platform.python_version()}",
        f"xorbs, plain files and what clients write are {' and '.join(sorted(storage)) or 'not used'}; "
        "everything runs on this machine, over loopback",
        f"other programs and the system took {disturbance.share():.0%} of the cores' time during the run",
    )
