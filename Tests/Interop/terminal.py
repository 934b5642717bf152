"""A terminal for `xet` to run on."""

import contextlib
import fcntl
import os
import pty
import struct
import termios
import threading


class Terminal:
    """Runs `xet` on a terminal of some size; `shown` is what it wrote there."""

    def __init__(self, xet, *arguments, columns=80, **variables):
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = xet.start(
            *arguments, stdout=slave, stderr=slave, **{"TERM": "xterm", **variables}
        )
        os.close(slave)
        self._lock, self._shown = threading.Lock(), b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        # The kernel ends a terminal that nobody writes to any more with an error.
        with contextlib.suppress(OSError):
            while piece := os.read(self._master, 65536):
                with self._lock:
                    self._shown += piece

    @property
    def shown(self):
        with self._lock:
            return self._shown.decode()

    def wait(self):
        status = self.process.wait(60)
        self._reader.join(20)
        os.close(self._master)
        return status
