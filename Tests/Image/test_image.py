"""What is in the image, and what it is told to run."""

import platform
import stat
import struct

UNPACKED_LIMIT = 35_000_000
PACKED_LIMIT = 15_000_000
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
INTERPRETER, DYNAMIC = 3, 2


def program_header_kinds(executable):
    """The kinds of the program headers of a 64-bit little-endian ELF file."""
    assert executable[:6] == b"\x7fELF\x02\x01"
    (start,) = struct.unpack_from("<Q", executable, 32)
    size, count = struct.unpack_from("<HH", executable, 54)
    return [struct.unpack_from("<I", executable, start + index * size)[0] for index in range(count)]


def test_size(image):
    assert image.unpacked_size <= UNPACKED_LIMIT
    assert image.packed_size <= PACKED_LIMIT


def test_files(image):
    """The executable, the certificates, and their folders: no shell, no library, no package manager."""
    files = {path for path, entry in image.entries.items() if not entry.isdir()}
    assert files == {"xet", "etc/ssl/certs/ca-certificates.crt"}
    folders = {path for path, entry in image.entries.items() if entry.isdir()}
    assert folders == {"etc", "etc/ssl", "etc/ssl/certs", "data"}


def test_nobody_can_change_the_program(image):
    for path, entry in image.entries.items():
        mode = stat.S_IMODE(entry.mode)
        if path == "data":
            assert (entry.uid, entry.gid) == (65532, 65532)
        else:
            assert (entry.uid, entry.gid) == (0, 0), path
            assert mode & 0o022 == 0, path
        assert mode & (stat.S_ISUID | stat.S_ISGID) == 0, path


def test_the_program_needs_no_libraries(image):
    kinds = program_header_kinds((image.root / "xet").read_bytes())
    assert INTERPRETER not in kinds and DYNAMIC not in kinds


def test_settings(image):
    assert image.config["os"] == "linux"
    assert image.config["architecture"] == ARCHITECTURES[platform.machine()]
    settings = image.settings
    assert settings["User"] == "65532:65532"
    assert settings["Entrypoint"] == ["/xet"]
    assert settings["Cmd"] == ["proxy"]
    assert settings["ExposedPorts"] == {"8080/tcp": {}}
    assert settings["Healthcheck"]["Test"] == ["CMD", "/xet", "health"]
    assert not settings.get("Volumes")
