"""The repositories of the peer origin: files, revisions, and who may read them."""

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property

REPOSITORY_TYPES = ("model", "dataset", "space", "kernel", "bucket")


@dataclass(frozen=True)
class PeerFile:
    """A file of a repository. `storage` is "xet", "lfs" or "regular"; `stored` is its XET form."""

    content: bytes
    storage: str
    stored: object = None

    @property
    def size(self):
        return len(self.content)

    @cached_property
    def sha256(self):
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def git_oid(self):
        return hashlib.sha1(b"blob %d\0" % len(self.content) + self.content).hexdigest()

    @property
    def etag(self):
        return self.git_oid if self.storage == "regular" else self.sha256


@dataclass
class PeerRepository:
    """A repository: `revisions` maps names to commits, `commits` commits to files by path.

    `visibility` is "public", "private" or "gated"; the latter two are open to `readers` (names of users) only. `writers`
    may change it.
    """

    id: str
    type: str
    visibility: str = "public"
    readers: set = field(default_factory=set)
    writers: set = field(default_factory=lambda: {"alice"})
    revisions: dict = field(default_factory=dict)
    commits: dict = field(default_factory=dict)

    @property
    def url_prefix(self):
        return "" if self.type == "model" else f"{self.type}s/"

    def commit_files(self, revision, files):
        """Makes `revision` point at a new commit that holds `files`; returns the commit."""
        state = repr((self.type, self.id, revision, sorted((path, file.sha256) for path, file in files.items())))
        commit = hashlib.sha1(state.encode()).hexdigest()
        self.commits[commit] = dict(files)
        self.revisions[revision] = commit
        return commit

    def copy(self):
        """A copy that later commits to this one do not change."""
        return replace(self, revisions=dict(self.revisions), commits=dict(self.commits))

    def commit_of(self, revision):
        """The commit that a branch, tag, reference or commit names; None if there is none."""
        return self.revisions.get(revision, revision if revision in self.commits else None)

    def holds(self, file_hash):
        return any(
            file.stored is not None and file.stored.hash == file_hash
            for files in self.commits.values()
            for file in files.values()
        )
