"""`xet download` to disk: what it does with what is there, and what may happen to its files meanwhile."""

import contextlib
import fcntl
import os
import signal
import socket
import stat
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest

import faults
from catalogue import LARGE_SIZE, MODEL, file_of, lfs, regular
from command_line import assert_done, assert_failed
from contents import noise
from http_peer import wait_until

KINDS = ["random.bin", "lfs.bin", "config.json"]
"""A file in XET, one in Git LFS, one in Git."""

AS_ROOT = os.geteuid() == 0


def entries(folder):
    return sorted(entry.name for entry in folder.iterdir())


def partials(xet):
    return sorted(xet.folder.glob("*.partial"))


@contextlib.contextmanager
def held(origin, after=2_000_000):
    """The xorb bytes of `large.bin` stop after some, until the block ends or the event that it gets is set."""
    event = threading.Event()
    origin.cdn.script(faults.hold(event, after=after), times=None)
    try:
        yield event
    finally:
        event.set()
        origin.cdn.clear_script()


@contextlib.contextmanager
def halfway(xet, origin, *options, path="large.bin", output="out.bin", **settings):
    """A download that has written a part and gets no further; the event lets it go on."""
    with held(origin) as release:
        with xet.start("download", MODEL, path, "--output", output, *options, **settings) as process:
            try:
                wait_until(
                    lambda: process.poll() is not None or any(part.stat().st_size for part in partials(xet)),
                    message="no part was written",
                )
                assert process.poll() is None, process.stderr.read()
                yield process, release
            finally:
                release.set()
                with contextlib.suppress(ProcessLookupError):
                    process.kill()


def leave_part(xet, origin, output="out.bin", path="large.bin"):
    """The part that an interrupted download leaves."""
    with halfway(xet, origin, output=output, path=path) as (process, _):
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143, process.stderr.read()
    (part,) = partials(xet)
    assert part.stat().st_size > 0
    return part


PLAIN = "acme/plain"
"""A repository with files that are not in XET and too large for the memory of a download."""


@pytest.fixture(scope="module", autouse=True)
def plain_files(filled_origin):
    content = noise(3_000_000, "plain")
    filled_origin.add_repository(PLAIN, {"lfs": lfs(content), "git": regular(content[::-1])})


def leave_regular_part(xet, origin, path):
    """The same for a file of `PLAIN`."""
    event = threading.Event()
    for server in (origin.cdn, origin.hub):
        server.script(faults.hold(event, after=2_000_000), times=None, when=lambda r: r.method == "GET")
    with xet.start("download", PLAIN, path, "--output", "out.bin") as process:
        wait_until(lambda: any(part.stat().st_size for part in partials(xet)), message="no part was written")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130, process.stderr.read()
    event.set()
    origin.cdn.clear_script()
    origin.hub.clear_script()
    (part,) = partials(xet)
    assert 0 < part.stat().st_size <= 2_000_000
    return part


# What is there already


@pytest.mark.parametrize("path", [*KINDS, "empty.txt", "empty-xet.bin", "scattered.bin"])
def test_equal_file_is_left_alone(xet, origin, path):
    out = xet.folder / "out.bin"
    out.write_bytes(file_of(origin, path).content)
    before = out.stat()
    finished = xet("download", MODEL, path, "--output", "out.bin")
    assert_done(finished)
    assert b"out.bin" in finished.stderr and b"already" in finished.stderr
    assert out.stat().st_mtime_ns == before.st_mtime_ns and out.stat().st_ino == before.st_ino
    assert not origin.log.all("cdn"), "content was fetched"
    assert not origin.log.all("hub", method="GET"), "content or a token was asked for"
    assert entries(xet.folder) == ["out.bin"]


def test_equal_file_is_told_to_nobody_who_wants_quiet(xet, origin):
    (xet.folder / "out.bin").write_bytes(file_of(origin, "random.bin").content)
    finished = xet("download", MODEL, "random.bin", "--output", "out.bin", "--quiet")
    assert_done(finished)
    assert finished.stderr == finished.stdout == b""


