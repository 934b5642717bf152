"""Files in XET form, written by the reference client into its local store and read back by `xet_formats`."""

from dataclasses import dataclass
from pathlib import Path

from xet_formats import parse_shard, parse_xorb


@dataclass(frozen=True)
class StoredFile:
    """A file of the store: its XET hash, its size, its terms."""

    hash: str
    size: int
    terms: tuple


@dataclass(frozen=True)
class StoredXorb:
    """A xorb of the store: its serialized chunks and their layout."""

    data: memoryview
    layout: object


class ReferenceStore:
    """The folder behind the reference client's `local://` endpoint."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.files = {}
        self.xorbs = {}
        self._shards_read = set()
        self._uploaded = []

    @property
    def xorb_folder(self):
        return self.folder / "xet" / "xorbs" / "xorbs"

    @property
    def shard_folder(self):
        return self.folder / "xet" / "xorbs" / "shards"

    def add(self, *contents, compression="auto", scattered=False):
        """Uploads `contents` as one commit and returns the stored files, in order.

        Contents that were stored before are deduplicated: a file of parts of earlier ones has a term for each part.
        With `scattered` even single chunks are referenced. `compression` is "auto", "none", "lz4" or "bg4-lz4".
        """
        import hf_xet

        config = hf_xet.XetConfig().with_config("xorb.compression_policy", compression)
        if scattered:
            config = config.with_config("deduplication.min_n_chunks_per_range", 0.0)
        session = hf_xet.XetSession(config)
        with session.new_upload_commit(endpoint=f"local://{self.folder.resolve()}") as commit:
            uploads = [commit.start_upload_bytes(content) for content in contents]
        hashes = [upload.result().xet_info.hash for upload in uploads]
        self._read_new()
        return [self.files[file_hash] for file_hash in hashes]

    def keep_xorb(self, name, xorb):
        """Adds an uploaded xorb that the store does not have."""
        self.xorbs[name] = xorb
        self._uploaded.append((self.xorbs, name))

    def keep_file(self, stored):
        """Adds an uploaded file; whether it is new."""
        if stored.hash in self.files:
            return False
        self.files[stored.hash] = stored
        self._uploaded.append((self.files, stored.hash))
        return True

    def forget_uploads(self):
        """Removes what `keep_xorb` and `keep_file` added."""
        for table, name in self._uploaded:
            table.pop(name, None)
        self._uploaded.clear()

    def _read_new(self):
        for path in sorted(self.shard_folder.glob("*.mdb")):
            if path.name in self._shards_read:
                continue
            self._shards_read.add(path.name)
            for entry in parse_shard(path.read_bytes()).files:
                size = sum(term.unpacked_length for term in entry.terms)
                self.files.setdefault(entry.hash, StoredFile(entry.hash, size, entry.terms))
        for path in sorted(self.xorb_folder.glob("default.*")):
            xorb_hash = path.name.removeprefix("default.")
            if len(xorb_hash) == 64 and xorb_hash not in self.xorbs:
                data = path.read_bytes()
                layout = parse_xorb(data)
                if layout.hash != xorb_hash:
                    raise AssertionError(f"{path.name} holds xorb {layout.hash}")
                self.xorbs[xorb_hash] = StoredXorb(memoryview(data)[: layout.chunk_region_end], layout)
