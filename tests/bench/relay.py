"""A TCP relay that holds every byte back for a while in each direction, as a long line does:
relay.py HOST PORT DELAY_MS prints the port it listens on and runs until its stdin ends.

The line is as broad as this machine allows. netem would do the same below TCP, but takes root
and a kernel module that many machines lack."""
import collections
import socket
import sys
import threading
import time

PIECE_BYTES = 1 << 20
LINE_BYTES = 256 << 20  # under way at most; more than any window


class Line:
    """One direction: a thread that reads and stamps, a thread that waits and writes."""

    def __init__(self, source, sink, delay):
        self.source, self.sink, self.delay = source, sink, delay
        self.pieces = collections.deque()
        self.under_way = 0
        self.change = threading.Condition()
        for work in (self._read, self._write):
            threading.Thread(target=work, daemon=True).start()

    def _read(self):
        data = True
        while data:
            try:
                data = self.source.recv(PIECE_BYTES)
            except OSError:
                data = b""
            with self.change:
                self.change.wait_for(lambda: self.under_way < LINE_BYTES)
                self.pieces.append((time.monotonic() + self.delay, data))
                self.under_way += len(data)
                self.change.notify_all()

    def _write(self):
        try:
            while True:
                with self.change:
                    self.change.wait_for(lambda: self.pieces)
                    due, data = self.pieces.popleft()
                time.sleep(max(0, due - time.monotonic()))
                if not data:
                    break
                self.sink.sendall(data)
                with self.change:
                    self.under_way -= len(data)
                    self.change.notify_all()
            self.sink.shutdown(socket.SHUT_WR)
        except OSError:
            self.source.close()


def serve(listener, target, delay):
    """Relays every connection."""
    while True:
        client, _ = listener.accept()
        server = socket.create_connection(target)
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Line(client, server, delay)
        Line(server, client, delay)


def main():
    """Listens, says where, relays."""
    host, port, delay_ms = sys.argv[1:]
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=serve, daemon=True,
                     args=(listener, (host, int(port)), float(delay_ms) / 1000)).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