def test_equal_file_of_a_hash(xet, origin):
    file = file_of(origin, "scattered.bin")
    for _ in range(2):
        origin.log.clear()
        assert_done(xet("download", "--hash", file.stored.hash, "--repo", MODEL, "--output", "out.bin"))
    assert (xet.folder / "out.bin").read_bytes() == file.content
    assert not origin.log.all("cdn")


def test_equal_file_through_a_link(xet, origin):
    (xet.folder / "real.bin").write_bytes(file_of(origin, "random.bin").content)
    (xet.folder / "out.bin").symlink_to("real.bin")
    assert_done(xet("download", MODEL, "random.bin", "--output", "out.bin"))
    assert (xet.folder / "out.bin").is_symlink() and not origin.log.all("cdn")


def test_standard_output_is_always_written(xet, origin):
    file = file_of(origin, "random.bin")
    (xet.folder / "random.bin").write_bytes(file.content)
    assert xet("download", MODEL, "random.bin", "--output", "-").stdout == file.content


def differing(content):
    yield "longer", content + b"x"
    yield "shorter", content[:-1]
    yield "empty", b""
    changed = bytearray(content)
    changed[len(content) // 2] ^= 1
    yield "same length", bytes(changed)


@pytest.mark.parametrize("path", KINDS)
def test_other_file_is_replaced(xet, origin, path):
    content = file_of(origin, path).content
    out = xet.folder / "out.bin"
    for what, other in differing(content):
        out.write_bytes(other)
        assert_done(xet("download", MODEL, path, "--output", "out.bin"))
        assert out.read_bytes() == content, what
        assert entries(xet.folder) == ["out.bin"], what


@pytest.mark.parametrize("path", ["large.bin", "lfs.bin"])
def test_other_file_stays_until_the_new_one_is_right(xet, origin, path):
    (xet.folder / "out.bin").write_bytes(b"precious")
    origin.cdn.script(faults.flipped(2000), times=None)
    assert_failed(xet("download", MODEL, path, "--output", "out.bin"))
    assert (xet.folder / "out.bin").read_bytes() == b"precious"


def test_permissions_of_the_replaced_file(xet, origin):
    out = xet.folder / "out.bin"
    for mode in (0o600, 0o640, 0o755, 0o444, 0o000):
        out.write_bytes(b"older")
        out.chmod(mode)
        assert_done(xet("download", MODEL, "random.bin", "--output", "out.bin"))
        assert stat.S_IMODE(out.stat().st_mode) == mode


def test_private_file_is_private_all_the_time(xet, origin):
    (xet.folder / "out.bin").write_bytes(b"older")
    (xet.folder / "out.bin").chmod(0o600)
    with halfway(xet, origin):
        (part,) = partials(xet)
        assert stat.S_IMODE(part.stat().st_mode) == 0o600


def test_part_of_a_file_that_is_read_only_can_be_continued(xet, origin):
    out = xet.folder / "out.bin"
    out.write_bytes(b"older")
    out.chmod(0o440)
    part = leave_part(xet, origin)
    assert stat.S_IMODE(part.stat().st_mode) == 0o640
    assert_done(xet("download", MODEL, "large.bin", "--output", "out.bin"))
    assert stat.S_IMODE(out.stat().st_mode) == 0o440
    assert out.read_bytes() == file_of(origin, "large.bin").content


def test_link_to_a_file_is_replaced(xet, origin):
    """The link, as rename does; what it led to stays."""
    for target in ("real.bin", "nowhere"):
        (xet.folder / "real.bin").write_bytes(b"precious")
        (xet.folder / "out.bin").symlink_to(target)
        assert_done(xet("download", MODEL, "random.bin", "--output", "out.bin"))
        assert not (xet.folder / "out.bin").is_symlink()
        assert (xet.folder / "out.bin").read_bytes() == file_of(origin, "random.bin").content
        assert (xet.folder / "real.bin").read_bytes() == b"precious"
        (xet.folder / "out.bin").unlink()


# Where nothing can be written


def long_name(_):
    return "x" * 256


def in_a_file(folder):
    (folder / "file").write_bytes(b"")
    return "file/out.bin"


def in_a_link_loop(folder):
    (folder / "loop").symlink_to("loop")
    return "loop/out.bin"


def a_socket(folder):
    with socket.socket(socket.AF_UNIX) as server:
        here = os.getcwd()
        os.chdir(folder)
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
    return "socket"


def a_folder(folder):
    (folder / "taken").mkdir()
    (folder / "taken" / "precious").write_text("mine")
    return "taken"


def a_link_to_a_folder(folder):
    a_folder(folder)
    (folder / "link").symlink_to("taken")
    return "link"


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda _: "", ["empty"]),
        (lambda _: "absent/folder/out.bin", ["absent/folder"]),
        (lambda _: ".", ["folder"]),
        (lambda _: "..", ["folder"]),
        (lambda _: "/", ["folder"]),
        (lambda _: "new/", ["folder"]),
        (lambda _: "./", ["folder"]),
        (lambda folder: a_folder(folder) + "/", ["taken", "folder"]),
        (lambda folder: a_folder(folder) + "/..", ["folder"]),
        (a_folder, ["taken", "folder"]),
        (a_link_to_a_folder, ["link", "folder"]),
        (long_name, ["xxx", "too long"]),
        (in_a_file, ["file", "folder"]),
        (in_a_link_loop, ["loop"]),
        (a_socket, ["socket"]),
    ],
)
def test_output_that_cannot_be_is_refused_at_once(xet, origin, make, words):
    output = make(xet.folder)
    before = entries(xet.folder)
    assert_failed(xet("download", MODEL, "random.bin", "--output", output), *words)
    assert not origin.log.all(), "something was asked for although nothing could be written"
    assert entries(xet.folder) == before
    if "taken" in before:
        assert (xet.folder / "taken" / "precious").read_text() == "mine"


