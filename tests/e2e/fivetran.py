"""A Fivetran client: grpcio, messages from fivetran.proto, and a platform that checks each of them
and keeps the rows as a destination would."""
import datetime
import decimal
import functools
import importlib
import json
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile

import grpc
import pytest

HERE = pathlib.Path(__file__).resolve().parent
SERVICE = "/fivetran_sdk.v2.SourceConnector/"
MAX_RECORDS, MAX_BYTES = 100, 1024 * 1024
MEMBERS = {"BOOLEAN": "bool", "SHORT": "short", "INT": "int", "LONG": "long", "FLOAT": "float",
           "DOUBLE": "double", "NAIVE_DATE": "naive_date", "NAIVE_DATETIME": "naive_datetime",
           "UTC_DATETIME": "utc_datetime", "DECIMAL": "decimal", "BINARY": "binary",
           "STRING": "string", "JSON": "json", "XML": "xml"}


USERS = {"table": "users", "primary_key": "id", "command":
         """printf '[{"id":1,"name":"a"},{"id":2,"name":"b","age":7}]'"""}


@functools.cache
def messages():
    """The module of message classes, made by protoc."""
    with tempfile.TemporaryDirectory(prefix="towline-proto-") as out:
        subprocess.run(["protoc", f"-I{HERE}", f"--python_out={out}", HERE / "fivetran.proto"],
                       check=True)
        sys.path.insert(0, out)
        try:
            return importlib.import_module("fivetran_pb2")
        finally:
            sys.path.remove(out)


def flat(configuration):
    """A configuration as the platform hands it over: texts only."""
    return {key: value if isinstance(value, str) else json.dumps(value)
            for key, value in configuration.items()}


class Server:
    """The program as `--port N` on a free port; its log is kept line by line."""

    def __init__(self, towline, *options):
        self.process = towline.start("--port", "0", *options)
        line = json.loads(self.process.stdout.readline())
        assert line["message-origin"] == "sdk_connector"
        self.port = int(line["message"].rsplit(" ", 1)[1])

    def stop(self, number=signal.SIGTERM, timeout=60):
        """Ends it and returns the exit code and what it logged."""
        self.process.send_signal(number)
        stdout, stderr = self.process.communicate(timeout=timeout)
        assert stderr == b"", stderr.decode()
        return self.process.returncode, [json.loads(line) for line in stdout.splitlines()]

    def kill(self):
        """For the end of a test that has not stopped it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def rss_kib(self):
        """The resident memory now."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")


class Client:
    """The four calls. `compression` is grpc's."""

    def __init__(self, port, host="127.0.0.1", compression=None, options=()):
        self.channel = grpc.insecure_channel(f"{host}:{port}", compression=compression,
                                             options=options)
        pb = messages()
        self.form = self._call("ConfigurationForm", pb.ConfigurationFormRequest,
                               pb.ConfigurationFormResponse)
        self.test = self._call("Test", pb.TestRequest, pb.TestResponse)
        self.schema = self._call("Schema", pb.SchemaRequest, pb.SchemaResponse)
        self.update = self._call("Update", pb.UpdateRequest, pb.UpdateResponse, True)

    def _call(self, name, request, response, streams=False):
        make = self.channel.unary_stream if streams else self.channel.unary_unary
        method = make(SERVICE + name, request_serializer=request.SerializeToString,
                      response_deserializer=response.FromString)

        def call(*, timeout=60, **fields):
            return method(request(**fields), timeout=timeout)

        return call

    def close(self):
        """Ends the connection."""
        self.channel.close()


