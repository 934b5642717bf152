"""Many connections that read slowly, or do nothing, in one process that costs as little as Python can.

A job comes as a line of JSON on stdin. "ready" goes to stdout when all answers have begun (or all connections that do
nothing are open). It goes on until stdin ends, then writes what it saw as JSON. There is no event loop: each connection
is read twice a second, so many bytes as its pace has earned, at a moment of its own.
"""

import json
import select
import socket
import sys
import time

INTERVAL = 0.5
"""Seconds between two reads of a connection."""
TURN = 0.01
"""Seconds that the process sleeps at least; then it reads all connections whose moment has come."""


class Crowd:
    def __init__(self, job):
        self.rate = job["bytes_per_second"]
        self.sockets = []
        self.received = [0] * job["count"]
        self.failed = 0
        self.first_failure = None
        request = f"GET {job['path']} HTTP/1.1\r\nHost: {job['host']}:{job['port']}\r\n\r\n".encode()
        for _ in range(job["count"]):
            opened = socket.create_connection((job["host"], job["port"]))
            if self.rate:
                opened.sendall(request)
            opened.setblocking(False)
            self.sockets.append(opened)
        self.buffer = memoryview(bytearray(int((self.rate or 0) * INTERVAL)))

    def run(self):
        began = ready_at = time.monotonic()
        is_ready, turns = False, 0
        while True:
            if not is_ready and (not self.rate or all(self.received) or self.failed):
                is_ready, ready_at = True, time.monotonic()
                before = sum(self.received)
                print("ready", flush=True)
            due = int((time.monotonic() - began) / INTERVAL * len(self.sockets))
            while turns < due and self.rate:
                self.read(turns % len(self.sockets))
                turns += 1
            if select.select([sys.stdin], [], [], TURN if self.rate else None)[0]:
                return sum(self.received) - before, time.monotonic() - ready_at

    def read(self, number):
        if self.sockets[number] is None:
            return
        try:
            count = self.sockets[number].recv_into(self.buffer)
            if count == 0:
                raise OSError(f"the connection ended after {self.received[number]} bytes")
            if not self.received[number] and not bytes(self.buffer[:12]) == b"HTTP/1.1 200":
                raise OSError(f"200 expected, found: {bytes(self.buffer[:64])}")
            self.received[number] += count
        except BlockingIOError:
            return
        except OSError as error:
            self.failed += 1
            self.first_failure = self.first_failure or str(error)
            self.sockets[number].close()
            self.sockets[number] = None

    def closed_by_server(self):
        """How many of the connections that do nothing the server has ended."""
        ended = 0
        for opened in self.sockets:
            try:
                ended += opened.recv(1) == b""
            except BlockingIOError:
                continue
            except OSError:
                ended += 1
        return ended


def main():
    crowd = Crowd(json.loads(sys.stdin.readline()))
    received, seconds = crowd.run()
    ended = crowd.failed if crowd.rate else crowd.closed_by_server()
    result = {"byte_count": received, "seconds": seconds, "ended": ended, "failure": crowd.first_failure}
    json.dump(result, sys.stdout)


main()
