"""An Airbyte platform in small: runs the source's commands and holds each message to the protocol."""
import json

import jsonschema

NAME = {"type": "string", "minLength": 1}
TIME_MS = {"type": "integer", "minimum": 1_500_000_000_000, "maximum": 4_000_000_000_000}
COUNT = {"type": "integer", "minimum": 0}


def record(required, **properties):
    """An object with these properties, of which those are required."""
    return {"type": "object", "required": required, "properties": properties}


DESCRIPTOR = record(["name"], name=NAME, namespace=NAME)
STREAM = record(
    ["name", "json_schema", "supported_sync_modes"], name=NAME, json_schema={"type": "object"},
    supported_sync_modes={"type": "array", "minItems": 1,
                          "items": {"enum": ["full_refresh", "incremental"]}},
    namespace=NAME, source_defined_cursor={"type": "boolean"},
    default_cursor_field={"type": "array", "items": NAME},
    source_defined_primary_key={"type": "array",
                                "items": {"type": "array", "minItems": 1, "items": NAME}},
    is_resumable={"type": "boolean"}, is_file_based={"type": "boolean"})
TRACE_ERROR = record(
    ["message"], message=NAME, internal_message={"type": "string"},
    stack_trace={"type": "string"}, stream_descriptor=DESCRIPTOR,
    failure_type={"enum": ["system_error", "config_error", "transient_error"]})
PAYLOADS = {
    "SPEC": ("spec", record(["connectionSpecification"],
                            connectionSpecification={"type": "object"},
                            protocol_version={"type": "string"})),
    "CONNECTION_STATUS": ("connectionStatus", record(
        ["status"], status={"enum": ["SUCCEEDED", "FAILED"]}, message=NAME)),
    "CATALOG": ("catalog", record(["streams"], streams={"type": "array", "items": STREAM})),
    "RECORD": ("record", record(["stream", "data", "emitted_at"], stream=NAME,
                                data={"type": "object"}, emitted_at=TIME_MS, namespace=NAME)),
    "STATE": ("state", record(
        ["type", "stream", "sourceStats"], type={"const": "STREAM"},
        stream=record(["stream_descriptor", "stream_state"], stream_descriptor=DESCRIPTOR,
                      stream_state={"type": "object", "minProperties": 1}),
        sourceStats=record(["recordCount"], recordCount={"type": "number", "minimum": 0}))),
    "LOG": ("log", record(["level", "message"], message={"type": "string"}, level={
        "enum": ["FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"]})),
    "TRACE": ("trace", {"oneOf": [
        record(["type", "emitted_at", "error"], type={"const": "ERROR"}, emitted_at=TIME_MS,
               error=TRACE_ERROR),
        record(["type", "emitted_at", "estimate"], type={"const": "ESTIMATE"},
               emitted_at=TIME_MS, estimate=record(
                   ["name", "type"], name=NAME, type={"const": "STREAM"}, row_estimate=COUNT,
                   byte_estimate=COUNT)),
        record(["type", "emitted_at", "stream_status"], type={"const": "STREAM_STATUS"},
               emitted_at=TIME_MS, stream_status=record(
                   ["stream_descriptor", "status"], stream_descriptor=DESCRIPTOR,
                   status={"enum": ["STARTED", "RUNNING", "COMPLETE", "INCOMPLETE"]})),
    ]}),
}
VALIDATORS = {kind: (key, jsonschema.Draft7Validator(schema))
              for kind, (key, schema) in PAYLOADS.items()}


