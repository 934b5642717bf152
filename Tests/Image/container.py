"""Containers without an engine: namespaces, a read-only root, a user without rights, nothing to gain."""

import os
import re
import shutil
import signal
import subprocess
import threading

DEADLINE = 60.0
READY = re.compile(r"ready on http://\S+:(\d+)")

SETUP = """
set -eu
root=$1 user=$2
shift 2
mount --bind "$root" "$root"
while [ "$1" != -- ]; do
    mount --bind "$1" "$root$2"
    if [ "$3" = ro ]; then mount -o remount,bind,ro "$root$2"; fi
    shift 3
done
shift
mount -t proc -o subset=pid,nosuid,nodev,noexec proc "$root/proc"
mount -o remount,bind,ro,nosuid,nodev "$root"
exec setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" "$@"
"""


class Network:
    """A network of its own, with a loopback interface and nothing else: ports are free in it."""

    def __init__(self):
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout.readline() == b"up\n", "no network namespace"

    def inside(self, *command):
        """A command that runs `command` in this network."""
        return ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net", *command]

    def get(self, url):
        """The body of a 2xx answer; anything else is a failure."""
        command = self.inside("curl", "--fail", "--silent", "--show-error", url)
        result = subprocess.run(command, capture_output=True, timeout=DEADLINE)
        assert result.returncode == 0, f"{url}: {result.stderr.decode()}"
        return result.stdout

    def close(self):
        self._holder.communicate()


class SharedNetwork:
    """The network of the tests themselves."""

    def inside(self, *command):
        return list(command)


class Container:
    """A process of the image, as the user that the image names, process 1 of its namespace.

    `mounts` are (path here, path there, "ro" or "rw"). What it writes to stderr is collected. The root is a copy with
    the places that an engine makes: /proc, /etc/hosts, /etc/resolv.conf.
    """

    def __init__(self, image, folder, network, arguments, environment=None, mounts=()):
        self._network = network
        self._lines = []
        self._is_ready = threading.Event()
        self.root = folder / "root"
        shutil.copytree(image.root, self.root, symlinks=True)
        for path in ("proc", *(there.strip("/") for _, there, _ in mounts)):
            if not (self.root / path).exists():
                (self.root / path).mkdir(parents=True)
        (self.root / "etc" / "hosts").write_text("127.0.0.1 localhost origin\n")
        (self.root / "etc" / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        self._user = image.settings["User"]
        self._environment = environment or {}
        self._mounts = [text for mount in mounts for text in map(str, mount)]
        self._process = subprocess.Popen(
            self._command([*image.settings["Entrypoint"], *arguments]),
            env=self._variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _command(self, command):
        isolate = ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork"]
        setup = ["sh", "-c", SETUP, "sh", str(self.root), self._user, *self._mounts, "--"]
        return self._network.inside(*isolate, *setup, *command)

    def _variables(self):
        # The tools that set the container up need a path; the image needs nothing.
        return {"PATH": os.environ["PATH"], **self._environment}

    def _read(self):
        for line in self._process.stderr:
            self._lines.append(line)
            if READY.search(line):
                self._is_ready.set()
        self._is_ready.set()

    def errors(self):
        """What it wrote to stderr so far."""
        return "".join(self._lines)

    def wait_until_ready(self):
        """Waits for the ready line; returns this container."""
        assert self._is_ready.wait(DEADLINE), f"not ready:\n{self.errors()}"
        assert self._process.poll() is None, f"ended with {self._process.wait()}:\n{self.errors()}"
        return self

    @property
    def pid(self):
        """The process, as it is numbered outside."""
        with open(f"/proc/{self._process.pid}/task/{self._process.pid}/children") as children:
            (pid,) = children.read().split()
        return int(pid)

    def run(self, *command):
        """Runs another process in the same root, network and environment, to its end."""
        return subprocess.run(
            self._command(command), env=self._variables(), capture_output=True, text=True, timeout=DEADLINE
        )

    def terminate(self):
        """Asks it to end, as an engine does."""
        os.kill(self.pid, signal.SIGTERM)

    def wait(self, timeout=DEADLINE):
        """Its exit status."""
        return self._process.wait(timeout)

    def close(self):
        """Ends it if it still runs."""
        if self._process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        self._process.stderr.close()
