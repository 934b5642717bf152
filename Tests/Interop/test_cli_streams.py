"""What the commands do with standard output, standard error and terminals of all kinds."""

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import threading

import pytest

import faults
from catalogue import MODEL, file_of
from command_line import assert_done, assert_failed
from contents import noise
from http_peer import wait_until
from peer_repositories import PeerFile
from terminal import Terminal

MANY = "acme/many"
"""A repository whose listing is longer than any pipe."""
MANY_COUNT = 3000


@pytest.fixture(scope="module", autouse=True)
def many_files(filled_origin):
    file = PeerFile(b"same", "regular")
    filled_origin.add_repository(MANY, {f"folder/a name that takes some room {at}": file for at in range(MANY_COUNT)})


@pytest.fixture
def inputs(xet, golden):
    """Names of files in the folder: many small ones, and a xorb with more than a pipe's worth of chunks to tell of."""
    names = []
    for at in range(1500):
        names.append(f"a name that takes some room {at}")
        (xet.folder / names[-1]).write_bytes(b"x")
    xorb = max((golden / "xorbs").glob("*.xorb"), key=lambda path: path.stat().st_size)
    return names, xorb


def commands(inputs):
    """Every command that prints more than a pipe holds, or might."""
    names, xorb = inputs
    yield "download", ("download", MODEL, "large.bin", "--output", "-")
    yield "download to its name", ("download", MODEL, "large.bin", "--output", "/dev/stdout")
    yield "list", ("list", MANY)
    yield "list of JSON", ("list", MANY, "--json")
    yield "hash", ("hash", *names)
    yield "inspect", ("inspect", xorb)
    yield "inspect of JSON", ("inspect", xorb, "--json")