def test_file_system_that_takes_no_files(xet, origin):
    assert_failed(xet("download", MODEL, "random.bin", "--output", "/proc/nothing"), "/proc/nothing")


def test_file_system_that_is_read_only(xet, origin, tmp_path):
    mount = tmp_path / "mount"
    mount.mkdir()
    probe = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o ro none "$1"', "sh", str(mount)]
    if subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("file systems cannot be mounted here")
    prefix = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs -o ro none {mount} && exec "$@"', "sh"]
    with xet.start("download", MODEL, "random.bin", "--output", mount / "out.bin", prefix=prefix) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and b"Read-only" in errors, errors
    assert not origin.log.all()


def test_disk_that_is_full(xet, origin, tmp_path):
    """What fitted is kept, and a run with more room goes on from there."""
    mount = tmp_path / "mount"
    mount.mkdir()
    probe = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=8m none "$1"', "sh", str(mount)]
    if subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("file systems cannot be mounted here")
    script = (
        f'mount -t tmpfs -o size=8m none {mount}; "$@"; echo $?; ls -s {mount} >&2; '
        f"mount -o remount,size=80m {mount}; "
        f'"$@"; echo $?; cat {mount}/out.bin | sha256sum; ls {mount}'
    )
    prefix = ["unshare", "-m", "bash", "-c", script, "bash"]
    with xet.start("download", MODEL, "large.bin", "--output", mount / "out.bin", prefix=prefix) as process:
        output, errors = process.communicate(timeout=120)
    first, second, digest, *names = output.decode().splitlines()
    assert (first, second) == ("1", "0"), errors
    assert b"No space left" in errors and b"again to go on" in errors
    assert digest.split()[0] == file_of(origin, "large.bin").sha256
    assert names == ["out.bin"]
    # The first may have fetched everything, the second what had not fitted.
    assert origin.sent_bytes("cdn") < 2 * LARGE_SIZE - 7_000_000, "the second run fetched everything again"


def test_file_that_may_not_grow(xet, origin):
    """A limit on the size of files is an error, not the end of the process by a signal."""
    finished = xet.shell('ulimit -f 4000; exec "$@"', "download", MODEL, "large.bin", "--output", "out.bin")
    assert_failed(finished, "too large", "out.bin")
    assert not (xet.folder / "out.bin").exists()
    assert_done(xet("download", MODEL, "large.bin", "--output", "out.bin"))
    assert (xet.folder / "out.bin").read_bytes() == file_of(origin, "large.bin").content


