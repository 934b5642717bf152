"""Reads HTTP/1.1 answers as cheaply as Python can: one process, one epoll loop, a buffer of 1 MiB for all connections.

A job comes as JSON on stdin, its results go as JSON to stdout. A job has lanes; a lane is a connection that asks one
request after the other. All lanes run at once. A lane may be paced to a number of bytes per second.
"""

import hashlib
import heapq
import json
import selectors
import socket
import sys
import time

BUFFER_SIZE = 1 << 20
MAXIMUM_HEAD = 64 * 1024
PACED_READS_PER_SECOND = 20


class Lane:
    """A connection and its requests; `results` has one entry per request that got an answer or failed."""

    def __init__(self, job, lane):
        self.job = job
        self.requests = lane["requests"]
        self.rate = lane.get("bytes_per_second")
        self.results = []
        self.failure = None
        self.is_done = False
        self.socket = socket.create_connection((job["host"], job["port"]))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)

    def ask(self):
        """Sends the next request."""
        request = self.requests[len(self.results)]
        lines = [f"GET {request['path']} HTTP/1.1", f"Host: {self.job['host']}:{self.job['port']}"]
        if request.get("range"):
            lines.append(f"Range: bytes={request['range'][0]}-{request['range'][1] - 1}")
        self.head = b""
        self.expected = None
        self.received = 0
        self.first_byte_at = None
        self.digest = hashlib.sha256() if self.job.get("hash") else None
        message = "\r\n".join([*lines, "", ""]).encode()
        self.sent_at = time.monotonic()
        if self.socket.send(message) != len(message):
            raise OSError("the request did not fit into the socket's buffer")

    def read(self, buffer):
        """Takes what has arrived. True when the answer is complete."""
        if self.expected is None:
            limit = MAXIMUM_HEAD
        elif self.rate:
            limit = max(1, min(BUFFER_SIZE, int(self.rate / PACED_READS_PER_SECOND)))
        else:
            limit = BUFFER_SIZE
        count = self.socket.recv_into(buffer, limit)
        if count == 0:
            raise OSError(f"the connection ended after {self.received} of {self.expected} bytes")
        if self.expected is None:
            self.head += buffer[:count]
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                if len(self.head) > MAXIMUM_HEAD:
                    raise OSError("the head of the answer is too long")
                return False
            rest = self.head[end + 4 :]
            self.expected = self.content_length(self.head[:end].decode("latin-1"))
            if rest:
                self.take(memoryview(rest))
        else:
            self.take(buffer[:count])
        return self.received >= self.expected

    def take(self, piece):
        if self.first_byte_at is None:
            self.first_byte_at = time.monotonic()
        self.received += len(piece)
        if self.received > self.expected:
            raise OSError(f"{self.received} bytes instead of {self.expected}")
        if self.digest:
            self.digest.update(piece)

    def content_length(self, head):
        status, *fields = head.split("\r\n")
        request = self.requests[len(self.results)]
        wanted = "206" if request.get("range") else "200"
        if status.split(" ")[1] != wanted:
            raise OSError(f"{wanted} expected, found: {status}")
        for field in fields:
            name, _, value = field.partition(":")
            if name.lower() == "content-length":
                return int(value)
        raise OSError("the answer has no Content-Length")

    def next_read_at(self):
        return self.first_byte_at + self.received / self.rate

    def note(self):
        """Adds what is known of the present request to the results."""
        self.results.append(
            {
                "sent_at": self.sent_at,
                "first_byte_at": self.first_byte_at,
                "ended_at": time.monotonic(),
                "byte_count": self.received,
                "is_whole": self.received == self.expected,
                "sha256": self.digest.hexdigest() if self.digest else None,
            }
        )


class Loop:
    """Runs the lanes of a job until all are done, or until its end condition holds."""

    def __init__(self, job):
        self.job = job
        self.buffer = memoryview(bytearray(BUFFER_SIZE))
        self.selector = selectors.EpollSelector()
        self.lanes = [Lane(job, lane) for lane in job["lanes"]]
        self.paused = []

    def run(self):
        started = time.monotonic()
        end = started + self.job["stop_after_seconds"] if self.job.get("stop_after_seconds") else None
        for lane in self.lanes:
            lane.ask()
            self.selector.register(lane.socket, selectors.EVENT_READ, lane)
        while any(not lane.is_done for lane in self.waited_for()):
            now = time.monotonic()
            if end is not None and now >= end:
                break
            self.resume(now)
            due = [at for at in (end, self.paused[0][0] if self.paused else None) if at is not None]
            timeout = max(0.0, min(due) - now) if due else None
            for key, _ in self.selector.select(timeout):
                self.advance(key.data)
        for lane in self.lanes:
            if not lane.is_done and lane.failure is None:
                lane.note()
            lane.socket.close()

    def waited_for(self):
        """Paced lanes need not finish if there are others."""
        unpaced = [lane for lane in self.lanes if not lane.rate]
        return unpaced or self.lanes

    def resume(self, now):
        while self.paused and self.paused[0][0] <= now:
            lane = self.lanes[heapq.heappop(self.paused)[1]]
            self.selector.register(lane.socket, selectors.EVENT_READ, lane)

    def advance(self, lane):
        try:
            if lane.read(self.buffer):
                lane.note()
                if len(lane.results) == len(lane.requests):
                    self.finish(lane)
                else:
                    lane.ask()
            elif lane.rate and lane.first_byte_at is not None:
                self.selector.unregister(lane.socket)
                heapq.heappush(self.paused, (lane.next_read_at(), self.lanes.index(lane)))
        except (OSError, ValueError) as error:
            lane.failure = f"{lane.requests[len(lane.results)]}: {error}"
            self.finish(lane)

    def finish(self, lane):
        lane.is_done = True
        self.selector.unregister(lane.socket)


def main():
    loop = Loop(json.load(sys.stdin))
    loop.run()
    results = [{"requests": lane.results, "failure": lane.failure} for lane in loop.lanes]
    json.dump({"lanes": results, "cpu_seconds": time.process_time()}, sys.stdout)


main()
