"""Makes a Python server that would listen on every interface listen on loopback alone."""

import socket

_bind = socket.socket.bind


def _bind_to_loopback(self, address):
    if self.family == socket.AF_INET6 and address[0] == "::":
        # A socket for both IP versions: this is 127.0.0.1 to who connects.
        address = ("::ffff:127.0.0.1", *address[1:])
    elif self.family == socket.AF_INET and address[0] in ("", "0.0.0.0"):
        address = ("127.0.0.1", *address[1:])
    return _bind(self, address)


socket.socket.bind = _bind_to_loopback