@pytest.fixture
def stack():
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.mark.skipif(not AS_ROOT, reason="another user is needed")
def test_folder_without_permission(xet, origin, stack):
    def as_nobody(output):
        prefix = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        with xet.start("download", MODEL, "random.bin", "--output", output, prefix=prefix) as process:
            _, errors = process.communicate(timeout=60)
        return process.returncode, errors

    if not all(os.stat(folder).st_mode & stat.S_IXOTH for folder in xet.binary.parents):
        pytest.skip("the program is closed to others")
    # The folders of the tests are closed to others.
    xet.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    xet.folder.chmod(0o755)
    status, errors = as_nobody("out.bin")
    assert status == 1 and b"Permission denied" in errors, errors
    assert not origin.log.all()
    # An equal file is there: nothing needs to be written.
    (xet.folder / "out.bin").write_bytes(file_of(origin, "random.bin").content)
    status, errors = as_nobody("out.bin")
    assert status == 0, errors
    # A folder that may be entered and written, but not listed.
    dark = xet.folder / "dark"
    dark.mkdir()
    dark.chmod(0o733)
    status, errors = as_nobody("dark/out.bin")
    assert status == 0, errors
    assert (dark / "out.bin").read_bytes() == file_of(origin, "random.bin").content


@pytest.mark.parametrize("name", ["n" * 255, "n" * 230, "ü" * 127, "文" * 85], ids=["255", "230", "2-byte", "3-byte"])
def test_names_as_long_as_they_may_be(xet, origin, name):
    part = leave_part(xet, origin, output=name)
    assert len(os.fsencode(part.name)) <= 255
    assert_done(xet("download", MODEL, "large.bin", "--output", name))
    assert (xet.folder / name).read_bytes() == file_of(origin, "large.bin").content
    assert entries(xet.folder) == [name]


@pytest.mark.parametrize("name", [b"caf\xe9", b"\xff\xfe", b"\xf4\x8f\xbc\x80", b"\xed\xa0\x80x", b"line\nend", b" "])
def test_names_of_any_bytes(xet, origin, name):
    assert_done(xet("download", MODEL, "random.bin", "--output", name))
    assert os.listdir(os.fsencode(xet.folder)) == [name]
    finished = xet("download", MODEL, "random.bin", b"--output=" + name)
    assert_done(finished)
    assert b"already" in finished.stderr
    finished.stderr.decode()
    assert finished.stderr.count(b"\n") == 1


# Special files


def test_pipe_is_written_into(xet, origin):
    file = file_of(origin, "random.bin")
    pipe = xet.folder / "pipe"
    os.mkfifo(pipe)
    with xet.start("download", MODEL, "random.bin", "--output", "pipe") as process:
        assert pipe.read_bytes() == file.content
        assert process.wait(30) == 0, process.stderr.read()
    assert stat.S_ISFIFO(pipe.lstat().st_mode) and entries(xet.folder) == ["pipe"]


def test_pipe_that_is_closed(xet, origin):
    """Not silent: the person did not pipe it anywhere."""
    pipe = xet.folder / "pipe"
    os.mkfifo(pipe)
    with xet.start("download", MODEL, "large.bin", "--output", "pipe") as process:
        with open(pipe, "rb") as reader:
            assert reader.read(10)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 1 and b"roken pipe" in errors


@pytest.mark.parametrize("through_link", [False, True])
def test_devices_are_written_into(xet, origin, through_link):
    def named(device):
        if not through_link:
            return device
        link = xet.folder / f"link-to-{os.path.basename(device)}"
        link.symlink_to(device)
        return link.name

    assert_done(xet("download", MODEL, "random.bin", "--output", named("/dev/null")))
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert_failed(xet("download", MODEL, "random.bin", "--output", named("/dev/full")), "no space left")
    assert not list(xet.folder.glob("*.partial"))


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/fd/../fd/1", "link"])
def test_name_of_standard_output(xet, origin, name):
    """Also when that is a plain file: what was in it stays, and the link of the system's is not replaced."""
    content = file_of(origin, "random.bin").content
    if name == "link":
        (xet.folder / "link").symlink_to("/dev/stdout")
    finished = xet("download", MODEL, "random.bin", "--output", name)
    assert_done(finished)
    assert finished.stdout == content
    finished = xet.shell(
        'echo first > file; "$@" >> file', "download", MODEL, "random.bin", "--output", name
    )
    assert_done(finished)
    assert (xet.folder / "file").read_bytes() == b"first\n" + content
    assert os.path.islink("/dev/stdout")
    assert not partials(xet)


