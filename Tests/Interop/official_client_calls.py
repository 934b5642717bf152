"""One call of an official client: action as argument, parameters as JSON on stdin, result as JSON on stdout."""

import hashlib
import json
import sys
from pathlib import Path


def digest(path):
    return {"size": Path(path).stat().st_size, "sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest()}


def download(repo_id, filename, repo_type="model", revision=None):
    from huggingface_hub import hf_hub_download

    return digest(hf_hub_download(repo_id, filename, repo_type=repo_type, revision=revision))


def snapshot(repo_id, repo_type="model", revision=None):
    from huggingface_hub import snapshot_download

    folder = Path(snapshot_download(repo_id, repo_type=repo_type, revision=revision))
    return {str(path.relative_to(folder)): digest(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def tree(repo_id, repo_type="model", revision=None, path=None, recursive=True):
    from huggingface_hub import HfApi

    entries = HfApi().list_repo_tree(repo_id, path, recursive=recursive, revision=revision, repo_type=repo_type)
    return [
        {
            "path": entry.path,
            "size": getattr(entry, "size", None),
            "xet": getattr(entry, "xet_hash", None),
            "sha256": entry.lfs.sha256 if getattr(entry, "lfs", None) else None,
            "folder": type(entry).__name__ == "RepoFolder",
        }
        for entry in entries
    ]


def paths_info(repo_id, paths, repo_type="model"):
    from huggingface_hub import HfApi

    return [{"path": e.path, "size": e.size} for e in HfApi().get_paths_info(repo_id, paths, repo_type=repo_type)]


def info(repo_id, repo_type="model", revision=None):
    from huggingface_hub import HfApi

    found = HfApi().repo_info(repo_id, repo_type=repo_type, revision=revision)
    return {"id": found.id, "sha": found.sha, "files": sorted(s.rfilename for s in found.siblings)}


def read_range(repo_id, filename, start, length, repo_type="model"):
    from huggingface_hub import HfFileSystem

    prefix = "" if repo_type == "model" else f"{repo_type}s/"
    with HfFileSystem().open(f"{prefix}{repo_id}/{filename}", "rb", block_size=65536) as stream:
        stream.seek(start)
        return {"sha256": hashlib.sha256(stream.read(length)).hexdigest()}


def main():
    actions = {f.__name__: f for f in (download, snapshot, tree, paths_info, info, read_range)}
    try:
        result = actions[sys.argv[1]](**json.load(sys.stdin))
    except Exception as error:  # noqa: BLE001 - the class of the error is the result
        result = {"error": type(error).__name__, "message": str(error)}
    print(json.dumps(result))


main()
