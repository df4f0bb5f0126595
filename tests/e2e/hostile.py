"""Servers that mean harm: raw ones before encryption, and one that speaks SSH and misbehaves."""
import itertools
import socket
import struct
import threading

import paramiko


class Server:
    """Listens on 127.0.0.1 and gives each connection to `serve` in a thread of its own."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.listener.close()
        for connection in self.connections:
            connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            self.serve(connection)
        except (OSError, EOFError, paramiko.SSHException):
            pass

    def serve(self, connection):
        """To be given by those that inherit."""
        raise NotImplementedError


class Raw(Server):
    """Sends the pieces, a byte string or a number of seconds to wait, and then closes, or with
    forever=True begins again with the last."""

    def __init__(self, *pieces, forever=False):
        self.pieces, self.forever = pieces, forever
        super().__init__()

    def serve(self, connection):
        for piece in self.pieces:
            self._play(connection, piece)
        while self.forever and not self.stopped.is_set():
            self._play(connection, self.pieces[-1])
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):  # closing on unread bytes would be a reset
            pass
        connection.close()

    def _play(self, connection, piece):
        if isinstance(piece, bytes):
            connection.sendall(piece)
        else:
            self.stopped.wait(piece)


BANNER = b"SSH-2.0-hostile\r\n"


def packet(payload):
    """An unencrypted packet (RFC 4253 section 6)."""
    padding = 8 - (len(payload) + 5) % 8 + 8
    return struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)


def text(value):
    """A counted text."""
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">I", len(value)) + value


def kexinit(*changes):
    """The packet by which a server offers algorithms that everybody has."""
    lists = ["curve25519-sha256", "ssh-ed25519", "aes128-ctr", "aes128-ctr", "hmac-sha2-256",
             "hmac-sha2-256", "none", "none", "", ""]
    for index, value in changes:
        lists[index] = value
    return packet(b"\x14" + bytes(16) + b"".join(map(text, lists)) + bytes(5))


def disconnect(message):
    """SSH_MSG_DISCONNECT."""
    return packet(b"\x01" + struct.pack(">I", 2) + text(message) + text(""))


IGNORE = packet(b"\x02" + text("x" * 1000))


# Payloads of messages that a server may send once there is encryption.
def number(value):
    """A counted number."""
    return struct.pack(">I", value)


def login_banner(message):
    """SSH_MSG_USERAUTH_BANNER."""
    return b"\x35" + text(message) + text("en")


def login_failure(methods):
    """SSH_MSG_USERAUTH_FAILURE."""
    return b"\x33" + text(methods) + b"\0"


def new_password_wanted(prompt):
    """SSH_MSG_USERAUTH_PASSWD_CHANGEREQ."""
    return b"\x3c" + text(prompt) + text("en")


def farewell(message):
    """SSH_MSG_DISCONNECT."""
    return b"\x01" + number(2) + text(message) + text("")


def debug(message):
    """SSH_MSG_DEBUG, to be displayed always."""
    return b"\x04\1" + text(message) + text("en")


def extensions(count):
    """SSH_MSG_EXT_INFO that announces more than it has."""
    return b"\x07" + number(count) + text("server-sig-algs") + text("ssh-ed25519")


def no_channel(reason, message):
    """SSH_MSG_CHANNEL_OPEN_FAILURE for the first channel."""
    return b"\x5c" + number(0) + number(reason) + text(message) + text("en")


def channel_data(data, stream=None, channel=0):
    """SSH_MSG_CHANNEL_DATA, or with a stream SSH_MSG_CHANNEL_EXTENDED_DATA."""
    if stream is None:
        return b"\x5e" + number(channel) + text(data)
    return b"\x5f" + number(channel) + number(stream) + text(data)


def killed_by(signal, message):
    """SSH_MSG_CHANNEL_REQUEST exit-signal."""
    return b"\x62" + number(0) + text("exit-signal") + b"\0" + text(signal) + b"\0" + \
        text(message) + text("en")


def ended_with(status):
    """SSH_MSG_CHANNEL_REQUEST exit-status."""
    return b"\x62" + number(0) + text("exit-status") + b"\0" + number(status)


CHANNEL_SUCCESS, CHANNEL_EOF, CHANNEL_CLOSE = (bytes([kind]) + number(0) for kind in (99, 96, 97))


class Speaker(Server):
    """Speaks SSH through paramiko. `behaviour` has any of: methods, banner, password, questions
    (what keyboard-interactive asks, round by round, the last without end), publickey, close_at
    ("auth", "channel", "exec"), garble_at ("exec"), reverse (channel types that the server opens
    itself), say (what it says out of turn: {"none", "password", "channel" or "exec": payloads},
    None for silence), forever (the last of them again and again)."""

    def __init__(self, **behaviour):
        self.behaviour = behaviour
        self.key = paramiko.ECDSAKey.generate()
        self.attempts = []  # method and what was shown
        self.opened = []  # of the reverse channels, those that the client let through
        super().__init__()

    def known_hosts(self, path):
        """Writes the file that makes the server known, and returns its path."""
        path.write_text(f"[127.0.0.1]:{self.port} {self.key.get_name()} {self.key.get_base64()}\n")
        return path

    def serve(self, connection):
        transport = paramiko.Transport(connection)
        transport.add_server_key(self.key)
        session = Session(self, transport)
        if "banner" in self.behaviour:
            session.get_banner = lambda: (self.behaviour["banner"], "en")
        transport.start_server(server=session)
        while transport.is_active() and not self.stopped.wait(0.05):
            for kind in self.behaviour.get("reverse", ()) if transport.is_authenticated() else ():
                try:
                    transport.open_channel(kind, src_addr=("127.0.0.1", 1),
                                           dest_addr=("127.0.0.1", 2), timeout=2)
                    self.opened.append(kind)
                except paramiko.SSHException:
                    pass
            if transport.is_authenticated():
                self.behaviour.pop("reverse", None)


class Session(paramiko.ServerInterface):
    """What paramiko asks of a server."""

    def __init__(self, server, transport):
        self.server, self.transport, self.rounds = server, transport, 0
        self.behaviour = server.behaviour

    def _answer(self, method, shown):
        self.server.attempts.append((method, shown))
        if self.behaviour.get("close_at") == "auth":
            self.transport.sock.close()
        return self.behaviour.get(method, paramiko.AUTH_FAILED)

    def _say(self, when):
        payloads = self.behaviour.get("say", {}).get(when, ())
        again = itertools.repeat(payloads[-1]) if payloads and self.behaviour.get("forever") else ()
        for payload in itertools.chain(payloads, again):
            if payload is None:
                self.server.stopped.wait(60)
                return
            message = paramiko.Message()
            message.add_bytes(payload)
            self.transport._send_message(message)  # pylint: disable=protected-access

    def get_allowed_auths(self, username):
        return self.behaviour.get("methods", "password")

    def check_auth_none(self, username):
        self._say("none")
        return paramiko.AUTH_FAILED

    def check_auth_password(self, username, password):
        self._say("password")
        return self._answer("password", password)

    def check_auth_publickey(self, username, key):
        return self._answer("publickey", key.get_fingerprint())

    def _question(self):
        questions = self.behaviour["questions"]
        query = paramiko.InteractiveQuery("name", "instructions")
        query.add_prompt(questions[min(self.rounds, len(questions) - 1)], False)
        self.rounds += 1
        return query

    def check_auth_interactive(self, username, submethods):
        return self._question() if "questions" in self.behaviour else paramiko.AUTH_FAILED

    def check_auth_interactive_response(self, responses):
        self.server.attempts.append(("keyboard-interactive", list(responses)))
        return self._question()

    def check_channel_request(self, kind, chanid):
        if self.behaviour.get("close_at") == "channel":
            self.transport.sock.close()
        self._say("channel")
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        if self.behaviour.get("close_at") == "exec":
            self.transport.sock.close()
        if self.behaviour.get("garble_at") == "exec":
            self.transport.sock.sendall(b"not what the keys make of it " * 40)
        self._say("exec")
        return True
