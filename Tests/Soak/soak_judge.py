"""What a soak calls right: answers, and how much a server may have grown. Decisions without clocks or sockets."""

import statistics
from collections import Counter
from dataclasses import dataclass, field

GROWTH_LIMIT = 40 << 20
"""Resident bytes by which a later third may exceed the first. Tables that are bounded, but not full after a warm-up, take up to
32 MiB (trees of broken downloads 8, hashes of delivered pieces 16, tokens 8); the rest is the allocator's."""
DESCRIPTOR_LIMIT = 8
"""Descriptors by which a later third may exceed the first, those of connections to the upstream not counted."""
UPSTREAM_CONNECTION_LIMIT = 200
"""Idle connections to one server that may be kept."""


class WrongAnswer(Exception):
    """Something that must never happen. The text says what."""


class BodyCheck:
    """Compares the body of an answer, piece by piece, with `content[start:end]` as `trust` of its file asks (`SoakFile`)."""

    def __init__(self, content, start, end, trust):
        self.content, self.at, self.end, self.trust = content, start, end, trust
        self.first_wrong = None

    def take(self, piece):
        expected = self.content[self.at : self.at + len(piece)]
        if self.first_wrong is None and (self.at + len(piece) > self.end or piece != expected):
            wrong = next((n for n, (a, b) in enumerate(zip(piece, expected, strict=False)) if a != b), len(expected))
            self.first_wrong = self.at + wrong
            if self.trust != "doubtful":
                raise WrongAnswer(f"wrong byte at {self.first_wrong}")
        self.at += len(piece)

    def end_of_answer(self, is_complete):
        """"whole" or "cut", when no more comes; whether it ended as its head promised is `is_complete`."""
        if is_complete:
            if self.first_wrong is not None:
                raise WrongAnswer(f"wrong byte at {self.first_wrong}, and a clean end")
            if self.at != self.end:
                raise WrongAnswer(f"a clean end at {self.at} of {self.end}")
            return "whole"
        if self.trust == "whole":
            raise WrongAnswer(f"cut at {self.at} of {self.end}: faults that pass must not end it")
        return "cut"


def refusal(status, trust):
    """The outcome of an answer that is an error."""
    if trust == "whole" or status not in (429, 502, 503, 504):
        raise WrongAnswer(f"status {status}")
    return f"status {status}"


@dataclass
class Part:
    """What was measured in one part of a soak; memory in bytes. The samples are of its time, the rest of the quiet after it."""

    name: str
    samples: list = field(default_factory=list)
    idle_memory: int = 0
    descriptors: int = 0
    connections: Counter = field(default_factory=Counter)

    @property
    def memory(self):
        return statistics.median(self.samples)

    @property
    def own_descriptors(self):
        """Descriptors but for those of connections to the upstream."""
        return self.descriptors - sum(self.connections.values())


def growth_faults(first, later, memory_limit):
    """What has grown in a later part by more than it may, as texts; `memory_limit` holds for each sample."""
    found = []
    for what, name in (("while it works", "memory"), ("idle", "idle_memory")):
        before, after = getattr(first, name), getattr(later, name)
        if after > before + GROWTH_LIMIT:
            found.append(f"memory {what} grew from {before >> 20} to {after >> 20} MiB")
    if max(later.samples) > memory_limit:
        found.append(f"memory reached {max(later.samples) >> 20} MiB, more than {memory_limit >> 20}")
    if later.own_descriptors > first.own_descriptors + DESCRIPTOR_LIMIT:
        found.append(f"descriptors grew from {first.own_descriptors} to {later.own_descriptors}")
    for server, count in later.connections.items():
        if count > UPSTREAM_CONNECTION_LIMIT:
            found.append(f"{count} idle connections to the {server}")
    return found
