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


def download_to(repo_id, folder, repo_type="model"):
    from huggingface_hub import snapshot_download

    snapshot_download(repo_id, repo_type=repo_type, local_dir=folder)


def filtered_paths(paths, patterns):
    from huggingface_hub.utils import filter_repo_objects

    return list(filter_repo_objects(paths, allow_patterns=patterns))


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


def listing(path, detail=False):
    from huggingface_hub import HfFileSystem

    if detail:
        return {entry["name"]: entry["size"] for entry in HfFileSystem().ls(path, detail=True)}
    return sorted(HfFileSystem().ls(path, detail=False))


def find(path):
    from huggingface_hub import HfFileSystem

    return sorted(HfFileSystem().find(path))


def seeks(path, spans, block_size=65536):
    """The (start, length) spans of a file, read in turn through fsspec; a block size of 0 reads it as a stream."""
    import fsspec

    with fsspec.open(f"hf://{path}", "rb", block_size=block_size) as stream:
        return [_sha256(_read_at(stream, start, length)) for start, length in spans]


def stream(path, size):
    """The whole file, read in pieces from a stream as `datasets` does."""
    from huggingface_hub import HfFileSystem

    pieces = []
    with HfFileSystem().open(path, "rb", block_size=0) as opened:
        while piece := opened.read(size):
            pieces.append(piece)
    return _sha256(b"".join(pieces))


def _read_at(stream, start, length):
    if start is not None:
        stream.seek(start)
    return stream.read(length)


def _sha256(content):
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def metadata(repo_id, filename, repo_type="model", revision=None):
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    found = get_hf_file_metadata(hf_hub_url(repo_id, filename, repo_type=repo_type, revision=revision))
    xet = found.xet_file_data
    return {
        "commit": found.commit_hash,
        "etag": found.etag,
        "size": found.size,
        "location": found.location,
        "xet": xet and {"hash": xet.file_hash, "route": xet.refresh_route},
    }


def exists(repo_id, filename, repo_type="model"):
    from huggingface_hub import HfApi

    api = HfApi()
    return [api.repo_exists(repo_id, repo_type=repo_type), api.file_exists(repo_id, filename, repo_type=repo_type)]


def repositories(kind):
    from huggingface_hub import HfApi

    return sorted(found.id for found in getattr(HfApi(), f"list_{kind}s")())


def search(kind, **filters):
    """The ids that a list with filters has, in order."""
    from huggingface_hub import HfApi

    return [found.id for found in getattr(HfApi(), f"list_{kind}s")(**filters)]


def commits(repo_id, repo_type="model", revision=None, formatted=False):
    from huggingface_hub import HfApi

    found = HfApi().list_repo_commits(repo_id, repo_type=repo_type, revision=revision, formatted=formatted)
    return [{"id": commit.commit_id, "title": commit.title, "authors": commit.authors} for commit in found]


def file_system_info(path):
    from huggingface_hub import HfFileSystem

    found = HfFileSystem().info(path, expand_info=True)
    return {"size": found["size"], "commit": found["last_commit"] and found["last_commit"]["oid"]}


def refs(repo_id, repo_type="model"):
    from huggingface_hub import HfApi

    found = HfApi().list_repo_refs(repo_id, repo_type=repo_type, include_pull_requests=True)
    return {
        "branches": sorted(entry.name for entry in found.branches),
        "tags": sorted(entry.name for entry in found.tags),
        "pulls": sorted(entry.ref for entry in found.pull_requests),
    }


def whoami():
    from huggingface_hub import HfApi

    found = HfApi().whoami()
    return {"name": found["name"], "role": found["auth"]["accessToken"]["role"]}


def create_repo(repo_id, repo_type="model", private=False, exist_ok=False):
    from huggingface_hub import HfApi

    url = HfApi().create_repo(repo_id, repo_type=repo_type, private=private, exist_ok=exist_ok, space_sdk=None)
    return {"url": str(url), "endpoint": url.endpoint, "id": url.repo_id}


def delete_repo(repo_id, repo_type="model"):
    from huggingface_hub import HfApi

    HfApi().delete_repo(repo_id, repo_type=repo_type)


def move_repo(from_id, to_id, repo_type="model"):
    from huggingface_hub import HfApi

    HfApi().move_repo(from_id, to_id, repo_type=repo_type)


def create_branch(repo_id, branch):
    from huggingface_hub import HfApi

    HfApi().create_branch(repo_id, branch=branch)


def delete_branch(repo_id, branch):
    from huggingface_hub import HfApi

    HfApi().delete_branch(repo_id, branch=branch)


