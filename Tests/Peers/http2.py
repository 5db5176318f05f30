"""A client of HTTP/2 that can leave a stream: the h2 library on a socket."""

import json
import socket
import ssl

import h2.config
import h2.connection
import h2.errors
import h2.events


class Connection:
    def __init__(self, port, authority):
        context = ssl.create_default_context(cafile=authority)
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        self.state = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.state.initiate_connection()
        self.flush()

    def flush(self):
        self.socket.sendall(self.state.data_to_send())

    def post(self, path, headers, document):
        """Sends a request and returns its stream."""
        stream, body = self.state.get_next_available_stream_id(), json.dumps(document).encode()
        fields = [(":method", "POST"), (":path", path), (":scheme", "https"), (":authority", "localhost")]
        fields += [(name.lower(), value) for name, value in headers.items()] + [("content-type", "application/json")]
        self.state.send_headers(stream, fields)
        self.state.send_data(stream, body, end_stream=True)
        self.flush()
        return stream

    def until(self, kind, stream):
        """The next event of this kind on this stream."""
        while True:
            for event in self.state.receive_data(self.socket.recv(65536)):
                if isinstance(event, h2.events.DataReceived):
                    self.state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if isinstance(event, kind) and event.stream_id == stream:
                    return event
            self.flush()

    def leave(self, stream):
        self.state.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
        self.flush()

    def close(self):
        self.socket.close()
