"""A Hub, a CAS and two data hosts on 127.0.0.1, filled by the reference client.

An independent judge for clients: it speaks the protocol as the reference does, signs xorb URLs for one exact range,
keeps a log of every request, and breaks on demand (`faults.py`). Each of its four servers has a port of its own:

- `hub`: resolve, listings, tokens of the CAS;
- `cas`: reconstructions;
- `cdn`: xorb bytes behind signed URLs, plain bytes of LFS and XET files behind capability URLs, and what is put there;
- `mirror`: the same data as `cdn`, for redirects to another host.
"""

import secrets
from urllib.parse import quote, unquote

from http_peer import PeerServer, RequestLog, wait_until
from peer_answers import error_response, ranged_response
from peer_cas import PeerCAS, plan
from peer_hub import LAST_MODIFIED, PeerHub
from peer_repositories import PeerFile, PeerRepository
from reference_store import ReferenceStore

HIDDEN_NAMES = {"hub": "hub.invalid", "cas": "cas.invalid", "cdn": "cdn.invalid", "mirror": "mirror.invalid"}


class PeerOrigin:
    """The origin. Create it with the folder of its reference store, `stop()` it at the end."""

    def __init__(self, folder):
        self.store = ReferenceStore(folder)
        self.log = RequestLog()
        self.users = {}
        self.repositories = {}
        self.renamed = {}
        self._plain = {}
        self.cas_side = PeerCAS(self.store)
        self.hub_side = PeerHub(self)
        self.hub = PeerServer("hub", self.hub_side.answer, self.log)
        self.cas = PeerServer("cas", self.cas_side.answer, self.log)
        self.cdn = PeerServer("cdn", self._data, self.log)
        self.mirror = PeerServer("mirror", self._data, self.log)
        self._kept = None
        self._name_servers()

    @property
    def servers(self):
        return (self.hub, self.cas, self.cdn, self.mirror)

    @property
    def url(self):
        """The address of the Hub."""
        return self.hub.url + self.hub_side.base_path

    @property
    def cas_url(self):
        return self.cas.url + self.cas_side.base_path

    @property
    def public_url(self):
        """The address of the Hub in what it hands out; that of the CAS is `public_cas_url`."""
        return self.hub.public_url + self.hub_side.base_path

    @property
    def public_cas_url(self):
        return self.cas.public_url + self.cas_side.base_path

    @property
    def data_url(self):
        return self.cas_side.data_url

    def hide(self):
        """Names the servers by `HIDDEN_NAMES` from now on: no client can follow an address that the origin hands out.

        Returns the ports behind the names.
        """
        self._name_servers(hidden=True)
        return {name: getattr(self, server).port for server, name in HIDDEN_NAMES.items()}

    def _name_servers(self, hidden=False):
        for server in self.servers:
            server.public_url = f"http://{HIDDEN_NAMES[server.name]}" if hidden else server.url
        self.cas_side.data_url = self.cdn.public_url

    def stop(self):
        for server in self.servers:
            server.stop()
        self.hub_side.git.reset()

    def mark(self):
        """Remembers the repositories, for `reset`."""
        self._kept = {key: repository.copy() for key, repository in self.repositories.items()}
        self._kept_names = dict(self.renamed)

    def reset(self):
        """Forgets requests, scripted faults, issued credentials and uploads; repositories are those of `mark`."""
        for server in self.servers:
            server.clear_script()
            if server.is_away:
                server.come_back()
        self.store.forget_uploads()
        self.cas_side = PeerCAS(self.store)
        self.cas.route = self.cas_side.answer
        self.hub_side.reset()
        self._name_servers()
        if self._kept is not None:
            self.repositories, self.renamed, self._kept = self._kept, self._kept_names, None
        self.log.clear()

    def name_data_host(self, host):
        """Data URLs issued from now on name the `cdn` server by `host`.

        Clients that tell hosts apart by name only need another one than the Hub's.
        """
        self.cas_side.data_url = f"http://{host}:{self.cdn.port}"

    def add_user(self, name):
        """A new Hub token for user `name`."""
        token = f"hf_{name}{secrets.token_hex(12)}"
        self.users[token] = name
        return token

    def add_repository(self, repository_id, files, type="model", visibility="public", readers=(), revision="main"):
        """Adds a repository, or a revision of one; `files` maps paths to `PeerFile`s."""
        repository = self.repositories.setdefault(
            (type, repository_id), PeerRepository(repository_id, type, visibility, set(readers))
        )
        repository.commit_files(revision, files)
        return repository

    def rename(self, old_id, new_id, type="model"):
        """Requests for `old_id` are redirected to `new_id`."""
        self.renamed[(type, old_id)] = new_id

    def xet_files(self, *contents, **options):
        """`PeerFile`s that the reference client stored in one commit (options: see `ReferenceStore.add`)."""
        stored = self.store.add(*contents, **options)
        return [PeerFile(content, "xet", entry) for content, entry in zip(contents, stored, strict=True)]

    def xet_file(self, content, **options):
        return self.xet_files(content, **options)[0]

    def plain_url(self, file):
        """A capability URL for the plain bytes of `file`."""
        self._plain[file.sha256] = file
        return f"{self.cas_side.data_url}/plain/{file.sha256}?X-Peer-Key={quote(self._plain_key(file.sha256))}"

    def _plain_key(self, sha256):
        return f"key-of-{sha256[:24]}"

    def _data(self, request):
        """Answers of the data hosts."""
        if request.method == "PUT" and request.path.startswith("/lfs/"):
            return self.hub_side.writes.put(request)
        if request.method == "PUT" and request.path.startswith("/grants/"):
            return self.cas_side.uploads.put(request)
        if request.method not in ("GET", "HEAD"):
            return error_response(405, message="read only")
        if request.path.startswith("/xorbs/default/"):
            return self.cas_side.data(request)
        if request.path.startswith("/plain/"):
            file = self._plain.get(unquote(request.path.removeprefix("/plain/")))
            if file is None or request.query.get("X-Peer-Key") != [self._plain_key(file.sha256)]:
                return error_response(403, message="bad key")
            headers = [
                ("Content-Type", "application/octet-stream"),
                ("ETag", f'"cdn-{file.git_oid}"'),
                ("Accept-Ranges", "bytes"),
                ("Last-Modified", LAST_MODIFIED),
            ]
            return ranged_response(file.content, request, headers)
        return error_response(404, message="no such route")

    def sent_bytes(self, *servers):
        """The number of body bytes that `servers` (names) have sent, once none of their answers is under way."""
        wait_until(lambda: not self.open_requests(*servers), message="answers under way")
        return sum(request.bytes_sent for request in self.log.all() if request.server in servers)

    def open_requests(self, *servers):
        """Requests to `servers` (to all if none is named) whose answers are under way."""
        return [r for r in self.log.all() if r.state == "open" and (not servers or r.server in servers)]

    def needed_bytes(self, file, start=0, end=None):
        """The number of serialized xorb bytes that hold bytes [start, end) of `file`, each counted once."""
        _, _, spans = plan(self.store, file.stored, start, file.size if end is None else end)
        return sum(span.bytes[1] - span.bytes[0] + 1 for ranges in spans.values() for span in ranges)

    def content_of_term(self, xorb, start, end):
        """The unpacked bytes of chunks [start, end) of a xorb, from the content of a file that has them."""
        for file in self._all_files():
            at = 0
            for term in file.stored.terms:
                if term.xorb == xorb and term.start <= start and end <= term.end:
                    chunks = self.store.xorbs[xorb].layout.chunks
                    skipped = sum(chunk.unpacked_length for chunk in chunks[term.start : start])
                    length = sum(chunk.unpacked_length for chunk in chunks[start:end])
                    return file.content[at + skipped : at + skipped + length]
                at += term.unpacked_length
        raise AssertionError(f"no file has chunks {start}..<{end} of {xorb}")

    def _all_files(self):
        """Every XET file of every repository."""
        for repository in self.repositories.values():
            for files in repository.commits.values():
                yield from (file for file in files.values() if file.stored is not None)

    def check_requests(self, requests=None):
        """Asserts that no request carried a credential to a host that it does not belong to, or broke the origin.

        Looks at all that are in the log if none are given.
        """
        hub_tokens = set(self.users)
        for request in self.log.all() if requests is None else requests:
            where = f"{request.method} {request.server}:{request.port}{request.path}"
            assert request.state != "failed", f"the origin has a fault of its own at {where}"
            everything = " ".join([request.target, *request.headers.values(), request.body.decode("latin-1")])
            assert "cookie" not in request.headers, f"a cookie reached {where}"
            if request.server != "hub":
                assert not any(token in everything for token in hub_tokens), f"a Hub token reached {where}"
            if request.server != "cas":
                # The plain key of a data URL is no token; CAS tokens start with "cas-".
                assert not any(token in everything for token in self.cas_side.tokens), f"a CAS token reached {where}"
            if request.server in ("cdn", "mirror"):
                assert request.authorization is None, f"Authorization reached {where}"
            if request.server == "hub":
                assert not request.query.get("token"), f"a token in the address of {where}"
