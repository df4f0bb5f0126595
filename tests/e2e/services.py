"""Web services that misbehave on purpose, byte by byte, with TLS or without."""
import pathlib
import socket
import ssl
import subprocess
import threading
import time


def answer(body, status="200 OK", kind="application/json", **headers):
    """The bytes of an answer with its length; header names take _ for -."""
    body = body if isinstance(body, bytes) else body.encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Request:
    """What a client sent."""

    def __init__(self, head, body, number):
        self.line, *headers = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = self.line.split(" ", 2)
        self.headers = dict(line.split(": ", 1) for line in headers if ": " in line)
        self.body = body
        self.number = number


class Service:
    """reply(request) gives bytes to send; None closes the connection, and bytes that `ends` says
    so about are the last of it. Requests are counted from 1, over all connections."""

    def __init__(self, reply, context=None, ends=lambda data: False, host="127.0.0.1"):
        self.reply = reply
        self.context = context
        self.ends = ends
        self.requests = []
        self.connections = 0
        self.listener = socket.create_server((host, 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        """Listens no more."""
        if self.listener.fileno() >= 0:
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
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
        try:
            with (self.context.wrap_socket(connection, server_side=True) if self.context
                  else connection) as stream:
                while self._exchange(stream):
                    pass
        except OSError:
            connection.close()

    def _exchange(self, stream):
        data = b""
        while b"\r\n\r\n" not in data:
            more = stream.recv(65536)
            if not more:
                return False
            data += more
            if data[0] == 0x16:  # the beginning of TLS, to which a server without it says no
                stream.sendall(answer("no HTTP", "400 Bad Request"))
                return False
        head, body = data.split(b"\r\n\r\n", 1)
        request = Request(head, body, len(self.requests) + 1)
        while len(request.body) < int(request.headers.get("Content-Length", 0)):
            request.body += stream.recv(65536)
        self.requests.append(request)
        reply = self.reply(request)
        if reply is None:
            return False
        stream.sendall(reply)
        return not self.ends(reply)


class Silent(Service):
    """Takes connections and says nothing."""

    def _serve(self, connection):
        try:
            while connection.recv(65536):
                pass
        except OSError:
            pass


class Resetting(Service):
    """Resets each connection as soon as something is asked."""

    def _serve(self, connection):
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()


class Authority:
    """Makes certificates."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.certificate = self.directory / "ca.pem"
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-subj", "/CN=Test authority", "-days", "30", "-keyout", "ca.key",
                  "-out", "ca.pem")

    def context(self, names, expired=False, self_signed=False):
        """A server's side of TLS, with a certificate for the names (DNS:…, IP:…)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certify(names, expired, self_signed))
        return context

    def certify(self, names, expired=False, self_signed=False):
        """The files of a certificate for the names, and of its key."""
        name = f"cert{time.monotonic_ns()}"
        extension = self.directory / f"{name}.ext"
        extension.write_text(f"subjectAltName={names}\n")
        self._run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                  "/CN=server", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        days = ["-days", "-1"] if expired else ["-days", "30"]
        signer = ["-signkey", f"{name}.key"] if self_signed else \
            ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]
        self._run("x509", "-req", "-in", f"{name}.csr", *days, *signer, "-extfile", extension.name,
                  "-out", f"{name}.pem")
        return self.directory / f"{name}.pem", self.directory / f"{name}.key"

    def _run(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.directory, check=True,
                       capture_output=True)
