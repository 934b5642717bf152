"""`xet hash` and `xet inspect` against the reference client and against an independent parser."""

import json

import pytest

from command_line import SCHEME_NAMES, hash_lines, inspected_shard, inspected_xorb
from contents import constant, floats, noise, text, trigger
from reference_store import ReferenceStore
from xet_formats import parse_shard, parse_xorb
from xet_process import environment, run_xet

BOUNDARIES = [
    *range(6),
    63,
    64,
    65,
    127,
    128,
    129,
    1023,
    1024,
    1025,
    8127,
    8128,
    8129,
    8190,
    8191,
    8192,
    8193,
    8194,
    8255,
    8256,
    16383,
    16384,
    16385,
    65535,
    65536,
    65537,
    131071,
    131072,
    131073,
    139263,
    139264,
    139265,
    262143,
    262144,
    262145,
]
FILES_PER_CALL = 400


def reference_hashes(paths):
    import hf_xet

    return [entry.hash for entry in hf_xet.hash_files([str(path) for path in paths])]


def xet_hashes(binary, home, paths):
    finished = run_xet(binary, "hash", *paths, env=environment(home))
    assert finished.returncode == 0, finished.stderr.decode()
    lines = hash_lines(finished.stdout)
    assert [path for _, path in lines] == [str(path) for path in paths]
    return [digest for digest, _ in lines]


def assert_same_hashes(binary, home, folder, inputs):
    """Hashes `inputs`, an iterable of (name, content), with both and compares."""
    paths, names = [], []
    for at, (name, content) in enumerate(inputs):
        path = folder / f"{at:05d}"
        path.write_bytes(content)
        paths.append(path)
        names.append(name)
    wrong = []
    for at in range(0, len(paths), FILES_PER_CALL):
        some = paths[at : at + FILES_PER_CALL]
        ours, theirs = xet_hashes(binary, home, some), reference_hashes(some)
        wrong += [
            f"{name}: {our}, reference {their}"
            for name, our, their in zip(names[at:], ours, theirs, strict=False)
            if our != their
        ]
    assert not wrong, f"{len(wrong)} of {len(paths)} differ: " + "; ".join(wrong[:5])
    return len(paths)


def test_every_boundary(xet_binary, home, tmp_path):
    kinds = {
        "noise": lambda n: noise(n, n),
        "text": text,
        "floats": floats,
        "zeros": lambda n: constant(n, 0),
        "constant": constant,
    }
    inputs = ((f"{kind} {size}", make(size)) for size in BOUNDARIES for kind, make in kinds.items())
    assert assert_same_hashes(xet_binary, home, tmp_path, inputs) >= 200


def test_trigger_patterns(xet_binary, home, tmp_path):
    inputs = ((f"trigger {pad} {size}", trigger(pad, size)) for pad in range(128) for size in (8193, 16500, 65536))
    assert assert_same_hashes(xet_binary, home, tmp_path, inputs) == 384


def test_many_small_inputs(xet_binary, home, tmp_path):
    inputs = ((f"small {at}", noise(at * 37 % 20_011, at)) for at in range(2000))
    assert assert_same_hashes(xet_binary, home, tmp_path, inputs) == 2000


def test_inputs_of_some_megabytes(xet_binary, home, tmp_path):
    def inputs():
        for seed, size in enumerate((1_000_000, 1_999_999, 3_145_728, 5_000_011, 8_388_609)):
            yield f"noise {size}", noise(size, seed)
        yield "text", text(4_000_000)
        yield "floats", floats(4_000_003)
        yield "zeros", constant(6_000_000, 0)
        yield "repeated", noise(700_000, 1) * 6
        yield "mixed", noise(900_000, 2) + constant(900_000) + text(900_000) + noise(900_000, 2)
        yield "shifted", b"x" + noise(2_000_000, 3)

    assert_same_hashes(xet_binary, home, tmp_path, inputs())


def test_input_of_several_xorbs(xet_binary, home, tmp_path):
    assert_same_hashes(xet_binary, home, tmp_path, [("70 MB", noise(70_000_000, "several"))])


def test_golden_inputs(xet_binary, golden, home, tmp_path):
    inputs = json.loads((golden / "golden.json").read_text())["files"]
    stored = [entry for entry in inputs if entry["stored"]]
    paths = [golden / entry["stored"] for entry in stored]
    assert xet_hashes(xet_binary, home, paths) == [entry["file_hash"] for entry in stored]