class Messages(list):
    """What a command printed: a list of (type, payload), each of them checked."""

    def __init__(self, result):
        super().__init__()
        self.result = result
        self.code = result.code
        assert result.stdout == "" or result.stdout.endswith("\n"), "the last line was cut"
        for line in result.stdout.splitlines():
            message = json.loads(line)
            key, validator = VALIDATORS[message["type"]]
            validator.validate(message[key])
            if message["type"] == "STATE":
                assert ".0}" in line, "a count of records has a decimal point"
            self.append((message["type"], message[key]))

    def of(self, kind):
        """The payloads of one type, in order."""
        return [payload for found, payload in self if found == kind]

    def rows(self, stream):
        """The data of a stream's records."""
        return [row["data"] for row in self.of("RECORD") if row["stream"] == stream]

    def states(self, stream):
        """A stream's states with the number of records before each."""
        return [(state["stream"]["stream_state"], state["sourceStats"]["recordCount"])
                for state in self.of("STATE")
                if state["stream"]["stream_descriptor"]["name"] == stream]

    def statuses(self, stream):
        """A stream's statuses, in order."""
        return [trace["stream_status"]["status"] for trace in self.of("TRACE")
                if trace["type"] == "STREAM_STATUS"
                and trace["stream_status"]["stream_descriptor"]["name"] == stream]

    def errors(self):
        """The errors that were traced."""
        return [trace["error"] for trace in self.of("TRACE") if trace["type"] == "ERROR"]

    def one(self, kind):
        """The payload of the only message of its type."""
        found = self.of(kind)
        assert len(found) == 1, self.result
        return found[0]

    def expect(self, code):
        """Asserts the exit code, and that the states kept to the rules."""
        assert self.code == code, self.result
        self.check_states()
        return self

    def check_states(self):
        """Each state counts the records since the one before, no two of a stream are equal, and
        after COMPLETE nothing of the stream follows."""
        counts, last, complete = {}, {}, set()
        for kind, payload in self:
            if kind == "RECORD":
                counts[payload["stream"]] = counts.get(payload["stream"], 0) + 1
                assert payload["stream"] not in complete
            elif kind == "STATE":
                name = payload["stream"]["stream_descriptor"]["name"]
                assert payload["sourceStats"]["recordCount"] == counts.pop(name, 0)
                assert payload["stream"]["stream_state"] != last.get(name)
                last[name] = payload["stream"]["stream_state"]
            elif kind == "TRACE" and payload["type"] == "STREAM_STATUS":
                status = payload["stream_status"]
                if status["status"] == "COMPLETE":
                    name = status["stream_descriptor"]["name"]
                    assert counts.get(name, 0) == 0 and name in last
                    complete.add(name)


class Airbyte:
    """Runs the source as the platform does."""

    def __init__(self, towline):
        self.towline = towline

    def file(self, name, content):
        """A file with the content as JSON, or as it is; mode 0600."""
        return self.towline.write_config(content, name)

    def run(self, *words, **options):
        """Any command."""
        return Messages(self.towline("airbyte", *words, **options))

    def spec(self):
        """The specification of the configuration."""
        return self.run("spec").expect(0).one("SPEC")["connectionSpecification"]

    def check(self, config):
        """The messages of a check."""
        return self.run("check", "--config", self.file("config.json", config))

    def discover(self, config):
        """The messages of a discovery."""
        return self.run("discover", "--config", self.file("config.json", config))

    def streams(self, config):
        """The streams of a discovery that must succeed, by name."""
        catalog = self.discover(config).expect(0).one("CATALOG")
        return {stream["name"]: stream for stream in catalog["streams"]}

    def arguments(self, config, catalog, state=None):
        """The command line of a read; its files are written."""
        words = ["read", "--config", self.file("config.json", config),
                 "--catalog", self.file("catalog.json", catalog)]
        return words if state is None else [*words, "--state", self.file("state.json", state)]

    def read(self, config, catalog, state=None, **options):
        """The messages of a read."""
        return self.run(*self.arguments(config, catalog, state), **options)


def configured(*streams, mode=None):
    """A configured catalog of streams as discovered; mode None takes the best there is."""
    return {"streams": [{
        "stream": stream,
        "sync_mode": mode or stream["supported_sync_modes"][-1],
        "destination_sync_mode": "append",
    } for stream in streams]}


def bare(name):
    """A stream of which the catalog says no more than the name."""
    return {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