def small_pipe(nonblocking):
    """Both ends of a pipe that holds a page, and blocks whoever writes, or does not."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writer, not nonblocking)
    return reader, writer


def test_output_that_does_not_block(xet, origin, inputs):
    """As of ssh or of a terminal that another program left so: waited for, not failed."""
    for what, command in commands(inputs):
        expected = xet(*command)
        assert_done(expected)
        reader, writer = small_pipe(nonblocking=True)
        with xet.start(*command, stdout=writer) as process:
            os.close(writer)
            received = b""
            # Small pieces, so that the pipe is full again and again.
            while piece := os.read(reader, 3000):
                received += piece
            assert process.wait(60) == 0, process.stderr.read()
        os.close(reader)
        assert received == expected.stdout, what


def test_standard_error_that_does_not_block(xet, origin):
    reader, writer = small_pipe(nonblocking=True)
    with xet.start("hash", *(f"absent {at}" for at in range(500)), stderr=writer) as process:
        os.close(writer)
        errors = b""
        while piece := os.read(reader, 500):
            errors += piece
        assert process.wait(60) == 1
    os.close(reader)
    assert errors.count(b"\n") == 500


def test_reader_that_has_enough(xet, origin, inputs):
    """`| head` ends the command without a word, with the status of what ends so."""
    for what, command in commands(inputs):
        finished = xet.shell('"$@" | head -c 10 >&2; echo "${PIPESTATUS[0]}"', *command)
        status, errors = finished.stdout.decode().strip(), finished.stderr
        # A small output may be gone before the reader is.
        assert status == "141" or (status == "0" and "inspect" in what), (what, status, errors)
        assert len(errors) == 10, (what, errors)


def test_reader_that_has_enough_where_the_signal_is_ignored(xet, origin):
    """There the status tells, without a word as well."""
    script = 'trap "" PIPE; "$@" | head -c 10 >&2; echo "${PIPESTATUS[0]}"'
    for command in (("list", MANY), ("download", MODEL, "large.bin", "--output", "-")):
        finished = xet.shell(script, *command)
        assert finished.stdout.strip() == b"141" and len(finished.stderr) == 10, finished


def test_closed_standard_output(xet, origin, inputs):
    """Told of, and nothing that was meant for it goes into a socket that got its number."""
    for what, command in commands(inputs):
        finished = xet.shell('exec "$@" >&-', *command)
        if command[-1] == "/dev/stdout":
            assert finished.returncode == 1
        else:
            assert_failed(finished, "standard output")
        assert len(finished.stderr.splitlines()) == 1, (what, finished.stderr)


def test_full_standard_output(xet, origin, inputs):
    for what, command in commands(inputs):
        finished = xet.shell('exec "$@" > /dev/full', *command)
        assert_failed(finished, "no space left")
        assert len(finished.stderr.splitlines()) == 1, what


def test_closed_standard_error(xet, origin):
    """Nobody is told; the work is done, or the status says that it was not."""
    (xet.folder / "file").write_bytes(b"Hello World!")
    for command, status in (
        (("download", MODEL, "random.bin", "--output", "out.bin"), 0),
        (("download", MODEL, "none.bin", "--output", "none.bin"), 3),
        (("list", MANY), 0),
        (("hash", "file"), 0),
        (("hash", "file", "absent"), 1),
    ):
        finished = xet.shell('exec "$@" 2>&-', *command)
        assert finished.returncode == status and finished.stderr == b"", command
    assert (xet.folder / "out.bin").read_bytes() == file_of(origin, "random.bin").content


def test_all_streams_closed(xet, origin):
    finished = xet.shell('exec "$@" <&- >&- 2>&-', "download", MODEL, "large.bin", "--output", "out.bin")
    assert finished.returncode == 0
    assert (xet.folder / "out.bin").read_bytes() == file_of(origin, "large.bin").content


def test_signals_between_writes(xet, origin):
    """A call that a signal interrupts, such as of a window that changes, is no failure."""
    reader, writer = small_pipe(nonblocking=False)
    with xet.start("download", MODEL, "large.bin", "--output", "-", stdout=writer) as process:
        os.close(writer)
        received = b""
        while piece := os.read(reader, 100_000):
            received += piece
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGWINCH)
                process.send_signal(signal.SIGCONT)
        assert process.wait(60) == 0, process.stderr.read()
    os.close(reader)
    assert received == file_of(origin, "large.bin").content


@pytest.mark.parametrize("code", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_nobody_reads(xet, origin, code):
    reader, writer = small_pipe(nonblocking=False)
    with xet.start("download", MODEL, "large.bin", "--output", "-", stdout=writer) as process:
        os.close(writer)
        wait_until(lambda: select.select([reader], [], [], 0)[0], message="nothing was written")
        process.send_signal(code)
        assert process.wait(30) in (-code, 128 + code)
    os.close(reader)


@pytest.mark.parametrize("command", [("--help",), ("download", "--help"), ("--generate-completion-script", "bash")])
def test_help_on_streams_of_all_kinds(xet, command):
    expected = xet(*command)
    assert_done(expected)
    reader, writer = small_pipe(nonblocking=True)
    with xet.start(*command, stdout=writer) as process:
        os.close(writer)
        received = b""
        while piece := os.read(reader, 100):
            received += piece
        assert process.wait(60) == 0
    os.close(reader)
    assert received == expected.stdout
    assert_failed(xet.shell('exec "$@" > /dev/full', *command), "no space left")
    assert_failed(xet.shell('exec "$@" >&-', *command), "standard output")


def test_wrong_arguments_are_shown_safely(xet):
    for wrong in ("--\x1b[31mred", b"--\xff"):
        finished = xet("download", wrong, "x", "y", "z")
        assert finished.returncode == 2 and finished.stdout == b""
        text = finished.stderr.decode()
        assert "\x1b" not in text and ("x1b" in text or "xff" in text) and "Usage" in text


# What `hash` and `inspect` read


def test_standard_input(xet, golden):
    (xet.folder / "file").write_bytes(b"Hello World!")
    digest = xet("hash", "file").stdout.split()[0]
    with open(xet.folder / "file", "rb") as file:
        assert xet("hash", "-", stdin=file).stdout == digest + b"  -\n"
    with open(xet.folder / "file", "rb") as file:
        os.lseek(file.fileno(), 6, os.SEEK_SET)
        (xet.folder / "rest").write_bytes(b"World!")
        assert xet("hash", "-", stdin=file).stdout.split()[0] == xet("hash", "rest").stdout.split()[0]
    xorb = next((golden / "xorbs").glob("*.xorb"))
    with open(xorb, "rb") as file:
        assert xet("inspect", "-", stdin=file).stdout == xet("inspect", xorb).stdout


def test_pipes_are_read(xet, golden):
    content = noise(3_000_000, "piped")
    (xet.folder / "file").write_bytes(content)
    (xet.folder / "xorb").write_bytes(next((golden / "xorbs").glob("*.xorb")).read_bytes())
    for command in (("hash",), ("inspect",), ("inspect", "--json")):
        name = "file" if command[0] == "hash" else "xorb"
        expected = xet(*command, name)
        assert_done(expected)
        finished = xet.shell('"$@" <(cat ' + name + ")", *command)
        assert_done(finished)
        assert finished.stdout.split()[0] == expected.stdout.split()[0]


def test_input_that_does_not_block(xet):
    """As standard input of a terminal that another program left so."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    with subprocess.Popen(
        xet.command("hash", "-"), env=xet.environment(), stdin=reader, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        os.close(reader)
        os.write(writer, b"Hello ")
        os.write(writer, b"World!")
        os.close(writer)
        output, errors = process.communicate(timeout=30)
    (xet.folder / "file").write_bytes(b"Hello World!")
    assert output.split()[0] == xet("hash", "file").stdout.split()[0], errors


