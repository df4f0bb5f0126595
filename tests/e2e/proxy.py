"""A TCP proxy that does to a connection what networks do."""
import socket
import struct
import threading


class Proxy:
    """Forwards to a server. Of each connection that `cuts` has an entry for, in order, it passes
    that many bytes from the server on and then ends it; None lets it live. `reset` ends it with
    RST instead of FIN. `flip` inverts a bit of the server's byte at that place; with `crumbs` its
    bytes arrive one or a few at a time."""

    def __init__(self, host, port, cuts=(), reset=False, flip=None, crumbs=False):
        self.target = (host, port)
        self.cuts = list(cuts)
        self.reset = reset
        self.flip = flip
        self.crumbs = crumbs
        self.received = 0
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # shutdown wakes the thread that waits in accept; close alone would not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def known_hosts(self, server, path):
        """Writes a known_hosts file that has the server's keys under the proxy's address."""
        path.write_text("".join(f"[127.0.0.1]:{self.port} {server.host_key_line(kind)}\n"
                                for kind in server.host_key_types))
        return str(path)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            limit = self.cuts.pop(0) if self.cuts else None
            self.connections += 1
            server = socket.create_connection(self.target)
            threading.Thread(target=self._upstream, args=(client, server), daemon=True).start()
            threading.Thread(target=self._downstream, args=(client, server, limit),
                             daemon=True).start()

    def _upstream(self, client, server):
        try:
            while data := client.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _downstream(self, client, server, limit):
        passed = 0
        try:
            while limit is None or passed < limit:
                data = server.recv(65536 if limit is None else min(65536, limit - passed))
                if not data:
                    break
                self._deliver(client, self._flipped(data, passed))
                passed += len(data)
                self.received += len(data)
        except OSError:
            pass
        _shut(server)
        self._end(client)

    def _flipped(self, data, offset):
        if self.flip is None or not offset <= self.flip < offset + len(data):
            return data
        at = self.flip - offset
        return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1:]

    def _deliver(self, client, data):
        if not self.crumbs:
            client.sendall(data)
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        size = 0
        while data:
            size = size % 40 + 1
            client.sendall(data[:size])
            data = data[size:]

    def _end(self, client):
        if self.reset:
            # A linger time of zero makes close send RST, but only once no thread reads from it:
            # shutting the reading side, which sends nothing, wakes the one that does.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.shutdown(socket.SHUT_RD)
            client.close()
        else:
            _finish(client)


def _finish(client):
    """Ends our direction only, and takes what still comes: to a socket that is closed it would be
    answered with RST, which makes the other side drop what it has not read yet."""
    client.settimeout(10)
    try:
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass
    except OSError:
        pass
    _shut(client)


def _shut(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()