# Meanwhile


def test_folder_that_is_made_meanwhile_stays(xet, origin):
    with halfway(xet, origin) as (process, release):
        folder = xet.folder / "out.bin"
        folder.mkdir()
        (folder / "precious").write_text("mine")
        release.set()
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 1 and b"folder" in errors, errors
    assert (folder / "precious").read_text() == "mine"
    # Nothing was lost: once the folder is gone nothing more is fetched.
    (folder / "precious").unlink()
    folder.rmdir()
    origin.log.clear()
    assert_done(xet("download", MODEL, "large.bin", "--output", "out.bin"))
    assert (xet.folder / "out.bin").read_bytes() == file_of(origin, "large.bin").content
    assert not origin.log.all("cdn")


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/null")], ids=["pipe", "device"])
def test_special_file_that_is_made_meanwhile_stays(xet, origin, make):
    with halfway(xet, origin) as (process, release):
        make(xet.folder / "out.bin")
        before = (xet.folder / "out.bin").lstat()
        release.set()
        assert process.wait(60) == 1
    after = (xet.folder / "out.bin").lstat()
    assert (after.st_mode, after.st_ino) == (before.st_mode, before.st_ino)


def test_file_that_is_made_meanwhile_is_replaced(xet, origin):
    with halfway(xet, origin) as (process, release):
        (xet.folder / "out.bin").write_bytes(b"other")
        release.set()
        assert process.wait(60) == 0, process.stderr.read()
    assert (xet.folder / "out.bin").read_bytes() == file_of(origin, "large.bin").content
    assert entries(xet.folder) == ["out.bin"]


def test_folder_that_moves_meanwhile(xet, origin):
    (xet.folder / "here").mkdir()
    with held(origin) as release:
        with xet.start("download", MODEL, "large.bin", "--output", "here/out.bin") as process:
            wait_until(lambda: list((xet.folder / "here").iterdir()), message="no part was made")
            (xet.folder / "here").rename(xet.folder / "there")
            release.set()
            assert process.wait(60) == 0, process.stderr.read()
    assert (xet.folder / "there" / "out.bin").read_bytes() == file_of(origin, "large.bin").content


@pytest.mark.parametrize("replaced", [False, True])
def test_part_that_is_taken_away_meanwhile(xet, origin, replaced):
    """Neither a foreign file is given the name, nor is it said that all went well."""
    with halfway(xet, origin) as (process, release):
        (part,) = partials(xet)
        part.unlink()
        if replaced:
            part.write_bytes(b"foreign")
        release.set()
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 1 and b"moved or replaced" in errors, errors
    assert not (xet.folder / "out.bin").exists()
    assert [part.read_bytes() for part in partials(xet)] == ([b"foreign"] if replaced else [])


def test_two_downloads_of_one_file(xet, origin):
    """The second waits, says so, and fetches nothing: the file is there when it is its turn."""
    with halfway(xet, origin) as (first, release):
        (part,) = partials(xet)
        with xet.start("download", MODEL, "large.bin", "--output", "out.bin") as second:
            assert b"waiting" in second.stderr.readline()
            assert first.poll() is None and partials(xet) == [part]
            release.set()
            assert first.wait(60) == 0, first.stderr.read()
            assert second.wait(60) == 0
            assert b"already" in second.stderr.read()
    assert (xet.folder / "out.bin").read_bytes() == file_of(origin, "large.bin").content
    assert entries(xet.folder) == ["out.bin"]
    assert origin.sent_bytes("cdn") < 1.5 * LARGE_SIZE


def test_second_download_takes_over(xet, origin):
    """The first is killed: the second goes on with what it left."""
    with halfway(xet, origin) as (first, release):
        with xet.start("download", MODEL, "large.bin", "--output", "out.bin") as second:
            assert b"waiting" in second.stderr.readline()
            first.kill()
            release.set()
            assert second.wait(60) == 0, second.stderr.read()
    assert (xet.folder / "out.bin").read_bytes() == file_of(origin, "large.bin").content
    assert entries(xet.folder) == ["out.bin"]


