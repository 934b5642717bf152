"""The options and outputs of `xet` that the tests rely on, in one place."""

import json
import subprocess


def hash_lines(stdout):
    """The (hash, path) of each line that `xet hash` prints."""
    return [tuple(line.split("  ", 1)) for line in stdout.decode("utf-8").splitlines()]


def inspected_xorb(stdout):
    """What `xet inspect --json` says of a xorb: (hash, [(chunk hash, start, packed and unpacked length, scheme)])."""
    document = json.loads(stdout)
    chunks = [
        (chunk["hash"], chunk["serializedOffset"], chunk["packedBytes"], chunk["unpackedBytes"], chunk["scheme"])
        for chunk in document["chunks"]
    ]
    return document["hash"], chunks


def inspected_shard(stdout):
    """What `xet inspect --json` says of a shard.

    ([(file hash, sha256, [(xorb, start, end, unpacked length)])], [(xorb hash, [(chunk hash, start, length)])]), the
    last two in unpacked bytes.
    """
    document = json.loads(stdout)
    files = [
        (
            file["hash"],
            file.get("sha256"),
            [(term["xorb"], term["start"], term["end"], term["unpackedBytes"]) for term in file["terms"]],
        )
        for file in document["files"]
    ]
    xorbs = [
        (xorb["hash"], [(chunk["hash"], chunk["unpackedOffset"], chunk["unpackedBytes"]) for chunk in xorb["chunks"]])
        for xorb in document["xorbs"]
    ]
    return files, xorbs


SCHEME_NAMES = {0: "none", 1: "lz4", 2: "bg4-lz4"}
"""Compression schemes as `xet inspect` prints them."""


def listed_files(stdout):
    """What `xet list --json` prints: {path: (size, xet hash or None)}."""
    return {entry["path"]: (entry["size"], entry.get("xetHash")) for entry in json.loads(stdout)}


def origin_options(folder, data, threshold=None, access_file=None):
    """The arguments of `xet origin`."""
    options = ["origin", folder, "--host", "127.0.0.1", "--port", "0", "--data", data]
    if threshold is not None:
        options += ["--threshold", threshold]
    if access_file is not None:
        options += ["--token-file", access_file]
    return options


def access_text(tokens, restricted):
    """The text of the token file of `xet origin`.

    `tokens` maps tokens to the repositories that they may read, `restricted` maps repositories to "private" or "gated";
    a repository is a pair (type, id).
    """

    def listed(repositories):
        return [f"{kind}s/{name}" for kind, name in repositories]

    return json.dumps(
        {
            "private": listed(name for name, visibility in restricted.items() if visibility == "private"),
            "gated": listed(name for name, visibility in restricted.items() if visibility == "gated"),
            "tokens": {
                token: {"name": f"user{number}", "read": listed(readable)}
                for number, (token, readable) in enumerate(tokens.items())
            },
        }
    )


def assert_done(finished):
    """`finished` is a run that succeeded."""
    assert finished.returncode == 0, f"{finished.returncode}: {finished.stderr.decode(errors='replace')}"


def assert_failed(finished, *words):
    """Failed with a message on stderr that names `words`, without a crash."""
    message = finished.stderr.decode(errors="replace").lower()
    assert 0 < finished.returncode < 128, f"{finished.returncode}: {message}"
    for word in words:
        assert word.lower() in message, message
    assert "fatal error" not in message and "stack dump" not in message


class CommandRunner:
    """Runs `xet` in a folder of its own, `folder`: `xet("list", ..., token=...)`, with environment variables by name."""

    def __init__(self, binary, folder, make_environment):
        self.binary, self.folder, self._environment = binary, folder, make_environment

    def __call__(self, *arguments, token=None, stdin=subprocess.DEVNULL, **variables):
        """A run to its end; `stdout` and `stderr` are bytes."""
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(token, **variables),
            cwd=self.folder,
            capture_output=True,
            timeout=60,
            stdin=stdin,
        )

    def start(self, *arguments, token=None, prefix=(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more):
        """A run that goes on; `prefix` is a command that runs the command, `more` are variables."""
        return subprocess.Popen(
            [*prefix, *self.command(*arguments)],
            env=self.environment(token, **more),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )

    def shell(self, script, *arguments, token=None, **variables):
        """Runs a script of bash; `"$@"` in it is `xet` with `arguments`."""
        return subprocess.run(
            ["bash", "-c", script, "bash", *self.command(*arguments)],
            env=self.environment(token, **variables),
            cwd=self.folder,
            capture_output=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )

    def command(self, *arguments):
        return [str(self.binary), *(part if isinstance(part, bytes) else str(part) for part in arguments)]

    def environment(self, token=None, **variables):
        return self._environment(HF_TOKEN=token, PWD=self.folder, **variables)
