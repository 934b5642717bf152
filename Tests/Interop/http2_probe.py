"""An HTTP/2 client that shows how each stream ended."""

import socket
import ssl

import h2.config
import h2.connection
import h2.events

READ_SIZE = 256 * 1024


class StateMachine(h2.connection.H2ConnectionStateMachine):
    """Goes on with open streams after a GOAWAY, which the library takes for the end of all (RFC 9113, section 6.8)."""

    _transitions = {
        **h2.connection.H2ConnectionStateMachine._transitions,
        (h2.connection.ConnectionState.CLIENT_OPEN, h2.connection.ConnectionInputs.RECV_GOAWAY): (
            None,
            h2.connection.ConnectionState.CLIENT_OPEN,
        ),
    }


class Stream:
    """One request and its answer; `ending` is "end", "reset" or, as long as it is open, None."""

    def __init__(self, number):
        self.number = number
        self.headers = []
        self.body = bytearray()
        self.ending = None

    @property
    def status(self):
        return int(dict(self.headers)[":status"]) if self.headers else None


class HTTP2Client:
    """A connection to the server at `address`, over TLS if there is an `authority` to trust.

    Windows are opened as data comes, but for streams in `paused`.
    """

    def __init__(self, address, authority=None, timeout=60):
        self.socket = socket.create_connection(address, timeout=timeout)
        self.scheme = "http"
        if authority is not None:
            context = ssl.create_default_context(cafile=authority)
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket, server_hostname="127.0.0.1")
            assert self.socket.selected_alpn_protocol() == "h2"
            self.scheme = "https"
        self.authority = f"{address[0]}:{address[1]}"
        self.connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.connection.state_machine = StateMachine()
        self.connection.initiate_connection()
        self.streams = {}
        self.paused = set()
        self.is_going_away = False
        self._send()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _send(self):
        self.socket.sendall(self.connection.data_to_send())

    def get(self, target, token=None, headers=()):
        """Sends a request and returns its stream."""
        stream = Stream(self.connection.get_next_available_stream_id())
        self.streams[stream.number] = stream
        fields = [(":method", "GET"), (":scheme", self.scheme), (":authority", self.authority), (":path", target)]
        if token is not None:
            fields.append(("authorization", f"Bearer {token}"))
        self.connection.send_headers(stream.number, [*fields, *headers], end_stream=True)
        self._send()
        return stream

    def reset(self, stream):
        self.connection.reset_stream(stream.number)
        stream.ending = "reset"
        self._send()

    def open_window(self, stream, count):
        """Lets `count` more bytes of a stream come."""
        self.connection.acknowledge_received_data(count, stream.number)
        self._send()

    def receive(self):
        """Handles what has come; waits for something. False at the end of the connection."""
        data = self.socket.recv(READ_SIZE)
        if not data:
            return False
        for event in self.connection.receive_data(data):
            stream = self.streams.get(getattr(event, "stream_id", None))
            if isinstance(event, h2.events.ResponseReceived):
                stream.headers = event.headers
            elif isinstance(event, h2.events.DataReceived):
                stream.body += event.data
                if stream.number not in self.paused:
                    self.connection.acknowledge_received_data(event.flow_controlled_length, stream.number)
            elif isinstance(event, h2.events.StreamEnded):
                stream.ending = "end"
            elif isinstance(event, h2.events.StreamReset) and stream is not None:
                stream.ending = stream.ending or "reset"
            elif isinstance(event, h2.events.ConnectionTerminated):
                self.is_going_away = True
        self._send()
        return True

    def receive_until(self, condition):
        """Handles what comes until `condition()` holds, or the connection ends; returns whether it holds."""
        while not condition():
            if not self.receive():
                return condition()
        return True

    def finish(self, stream):
        """Reads an answer to its end, whatever that is."""
        self.receive_until(lambda: stream.ending is not None)
        return stream
