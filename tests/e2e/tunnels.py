"""What tests of tunnels need: servers behind them, and clients that check every byte."""
import hashlib
import os
import socket
import threading


class Server:
    """Answers each connection in a thread of its own by `answer(connection)`."""

    def __init__(self, answer):
        self.answer = answer
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                self.answer(connection)
            except OSError:
                pass


def echo(connection):
    """Sends back what comes, and ends when that ends."""
    while data := connection.recv(65536):
        connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def digest(connection):
    """Says nothing before the other side has ended: then what it has got."""
    connection.sendall(hashlib.sha256(read_all(connection)).hexdigest().encode())


def read_all(connection):
    """Everything up to the end."""
    data = bytearray()
    while piece := connection.recv(1 << 16):
        data += piece
    return bytes(data)


def exchange(port, data, host="127.0.0.1"):
    """Sends data, ends, and returns what came back up to the end."""
    with socket.create_connection((host, port), timeout=60) as connection:

        def send():
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        answer = read_all(connection)
        sender.join()
        return answer


def exchange_many(port, count, size):
    """How many of so many connections at once got their own bytes back."""
    good = []

    def one():
        data = os.urandom(size)
        if exchange(port, data) == data:
            good.append(True)

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(good)


class Tunnel:
    """A running `towline tunnel`; `ports` are the local ends that it printed."""

    def __init__(self, towline, *arguments, config, ends=1, **options):
        self.process = towline.start("tunnel", *arguments, config=config, **options)
        self.lines = [self.process.stdout.readline().decode() for _ in range(ends)]
        if not all(self.lines):
            raise AssertionError(f"no tunnel: {self.process.communicate()[1].decode()}")
        self.ports = [int(line.split(" -> ")[0].rpartition(":")[2]) for line in self.lines]
        self.port = self.ports[0] if self.ports else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
        self.process.stdout.close()
        self.process.stderr.close()

    def stop(self, number=15):
        """Ends it by a signal: its exit code and what it logged."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self, timeout=20):
        """Its exit code and what it logged, once it has ended."""
        _, stderr = self.process.communicate(timeout=timeout)
        return self.process.returncode, stderr.decode()