def test_second_download_that_waits_can_be_interrupted(xet, origin):
    with halfway(xet, origin) as (first, release):
        with xet.start("download", MODEL, "large.bin", "--output", "out.bin") as second:
            assert b"waiting" in second.stderr.readline()
            second.send_signal(signal.SIGINT)
            assert second.wait(30) == 130
        release.set()
        assert first.wait(60) == 0


def test_many_downloads_of_one_file_at_once(xet, origin):
    file = file_of(origin, "random.bin")
    processes = [xet.start("download", MODEL, "random.bin", "--output", "out.bin") for _ in range(6)]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert (xet.folder / "out.bin").read_bytes() == file.content
    assert entries(xet.folder) == ["out.bin"]


# Parts


@pytest.mark.parametrize("code, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_download_goes_on(xet, origin, code, status):
    with halfway(xet, origin) as (process, _):
        process.send_signal(code)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == status, errors
    (part,) = partials(xet)
    kept = part.stat().st_size
    assert b"interrupted" in errors and b"again" in errors and part.name.encode() in errors
    assert part.read_bytes() == file_of(origin, "large.bin").content[:kept]
    origin.log.clear()
    assert_done(xet("download", MODEL, "large.bin", "--output", "out.bin"))
    assert (xet.folder / "out.bin").read_bytes() == file_of(origin, "large.bin").content
    assert origin.sent_bytes("cdn") < LARGE_SIZE - kept + 2_000_000
    assert entries(xet.folder) == ["out.bin"]


def test_signals_that_were_ignored_stay_ignored(xet, origin):
    """As for what runs in the background of a script, or after nohup."""
    with halfway(xet, origin, prefix=["bash", "-c", 'trap "" INT; exec "$@"', "bash"]) as (process, release):
        process.send_signal(signal.SIGINT)
        release.set()
        assert process.wait(60) == 0, process.stderr.read()


def test_failed_download_says_that_it_can_go_on(xet, origin):
    origin.cdn.script(
        faults.status(404), times=None, when=lambda r: int(r.range.split("=")[1].split("-")[1]) > LARGE_SIZE // 2
    )
    finished = xet("download", MODEL, "large.bin", "--output", "out.bin")
    assert_failed(finished, "again to go on", ".partial")
    origin.cdn.clear_script()


def test_failed_download_without_a_byte_leaves_nothing(xet, origin):
    origin.cdn.script(faults.status(404), times=None)
    for path in ("random.bin", "lfs.bin"):
        finished = xet("download", MODEL, path, "--output", "out.bin")
        assert_failed(finished)
        assert b".partial" not in finished.stderr and entries(xet.folder) == []


@pytest.mark.parametrize("path", ["lfs", "git"])
def test_interrupted_regular_file_goes_on(xet, origin, path):
    content = file_of(origin, path, PLAIN).content
    kept = leave_regular_part(xet, origin, path).stat().st_size
    origin.log.clear()
    assert_done(xet("download", PLAIN, path, "--output", "out.bin"))
    assert (xet.folder / "out.bin").read_bytes() == content
    assert {request.range for request in origin.log.all(method="GET")} == {f"bytes={kept}-{len(content) - 1}"}


def without_ranges(content):
    """The whole file, whatever part was asked for."""

    def apply(request, response):
        response = faults.header("Content-Range", None)(request, faults.as_status(200)(request, response))
        return faults.body(lambda _: content)(request, response)

    return apply


def test_regular_file_whose_server_knows_no_ranges(xet, origin):
    """The whole is not put behind the part."""
    content = file_of(origin, "lfs", PLAIN).content
    leave_regular_part(xet, origin, "lfs")
    origin.cdn.script(without_ranges(content), times=None)
    assert_done(xet("download", PLAIN, "lfs", "--output", "out.bin"))
    assert (xet.folder / "out.bin").read_bytes() == content
    assert entries(xet.folder) == ["out.bin"]


def test_part_of_another_version_is_not_used(xet, origin):
    """Every revision has its own part, whatever the file is called."""
    part = leave_part(xet, origin)
    kept = part.read_bytes()
    for path, options in (
        ("random.bin", ()),
        ("random.bin", ("--revision", "v1.0")),
        ("config.json", ()),
        ("config.json", ("--revision", "v1.0")),
        ("lfs.bin", ()),
    ):
        assert_done(xet("download", MODEL, path, "--output", "out.bin", *options))
        wanted = file_of(origin, path, revision=options[1] if options else "main").content
        assert (xet.folder / "out.bin").read_bytes() == wanted
    assert part.read_bytes() == kept


def test_part_of_a_file_of_another_name_is_not_used(xet, origin):
    part = leave_part(xet, origin, output="one.bin")
    with halfway(xet, origin, output="two.bin") as (process, _):
        wait_until(lambda: len(partials(xet)) == 2, message="no second part")
        process.send_signal(signal.SIGINT)
        process.wait(30)
    assert part in partials(xet)


def damaged(content):
    yield "longer than the file", content + b"more"
    yield "much longer", content + bytes(len(content))
    yield "wrong byte at the start", b"\x00" + content[1:5_000_000]
    yield "all wrong", bytes(5_000_000)
    yield "whole and wrong", content[:-1] + bytes([content[-1] ^ 1])
    yield "one byte", content[:1]
    yield "one wrong byte", bytes([content[0] ^ 1])
    yield "all but one", content[:-1]
    yield "empty", b""


def test_damaged_part_is_mended_at_once(xet, origin):
    part = leave_part(xet, origin)
    content = file_of(origin, "large.bin").content
    for what, left in damaged(content):
        (xet.folder / "out.bin").unlink(missing_ok=True)
        part.write_bytes(left)
        assert_done(xet("download", MODEL, "large.bin", "--output", "out.bin"))
        assert (xet.folder / "out.bin").read_bytes() == content, what
        assert entries(xet.folder) == ["out.bin"], what


@pytest.mark.parametrize("path", ["lfs", "git"])
def test_damaged_part_of_a_regular_file_is_mended_at_once(xet, origin, path):
    content = file_of(origin, path, PLAIN).content
    part = leave_regular_part(xet, origin, path)
    for what, left in (("longer", content + b"x"), ("wrong", bytes(50_000)), ("whole, wrong", bytes(len(content)))):
        (xet.folder / "out.bin").unlink(missing_ok=True)
        part.write_bytes(left)
        assert_done(xet("download", PLAIN, path, "--output", "out.bin"))
        assert (xet.folder / "out.bin").read_bytes() == content, what


def test_whole_part_is_only_given_its_name(xet, origin):
    part = leave_part(xet, origin)
    part.write_bytes(file_of(origin, "large.bin").content)
    origin.log.clear()
    assert_done(xet("download", MODEL, "large.bin", "--output", "out.bin"))
    assert (xet.folder / "out.bin").read_bytes() == file_of(origin, "large.bin").content
    assert not origin.log.all("cdn")


def link_to_a_victim(part, victim):
    part.symlink_to(victim)


def dangling_link(part, victim):
    part.symlink_to(part.parent / "made-by-it")


def second_name_of_a_victim(part, victim):
    os.link(victim, part)


@pytest.mark.parametrize(
    "make",
    [
        link_to_a_victim,
        dangling_link,
        second_name_of_a_victim,
        lambda part, victim: os.mkfifo(part),
        lambda part, victim: part.mkdir(),
        lambda part, victim: part.symlink_to("/dev/null"),
    ],
    ids=["link", "dangling", "hard link", "pipe", "folder", "device"],
)
def test_part_that_is_no_part_is_refused(xet, origin, make):
    """Nothing is written through it, and the message says what to do."""
    part = leave_part(xet, origin)
    victim = xet.folder / "victim"
    victim.write_bytes(b"precious")
    part.unlink()
    make(part, victim)
    before = entries(xet.folder)
    assert_failed(xet("download", MODEL, "large.bin", "--output", "out.bin"), part.name, "remove it")
    assert victim.read_bytes() == b"precious"
    assert entries(xet.folder) == before


def test_part_is_locked(xet, origin):
    """Anyone else can see that it is in use."""
    with halfway(xet, origin):
        (part,) = partials(xet)
        with open(part, "rb") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
