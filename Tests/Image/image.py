"""An image as `docker save` writes it, read without an engine."""

import gzip
import io
import json
import tarfile


class Image:
    """What is in an archive: `config` as Docker knows it, the entries of all layers, and the files in `root`."""

    def __init__(self, archive, folder):
        self.archive = archive
        self.root = folder / "root"
        with tarfile.open(archive) as outer:
            (manifest,) = json.load(outer.extractfile("manifest.json"))
            self.config = json.load(outer.extractfile(manifest["Config"]))
            layers = [self._unpacked(outer.extractfile(name).read()) for name in manifest["Layers"]]
        self.unpacked_size = sum(map(len, layers))
        self.packed_size = sum(len(gzip.compress(layer, compresslevel=6)) for layer in layers)
        self.entries = {}
        """The entries of the layers by path, without slash at the start."""
        for layer in layers:
            with tarfile.open(fileobj=io.BytesIO(layer)) as files:
                self.entries.update({entry.name.strip("/"): entry for entry in files if entry.name.strip("./")})
                files.extractall(self.root, numeric_owner=True, filter="fully_trusted")
        self.root.chmod(0o755)

    @staticmethod
    def _unpacked(layer):
        return gzip.decompress(layer) if layer.startswith(b"\x1f\x8b") else layer

    @property
    def settings(self):
        """User, entry point, health check and so on."""
        return self.config["config"]
