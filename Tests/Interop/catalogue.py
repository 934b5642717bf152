"""What the peer origin serves in most tests: every storage kind, repository type, visibility and awkward name."""

from contents import constant, floats, noise, text
from peer_repositories import PeerFile

MODEL = "acme/model"
OTHER = "acme/other"
DATA = "acme/data"
SPACE = "acme/app"
KERNEL = "acme/kernel"
BUCKET = "acme/bucket"
PRIVATE = "acme/secret"
GATED = "acme/gated"
RENAMED = "acme/old-name"
LEGACY = "elder"
LARGE_SIZE = 24_000_000

AWKWARD_NAMES = (
    "with space.bin",
    " leading and trailing ",
    "ünïcödé-文件-🙂.bin",
    "cafe\u0301 decomposed.txt",
    "hash#tag.txt",
    "question?mark=1&x=2.txt",
    "percent%.txt",
    "percent%20encoded.txt",
    "twice%2520encoded.txt",
    "plus+plus.txt",
    'quote".txt',
    "back\\slash.txt",
    "semi;colon,comma.txt",
    "apostrophe's.txt",
    "~tilde!(star*)[x]{y}|^`.txt",
    "..dots..txt",
    "...",
    "-dash",
    "name:of@signs$d=e.txt",
    "folder with space/ünter#ordner/100%/file?.bin",
    "resolve/main/file.txt",
    "long-" + "x" * 200 + ".bin",
)

BUCKET_NAMES = ("random.bin", "folder/inner/data.bin", "folder/with space #1%.bin", "resolve/main/file.bin")

SUFFIX_NAMES = ("weights.bin", "my-weights.bin", "sub/weights.bin", "sub/my-weights.bin", "sub/sub/weights.bin")


def regular(content):
    return PeerFile(content, "regular")


def lfs(content):
    return PeerFile(content, "lfs")


def fill(origin):
    """Fills `origin`; users are `origin.alice` (reader of everything) and `origin.bob` (of public repositories)."""
    origin.alice, origin.bob = origin.add_user("alice"), origin.add_user("bob")
    base = noise(3_000_000, "base")
    prose = text(900_000)
    random, lines, packed, padding, single, tiny = origin.xet_files(
        base, prose, floats(1_000_003), constant(1_500_000), noise(8000, "single"), b"tiny!"
    )
    large = origin.xet_file(noise(LARGE_SIZE, "large"), compression="none")
    scattered = origin.xet_file(
        base[1_000_000:2_000_000]
        + prose[:600_000]
        + base[:300_000]
        + noise(200_000, "between")
        + base[2_000_000:2_400_000]
        + base[1_000_000:2_000_000]
        + prose,
        scattered=True,
    )
    empty_xet = PeerFile(b"", "xet", origin.store.add(b"")[0])
    awkward = {
        name: origin.xet_file(noise(20_000 + at, name)) if at % 3 else regular(f"content of {name}".encode())
        for at, name in enumerate(AWKWARD_NAMES)
    }
    suffixes = dict(
        zip(SUFFIX_NAMES, origin.xet_files(*(noise(30_000, f"suffix {n}") for n in SUFFIX_NAMES)), strict=True)
    )
    origin.add_repository(
        MODEL,
        {
            "random.bin": random,
            "prose.txt": lines,
            "floats.bin": packed,
            "padding.bin": padding,
            "single.bin": single,
            "tiny.bin": tiny,
            "large.bin": large,
            "scattered.bin": scattered,
            "empty-xet.bin": empty_xet,
            "empty.txt": regular(b""),
            "config.json": regular(b'{"model_type": "peer"}\n'),
            "readme.md": regular(text(150_000, "readme")),
            "lfs.bin": lfs(noise(700_000, "lfs")),
            **suffixes,
            **awkward,
        },
    )
    for revision in ("v1.0", "refs/pr/1", "branch/with space#1"):
        origin.add_repository(
            MODEL,
            {
                "random.bin": origin.xet_file(noise(100_000, f"random at {revision}")),
                "config.json": regular(f'{{"revision": "{revision}"}}'.encode()),
                f"only-in-{revision.replace('/', '-')}": regular(b"here"),
            },
            revision=revision,
        )
    for repository, kind in (
        (DATA, "dataset"),
        (DATA, "model"),
        (SPACE, "space"),
        (KERNEL, "kernel"),
        (OTHER, "model"),
        (LEGACY, "model"),
    ):
        origin.add_repository(
            repository,
            {
                "random.bin": origin.xet_file(noise(120_000, f"{kind} {repository}")),
                "nested/folder/plain.txt": regular(f"{kind} {repository}".encode()),
                "nested/folder/lfs.bin": lfs(noise(5_000, f"lfs {kind} {repository}")),
            },
            type=kind,
        )
    for repository, visibility in ((PRIVATE, "private"), (GATED, "gated")):
        origin.add_repository(
            repository,
            {
                "random.bin": origin.xet_file(noise(150_000, visibility)),
                "plain.txt": regular(f"{visibility} text".encode()),
                "lfs.bin": lfs(noise(6_000, visibility)),
            },
            visibility=visibility,
            readers={"alice"},
        )
    origin.add_repository(
        BUCKET,
        dict(zip(BUCKET_NAMES, origin.xet_files(*(noise(90_000, f"bucket {n}") for n in BUCKET_NAMES)), strict=True)),
        type="bucket",
    )
    origin.rename(RENAMED, MODEL)


def file_of(origin, path, repository=MODEL, type="model", revision="main"):
    """The `PeerFile` at `path`."""
    return files_of(origin, repository, type, revision)[path]


def files_of(origin, repository=MODEL, type="model", revision="main"):
    """Every `PeerFile` of a revision by its path."""
    entry = origin.repositories[(type, repository)]
    return entry.commits[entry.commit_of(revision)]