def test_what_cannot_be_read(xet):
    (xet.folder / "folder").mkdir()
    (xet.folder / "loop").symlink_to("loop")
    names = {"folder": "directory", "absent": "absent", "loop": "loop", "": "no such", "a" * 300: "long"}
    for name, word in names.items():
        for command in ("hash", "inspect"):
            finished = xet(command, name)
            assert_failed(finished, word)
            assert finished.stdout == b"" and len(finished.stderr.splitlines()) == 1, (command, name)


def test_file_that_is_too_large_to_inspect(xet):
    with open(xet.folder / "sparse", "wb") as file:
        file.truncate(1 << 40)
    assert_failed(xet("inspect", "sparse"), "MiB")
    assert_failed(xet("inspect", "/dev/zero"), "MiB")


def test_hash_of_names_of_any_bytes(xet):
    """As sha256sum prints them: the bytes as they are, and marked and escaped where they would break the line."""
    for name in (b"caf\xe9", b"\xff\xfe", b"\xf4\x8f\xbc\x80", "ü".encode(), b"tab\there", b"esc\x1b[31m"):
        (xet.folder / os.fsdecode(name)).write_bytes(b"Hello World!")
        finished = xet("hash", name)
        assert_done(finished)
        assert finished.stdout[64:] == b"  " + name + b"\n"
    for name in (b"line\nend", b"back\\slash", b"return\r"):
        (xet.folder / os.fsdecode(name)).write_bytes(b"Hello World!")
        ours = xet("hash", name).stdout
        theirs = subprocess.run(["sha256sum", name], cwd=xet.folder, capture_output=True).stdout
        assert ours[:1] == theirs[:1] == b"\\" and ours[65:] == theirs[65:]


# Names that others chose


HOSTILE = "\x1b]0;title\x07\x9b31m\u202eevil\x7f\r\nfake  line"


def test_list_shows_control_characters(xet, origin):
    document = [{"type": "file", "path": HOSTILE, "size": 5, "oid": "0" * 40}]
    origin.hub.script(faults.json_body(lambda _: document), times=None, when=lambda r: "/tree/" in r.path)
    for options in ((), ("--json",)):
        finished = xet("list", MODEL, *options)
        assert_done(finished)
        text = finished.stdout.decode()
        assert not [c for c in text.replace("\n", "") if ord(c) < 32 or 127 <= ord(c) < 160 or c == "\u202e"]
        assert len(text.splitlines()) == (1 if not options else len(text.splitlines()))
    assert json.loads(finished.stdout)[0]["path"] == HOSTILE


def test_messages_show_control_characters(xet, origin):
    finished = xet("download", MODEL, "\x1b[31mnone\r\n\x9b", "--output", "x")
    assert_failed(finished, "none")
    assert not [c for c in finished.stderr.decode().rstrip("\n") if ord(c) < 32 or 127 <= ord(c) < 160]
    origin.hub.script(
        faults.status(404, [("X-Error-Message", "\x1b[31mgone\x9b\x07")]), times=None, when=lambda r: r.method == "HEAD"
    )
    finished = xet("download", MODEL, "random.bin", "--output", "x")
    assert_failed(finished)
    assert not [c for c in finished.stderr.decode("latin-1").rstrip("\n") if ord(c) < 32]


# Terminals


