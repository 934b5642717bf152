"""One transfer by the reference client, measured around the call: interpreter start and imports are not counted.

The job comes as JSON on stdin, the result goes as JSON to stdout. Modes: "file" is `hf_hub_download`, the usual way;
"stream" hands the bytes to this program in file order; "ranges" streams byte ranges, one after the other. "upload" is
`HfApi().upload_file`.
"""

import hashlib
import json
import sys
import time
from pathlib import Path

import hf_xet
from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url


def opened_stream_group(job):
    """Asks the Hub for the file, as a download does, and opens a session: (group, file)."""
    metadata = get_hf_file_metadata(hf_hub_url(job["repository"], job["name"]), token=False)
    group = hf_xet.XetSession().new_download_stream_group(token_refresh_url=metadata.xet_file_data.refresh_route)
    return group, hf_xet.XetFileInfo(metadata.xet_file_data.file_hash, metadata.size)


class Download:
    """What is measured. `output` is the file that was written, or the digest of what was streamed."""

    def __init__(self, job):
        self.job = job
        self.byte_count = 0
        self.first_bytes = []
        self.path = None
        self.digest = hashlib.sha256() if job["hash"] else None

    def file(self):
        self.path = Path(hf_hub_download(self.job["repository"], self.job["name"], token=False))

    def stream(self):
        asked = time.monotonic()
        group, file = opened_stream_group(self.job)
        self.take(group.download_stream(file), asked)

    def ranges(self):
        asked = time.monotonic()
        group, file = opened_stream_group(self.job)
        for start, end in self.job["ranges"]:
            self.take(group.download_stream(file, start=start, end=end), asked)
            asked = time.monotonic()

    def take(self, stream, asked):
        for number, piece in enumerate(stream):
            if number == 0:
                self.first_bytes.append(time.monotonic() - asked)
            self.byte_count += len(piece)
            if self.digest:
                self.digest.update(piece)

    def result(self):
        return {
            "byte_count": self.path.stat().st_size if self.path else self.byte_count,
            "first_bytes": self.first_bytes,
            "sha256": self._sha256(),
        }

    def _sha256(self):
        if self.path and self.digest:
            with open(self.path, "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        return self.digest.hexdigest() if self.digest else None


class Upload:
    """A file of this machine, which gets a name in a repository."""

    def __init__(self, job):
        from huggingface_hub import HfApi  # Here, so that downloads do not have it in their memory.

        self.job = job
        self.api = HfApi()

    def upload(self):
        self.api.upload_file(
            path_or_fileobj=self.job["path"],
            path_in_repo=self.job["name"],
            repo_id=self.job["repository"],
        )

    def result(self):
        return {"byte_count": Path(self.job["path"]).stat().st_size}


def reset_peak():
    """Whether the kernel's mark of the highest resident size could be reset; if not, it covers the whole process."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except PermissionError:
        return False
    return True


def peak_bytes():
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def main():
    job = json.load(sys.stdin)
    transfer = Upload(job) if job["mode"] == "upload" else Download(job)
    run = getattr(transfer, job["mode"])
    reset_peak()
    cpu_before = time.process_time()
    started = time.monotonic()
    run()
    seconds = time.monotonic() - started
    cpu_seconds = time.process_time() - cpu_before
    peak = peak_bytes()
    costs = {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_bytes": peak}
    json.dump({**costs, **transfer.result()}, sys.stdout)


main()