class Platform:
    """What arrives in an Update, checked message by message against the contract."""

    def __init__(self, schema=None):
        self.columns = {}  # table -> name -> (type, key)
        self.rows = {}     # table -> key -> values
        self.counts = dict.fromkeys(("upserts", "updates", "deletes", "truncates", "changes"), 0)
        self.states, self.warnings, self.task, self.largest = [], [], None, 0
        self.log = []  # the kinds of messages in their order
        if schema is not None:
            self.take_tables(schema.without_schema.tables)

    def take_tables(self, tables):
        """What a schema or a change of it says."""
        pb = messages()
        for table in tables:
            known = self.columns.setdefault(table.name, {})
            for column in table.columns:
                known[column.name] = (pb.DataType.Name(column.type), column.primary_key)

    def take_record(self, record):
        """One row; a column of another type than announced fails the test."""
        assert not record.HasField("schema_name")
        assert record.table_name in self.columns, f"{record.table_name} was not announced"
        columns, table = self.columns[record.table_name], self.rows.setdefault(record.table_name, {})
        if record.type == 3:
            assert not record.data
            self.counts["truncates"] += 1
            table.clear()
            return
        values = {}
        for name, value in record.data.items():
            member = value.WhichOneof("inner")
            assert member, f"{name} has no value"
            assert member in ("null", MEMBERS[columns[name][0]]), (name, member, columns[name])
            values[name] = python_value(value, member)
        key = tuple(values[name] for name in sorted(columns) if columns[name][1])
        assert key and None not in key, values
        if record.type == 0:
            assert set(values) == set(columns), (values, columns)
            self.counts["upserts"] += 1
            table[key] = values
        elif record.type == 1:
            self.counts["updates"] += 1
            if key in table:
                table[key].update(values)
        else:
            self.counts["deletes"] += 1
            table.pop(key, None)

    def take(self, response):
        """One message."""
        kind = response.WhichOneof("operation")
        assert kind, "a message without operation"
        assert self.task is None, f"{kind} after a task"
        self.log.append(kind)
        self.largest = max(self.largest, response.ByteSize())
        if kind == "records":
            assert 1 <= len(response.records.records) <= MAX_RECORDS
            assert response.ByteSize() < MAX_BYTES
            for record in response.records.records:
                self.take_record(record)
        elif kind == "record":
            self.take_record(response.record)
        elif kind == "schema_change":
            assert response.schema_change.WhichOneof("change") == "without_schema"
            self.counts["changes"] += 1
            self.take_tables(response.schema_change.without_schema.tables)
        elif kind == "checkpoint":
            assert isinstance(json.loads(response.checkpoint.state_json), dict)
            self.states.append(json.loads(response.checkpoint.state_json))
        elif kind == "warning":
            self.warnings.append(response.warning.message)
        else:
            self.task = response.task.message

    def take_all(self, responses):
        """A whole Update; returns itself."""
        for response in responses:
            self.take(response)
        return self


def python_value(value, member):
    """A value as Python has it."""
    if member == "null":
        return None
    inner = getattr(value, member)
    if member in ("naive_date", "naive_datetime", "utc_datetime"):
        epoch = datetime.datetime(1970, 1, 1)
        moment = epoch + datetime.timedelta(seconds=inner.seconds, microseconds=inner.nanos // 1000)
        return moment.date() if member == "naive_date" else moment
    if member == "decimal":
        return decimal.Decimal(inner)
    if member == "json":
        return json.loads(inner, parse_float=decimal.Decimal)
    return inner


def raw_exchange(port, data, wait=60):
    """Sends bytes to the port and returns what comes back until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        connection.sendall(data)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def expect_status(code, call, *texts):
    """Asserts that the call fails with the status and that its message says the texts."""
    with pytest.raises(grpc.RpcError) as failure:
        result = call()
        if hasattr(result, "__iter__"):
            list(result)
    assert failure.value.code() == code, failure.value
    for text in texts:
        assert text in failure.value.details(), failure.value.details()
    return failure.value


@pytest.fixture
def serve(towline):
    """serve("--checkpoint-interval", "1") starts the program; a client comes with it."""
    started = []

    def make(*options):
        server = Server(towline, *options)
        client = Client(server.port)
        started.append((server, client))
        return server, client

    yield make
    for server, client in started:
        client.close()
        server.kill()