def upload_file(repo_id, path, local, source="path", repo_type="model", revision=None, create_pr=False):
    """Uploads the file `local`, given to the client as a path, as bytes or as an open stream."""
    from huggingface_hub import HfApi

    opened = {"path": str, "bytes": lambda p: Path(p).read_bytes(), "stream": lambda p: open(p, "rb")}[source](local)
    return _commit(
        HfApi().upload_file(
            path_or_fileobj=opened,
            path_in_repo=path,
            repo_id=repo_id,
            repo_type=repo_type,
            revision=revision,
            create_pr=create_pr,
            commit_message=f"add {path}",
        )
    )


def store(locals, cas, secret, expiration):
    """Uploads files to a CAS and nothing more; their hashes."""
    import hf_xet

    return [info.hash for info in hf_xet.upload_files(locals, cas, (secret, expiration), None, None, "model")]


def upload_folder(repo_id, folder, repo_type="model", revision=None, create_pr=False, delete=None):
    from huggingface_hub import HfApi

    return _commit(
        HfApi().upload_folder(
            repo_id=repo_id,
            folder_path=folder,
            repo_type=repo_type,
            revision=revision,
            create_pr=create_pr,
            delete_patterns=delete,
            commit_message="add a folder",
        )
    )


def delete_file(repo_id, path, create_pr=False):
    from huggingface_hub import HfApi

    return _commit(HfApi().delete_file(path, repo_id=repo_id, create_pr=create_pr))


def delete_folder(repo_id, path):
    from huggingface_hub import HfApi

    return _commit(HfApi().delete_folder(path, repo_id=repo_id))


def _commit(found):
    return {"oid": found.oid, "url": found.commit_url, "pull": found.pr_revision, "pull_url": found.pr_url}


def bucket_files(bucket, prefix=None, recursive=True):
    from huggingface_hub import HfApi

    return {e.path: getattr(e, "size", None) for e in HfApi().list_bucket_tree(bucket, prefix, recursive=recursive)}


def bucket_download(bucket, paths, folder):
    from huggingface_hub import HfApi

    files = [(path, Path(folder) / str(at)) for at, path in enumerate(paths)]
    HfApi().download_bucket_files(bucket, files, raise_on_missing_files=True)
    return {path: digest(local) for path, local in files}


def bucket_metadata(bucket, path):
    from huggingface_hub import HfApi

    found = HfApi().get_bucket_file_metadata(bucket, path)
    return {"size": found.size, "hash": found.xet_file_data.file_hash, "route": found.xet_file_data.refresh_route}


def bucket_paths_info(bucket, paths):
    from huggingface_hub import HfApi

    return {entry.path: entry.size for entry in HfApi().get_bucket_paths_info(bucket, paths)}


def bucket_info(bucket):
    from huggingface_hub import HfApi

    found = HfApi().bucket_info(bucket)
    return {"id": found.id, "private": found.private, "files": found.total_files}


def buckets(owner, search=None):
    from huggingface_hub import HfApi

    return sorted(found.id for found in HfApi().list_buckets(owner, search=search))


def bucket_create(bucket, private=False):
    from huggingface_hub import HfApi

    found = HfApi().create_bucket(bucket, private=private)
    return {"url": found.url, "id": found.bucket_id}


def bucket_batch(bucket, add=(), delete=(), copy=()):
    from huggingface_hub import HfApi

    HfApi().batch_bucket_files(
        bucket,
        add=[(local, path) for local, path in add],
        delete=list(delete),
        copy=[tuple(item) for item in copy],
    )


def bucket_delete(bucket):
    from huggingface_hub import HfApi

    HfApi().delete_bucket(bucket)


def batch(calls):
    """Several calls in one process: the result of each (action, parameters)."""
    return [answer(action, parameters) for action, parameters in calls]


def answer(action, parameters):
    """The result of one action; an exception by its class, its status and its text."""
    try:
        return ACTIONS[action](**parameters)
    except Exception as error:  # noqa: BLE001 - the class of the error is the result
        status = getattr(getattr(error, "response", None), "status_code", None)
        return {"error": type(error).__name__, "status": status, "message": str(error)}


ACTIONS = {
    function.__name__: function
    for function in (
        batch,
        bucket_batch,
        bucket_create,
        bucket_delete,
        bucket_download,
        bucket_files,
        bucket_info,
        bucket_metadata,
        bucket_paths_info,
        buckets,
        commits,
        create_branch,
        create_repo,
        delete_branch,
        delete_file,
        delete_folder,
        delete_repo,
        download,
        download_to,
        exists,
        file_system_info,
        filtered_paths,
        find,
        info,
        listing,
        metadata,
        move_repo,
        paths_info,
        read_range,
        refs,
        repositories,
        search,
        seeks,
        snapshot,
        store,
        stream,
        tree,
        upload_file,
        upload_folder,
        whoami,
    )
}

if __name__ == "__main__":
    print(json.dumps(answer(sys.argv[1], json.load(sys.stdin))))