def test_names_are_printed_as_given(xet_binary, home, tmp_path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    paths = [folder / name for name in ("with space", "ünïcödé-文件", "  two  spaces", "-dash", "#?%", "quote\"'")]
    for path in paths:
        path.write_bytes(path.name.encode())
    assert xet_hashes(xet_binary, home, paths) == reference_hashes(paths)


def test_file_that_is_not_there(xet_binary, home, tmp_path):
    good = tmp_path / "good"
    good.write_bytes(b"Hello World!")
    finished = run_xet(xet_binary, "hash", tmp_path / "absent", good, env=environment(home))
    assert finished.returncode != 0
    assert b"absent" in finished.stderr
    assert not any(path.endswith("absent") for _, path in hash_lines(finished.stdout))


def inspect(binary, home, path, reader):
    finished = run_xet(binary, "inspect", path, "--json", env=environment(home))
    assert finished.returncode == 0, f"{path}: {finished.stderr.decode()}"
    return reader(finished.stdout)


def assert_xorb_agrees(binary, home, path):
    expected = parse_xorb(path.read_bytes())
    name, chunks = inspect(binary, home, path, inspected_xorb)
    assert name == expected.hash
    assert chunks == [
        (c.hash, c.start, c.packed_length, c.unpacked_length, SCHEME_NAMES[c.scheme]) for c in expected.chunks
    ]


def assert_shard_agrees(binary, home, path):
    expected = parse_shard(path.read_bytes())
    files, xorbs = inspect(binary, home, path, inspected_shard)
    assert files == [
        (file.hash, file.sha256, [(t.xorb, t.start, t.end, t.unpacked_length) for t in file.terms])
        for file in expected.files
    ]
    assert xorbs == [
        (xorb.hash, [(c.hash, c.unpacked_start, c.unpacked_length) for c in xorb.chunks]) for xorb in expected.xorbs
    ]


@pytest.fixture(scope="module")
def reference_files(tmp_path_factory, reference_client_home):
    """Xorbs and shards that the reference wrote for assorted contents."""
    store = ReferenceStore(tmp_path_factory.mktemp("formats-store"))
    base = noise(2_500_000, 11)
    store.add(base, text(600_000), floats(800_001), constant(700_000), b"", b"x")
    store.add(base[600_000:1_900_000] + noise(100_000, 12) + text(300_000), scattered=True)
    store.add(floats(400_000, 5), compression="lz4")
    store.add(text(400_000, 5), compression="bg4-lz4")
    store.add(text(400_000, 6), compression="none")
    store.add(*(noise(9_000, f"many {at}") for at in range(60)))
    return store


def test_xorbs_of_the_reference(xet_binary, reference_files, home):
    xorbs = [path for path in reference_files.xorb_folder.glob("default.*") if path.suffix != ".tagset"]
    assert len(xorbs) >= 5
    schemes = set()
    for path in xorbs:
        assert_xorb_agrees(xet_binary, home, path)
        schemes |= {chunk.scheme for chunk in parse_xorb(path.read_bytes()).chunks}
    assert schemes == {0, 1, 2}


def test_shards_of_the_reference(xet_binary, reference_files, home):
    shards = list(reference_files.shard_folder.glob("*.mdb"))
    assert len(shards) >= 5
    for path in shards:
        assert_shard_agrees(xet_binary, home, path)


def test_golden_xorbs_and_shards(xet_binary, golden, home):
    for folder, pattern, check in (
        ("xorbs", "*.xorb", assert_xorb_agrees),
        ("shards", "*.mdb", assert_shard_agrees),
        ("upload", "*.shard", assert_shard_agrees),
        ("synthetic", "*.xorb", assert_xorb_agrees),
        ("synthetic", "*.shard", assert_shard_agrees),
    ):
        paths = sorted((golden / folder).glob(pattern))
        assert paths, f"no {pattern} in {folder}"
        for path in paths:
            check(xet_binary, home, path)


def test_inspect_without_json(xet_binary, golden, home):
    for path in (*(golden / "xorbs").glob("*.xorb"), *(golden / "shards").glob("*.mdb")):
        finished = run_xet(xet_binary, "inspect", path, env=environment(home))
        assert finished.returncode == 0 and len(finished.stdout.splitlines()) >= 2
        name = path.stem if path.suffix == ".xorb" else parse_shard(path.read_bytes()).files[0].hash
        assert name in finished.stdout.decode()


def test_inspect_of_broken_files(xet_binary, golden, home, tmp_path):
    """Cut or changed files are refused or read; never a crash, never an answer without end."""
    xorb = min((golden / "xorbs").glob("*.xorb"), key=lambda path: path.stat().st_size).read_bytes()
    shard = min((golden / "shards").glob("*.mdb"), key=lambda path: path.stat().st_size).read_bytes()
    broken = [b"", b"x", b"XETBLOB", xorb[:100], xorb[:-1], xorb[:-4] + b"\xff" * 4, xorb[:-50] + b"\xff" * 50]
    broken += [shard[:40], shard[:100], shard[:-1], shard[:-200], shard[:84] + b"\xff\xff\xff\x7f" + shard[88:]]
    broken += [noise(5000, 1), bytes(5000), b"HFRepoMetaData\x00" + bytes(500)]
    for at, content in enumerate(broken):
        path = tmp_path / f"broken-{at}"
        path.write_bytes(content)
        finished = run_xet(xet_binary, "inspect", path, "--json", env=environment(home), timeout=30)
        assert 0 <= finished.returncode < 128, f"{at}: {finished.returncode} {finished.stderr.decode()}"
        if finished.returncode != 0:
            assert finished.stderr and not finished.stdout
        else:
            json.loads(finished.stdout)
    for at in (1, 2, 3, 7):
        assert run_xet(xet_binary, "inspect", tmp_path / f"broken-{at}", env=environment(home)).returncode != 0