@pytest.mark.parametrize("columns", [1, 10, 20, 40, 80, 200])
def test_progress_fits_the_terminal(xet, origin, columns):
    """A line that is too long would be left behind each time."""
    name = "long-" + "x" * 200 + ".bin"
    for path in ("large.bin", name):
        terminal = Terminal(xet, "download", MODEL, path, "--output", "out", columns=columns)
        assert terminal.wait() == 0, terminal.shown
        lines = [line for line in terminal.shown.replace("\r\n", "\n").replace("\n", "\r").split("\r") if "%" in line]
        assert lines or columns < 5, terminal.shown
        for line in lines:
            assert line.startswith("\x1b[K") and len(line) - 3 < max(columns, 2), (columns, line)
        (xet.folder / "out").unlink()


def test_no_progress_where_it_does_harm(xet, origin):
    for options, variables in ((["--quiet"], {}), ([], {"TERM": "dumb"})):
        terminal = Terminal(xet, "download", MODEL, "large.bin", "--output", "out", *options, **variables)
        assert terminal.wait() == 0
        assert "\x1b" not in terminal.shown and "%" not in terminal.shown
        assert terminal.shown == "" or not options
        (xet.folder / "out").unlink()
    finished = xet("download", MODEL, "large.bin", "--output", "out")
    assert finished.stderr == finished.stdout == b""


def test_nothing_is_coloured(xet, origin):
    for variables in ({}, {"NO_COLOR": "1"}):
        terminal = Terminal(xet, "download", MODEL, "large.bin", "--output", "out", **variables)
        assert terminal.wait() == 0
        assert not [part for part in terminal.shown.split("\x1b[")[1:] if not part.startswith("K")]
        (xet.folder / "out").unlink()


@pytest.mark.parametrize("columns", [20, 80])
def test_long_checks_are_told_on_a_terminal(xet, origin, columns):
    (xet.folder / "out").write_bytes(file_of(origin, "large.bin").content)
    terminal = Terminal(xet, "download", MODEL, "large.bin", "--output", "out", columns=columns)
    assert terminal.wait() == 0
    assert "\r\x1b[Kcompar" in terminal.shown and "already" in terminal.shown.rsplit("\x1b[K", 1)[1]
    for line in terminal.shown.split("\r\x1b[K")[1:-1]:
        assert len(line) < columns


def test_end_is_told_on_a_terminal(xet, origin):
    terminal = Terminal(xet, "download", MODEL, "large.bin", "--output", "out")
    assert terminal.wait() == 0
    assert "verified" in terminal.shown.splitlines()[-1]


def test_interrupt_on_a_terminal_leaves_a_clean_line(xet, origin):
    event = threading.Event()
    origin.cdn.script(faults.hold(event, after=2_000_000), times=None)
    terminal = Terminal(xet, "download", MODEL, "large.bin", "--output", "out")
    wait_until(lambda: "%" in terminal.shown, message="no progress was shown")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.wait() == 130
    event.set()
    after = terminal.shown.rsplit("\x1b[K", 1)[1]
    assert "interrupted" in after.splitlines()[0] and "%" not in after


def test_interrupt_on_a_terminal_ends_the_loop_of_a_shell(xet, origin):
    """A shell goes on with the next command unless the one before died of the signal."""
    event = threading.Event()
    origin.cdn.script(faults.hold(event, after=2_000_000), times=None)
    master, slave = pty.openpty()
    loop = 'for at in 1 2; do "$@"; echo "went on"; done'
    command = ["setsid", "--ctty", "--wait", "bash", "-c", loop, "bash"]
    command += xet.command("download", MODEL, "large.bin", "--output", "out")
    with subprocess.Popen(
        command, env=xet.environment(TERM="xterm"), cwd=xet.folder, stdin=slave, stdout=slave, stderr=slave
    ) as process:
        os.close(slave)
        shown = b""
        while b"%" not in shown:
            shown += os.read(master, 65536)
        os.write(master, b"\x03")
        with contextlib.suppress(OSError):
            while piece := os.read(master, 65536):
                shown += piece
        assert process.wait(30) == -signal.SIGINT
    event.set()
    os.close(master)
    assert shown.count(b"interrupted") == 1 and b"went on" not in shown
    assert list(xet.folder.glob("out.*.partial"))


def test_names_are_safe_on_a_terminal(xet, origin):
    (xet.folder / "esc\x1b[31m\x9b\n").write_bytes(b"Hello World!")
    terminal = Terminal(xet, "hash", "esc\x1b[31m\x9b\n")
    assert terminal.wait() == 0
    assert "\x1b" not in terminal.shown and "\x9b" not in terminal.shown and len(terminal.shown.splitlines()) == 1
