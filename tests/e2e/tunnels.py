"""What tests of tunnels need: servers behind them, and clients that check every byte."""
import contextlib
import dataclasses
import hashlib
import os
import socket
import struct
import subprocess
import threading
import time


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


def hang_up(connection):
    """Resets the connection at once."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextlib.contextmanager
def silent_port():
    """(host, port) where connecting gets no answer: the listener's queue is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        host, port = listener.getsockname()
        fillers = []
        for _ in range(4):
            fillers.append(socket.socket())
            fillers[-1].setblocking(False)
            fillers[-1].connect_ex((host, port))
        time.sleep(0.1)
        yield host, port
        for filler in fillers:
            filler.close()


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
            with contextlib.suppress(OSError):  # the answer tells what became of it
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            return read_all(connection)
        finally:
            sender.join()


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

    def wait(self, timeout=60):
        """Its exit code and what it logged, once it has ended."""
        _, stderr = self.process.communicate(timeout=timeout)
        return self.process.returncode, stderr.decode()

    def memory_mib(self):
        """The most memory it has had so far."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(file.read().split("VmHWM:")[1].split()[0]) / 1024

    def cpu_share(self, seconds):
        """The share of one processor that it takes from now on."""
        begun = self._cpu_seconds()
        time.sleep(seconds)
        return (self._cpu_seconds() - begun) / seconds

    def _cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass
class End:
    """What the tunnel object gives to its users."""

    process: subprocess.Popen
    path: str
    folder: str
    address: str
    port: int
    verify: str

    def get(self, path="/"):
        """The page at the other end, by curl."""
        way = ["--unix-socket", self.path] if self.path else \
            ["--connect-to", f"::{self.address}:{self.port}"]
        return subprocess.run(["curl", "-sS", "--max-time", "60", *way,
                               f"http://{self.verify}:{self.port}{path}"],
                              capture_output=True, text=True, check=False)

    def close(self):
        """Closes it: why a connection failed, if one did."""
        try:
            return self.process.communicate(timeout=60)[0]
        finally:
            assert self.process.returncode == 0
