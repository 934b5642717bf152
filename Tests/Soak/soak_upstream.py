"""The upstream of a soak, in a process of its own: the peer origin of `Tests/Interop` under a `FaultPlan`.

It is asked through a pipe; `Upstream` is the other end.
"""

import multiprocessing
import os
import random
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Interop"))

REPOSITORY = "acme/soak"
KEPT_CREDENTIALS = 20_000
"""Tokens and URLs that stay good; older ones are forgotten, so that the upstream does not grow with time."""
TOKEN_LIFETIME = 45
"""Seconds. The proxy renews tokens 30 s before they end."""


@dataclass(frozen=True)
class SoakFile:
    """A file that readers ask for, its content at `content` on disk.

    What may become of an answer says `trust`: "whole" can only arrive whole, whatever happens; "cut" arrives whole or is
    visibly cut, and each byte is right; "doubtful" has wrong bytes upstream now and then, which have to be noticed.
    """

    path: str
    size: int
    trust: str
    content: str


def serve(pipe, folder, seed):
    """Fills an origin, says what it has, and answers questions until the pipe ends or asks to stop."""
    from peer_origin import PeerOrigin
    from soak_faults import FaultPlan

    os.environ["HF_HOME"] = str(folder / "reference-home")
    origin = PeerOrigin(folder / "store")
    origin.cas_side.token_lifetime = TOKEN_LIFETIME
    token = origin.add_user("alice")
    contents, trusts = _fill(origin)
    listed = []
    for number, (path, file) in enumerate(contents.items()):
        place = folder / f"content-{number}"
        place.write_bytes(file.content)
        listed.append(SoakFile(path, file.size, trusts[path], str(place)))

    def names(trust):
        stored = [file.stored for path, file in contents.items() if trusts[path] == trust and file.stored]
        return {term.xorb for file in stored for term in file.terms} | {file.hash for file in stored}

    doubtful, gentle = names("doubtful"), names("seen")
    # The store deduplicates: a xorb that files of two kinds share would deserve both.
    assert not (doubtful | gentle) & names("whole") and not doubtful & gentle
    plan = FaultPlan(seed, origin.cas_side, doubtful, gentle)
    for server in origin.servers:
        server.script(plan.apply, times=None)
    pipe.send((origin.url, token, listed))

    def check():
        """Looks at what was asked, and forgets it."""
        done = origin.log.take_done()
        origin.check_requests(done)
        origin.cas_side.forget_all_but(KEPT_CREDENTIALS)
        return len(done)

    def state():
        return {
            "open": [f"{request.method} {request.server} {request.path}" for request in origin.open_requests()],
            "connections": {server.name: server.connection_count for server in origin.servers},
            "faults": plan.uses(),
        }

    def behave(is_well):
        plan.is_active = not is_well

    questions = {"check": check, "state": state, "behave": behave}
    while (question := _received(pipe)) is not None:
        name, *arguments = question
        try:
            pipe.send((True, questions[name](*arguments)))
        except AssertionError as error:
            pipe.send((False, str(error)))
    os._exit(0)


def _received(pipe):
    try:
        return pipe.recv()
    except EOFError:
        return None


def _fill(origin):
    """The files by their paths, and the trust that each deserves; "seen" is "cut" for clients that check nothing."""
    from contents import constant, floats, noise, text
    from peer_repositories import PeerFile

    def pieces(base, prose, seed):
        """Parts of both in random order: a file of many terms."""
        draw = random.Random(f"pieces {seed}")
        parts = []
        for _ in range(60):
            source = draw.choice([base, base, prose])
            start = draw.randrange(len(source) - 200_000)
            parts.append(source[start : start + draw.randrange(60_000, 400_000)])
        return b"".join(parts)

    contents, trusts = {}, {}
    for number, (trust, size) in enumerate((("whole", 48_000_000), ("doubtful", 16_000_000), ("seen", 12_000_000))):
        base, prose = noise(size, f"soak {trust}"), text(size // 12, f"soak {trust}")
        made = {"large.bin": origin.xet_file(base, compression="none")}
        if trust != "seen":
            made["packed.bin"] = origin.xet_file(floats(size // 12, trust) + prose + constant(size // 24, number))
            made["pieces.bin"] = origin.xet_file(pieces(base, prose, trust), scattered=True)
            made["single.bin"] = origin.xet_file(noise(9000, f"single {trust}"))
        contents |= {f"{trust}/{name}": file for name, file in made.items()}
    contents["cut/lfs.bin"] = PeerFile(noise(6_000_000, "soak lfs"), "lfs")
    contents["cut/git.txt"] = PeerFile(text(400_000, "soak git"), "regular")
    contents["cut/empty.bin"] = PeerFile(b"", "xet", origin.store.add(b"")[0])
    trusts = {path: path.partition("/")[0] for path in contents}
    origin.add_repository(REPOSITORY, contents)
    return contents, trusts


class Upstream:
    """The process of the upstream: `url` and `token` of its Hub, its `files`."""

    def __init__(self, folder, seed):
        processes = multiprocessing.get_context("spawn")
        self._pipe, other = processes.Pipe()
        self._process = processes.Process(target=serve, args=(other, folder, seed), daemon=True)
        self._process.start()
        other.close()
        self.url, self.token, self.files = self._pipe.recv()

    def state(self):
        """What is open, how many connections there are, how often each fault was used."""
        return self._ask("state")

    def check(self):
        """Fails if a credential went where it does not belong; returns how many requests were looked at."""
        return self._ask("check")

    def behave(self, is_well):
        """Whether there are no faults from now on."""
        self._ask("behave", is_well)

    def _ask(self, *question):
        self._pipe.send(question)
        is_answer, answer = self._pipe.recv()
        assert is_answer, answer
        return answer

    def stop(self):
        self._pipe.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
