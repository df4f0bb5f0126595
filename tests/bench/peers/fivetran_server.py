"""The peer: a Fivetran source in Python, as its examples are written, serving a file's rows.

fivetran_server.py FILE: prints its port, and answers Update until it is killed."""
import calendar
import concurrent.futures
import json
import pathlib
import sys
import time

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
from fivetran import SERVICE, messages  # noqa: E402

BATCH = 100


def update(_request, _context):
    """All rows of the file, in batches, and a checkpoint."""
    pb = messages()
    utc = ("created_at", "updated_at")
    with open(sys.argv[1], encoding="utf-8") as file:
        batch = pb.Records()
        for line in file:
            record = batch.records.add(table_name="rows")
            for name, value in json.loads(line).items():
                cell = record.data[name]
                if isinstance(value, bool):
                    cell.bool = value
                elif isinstance(value, int):
                    cell.long = value
                elif isinstance(value, float):
                    cell.double = value
                elif name in utc:
                    cell.utc_datetime.seconds = seconds(value)
                else:
                    cell.string = value
            if len(batch.records) == BATCH:
                yield pb.UpdateResponse(records=batch)
                batch = pb.Records()
        if batch.records:
            yield pb.UpdateResponse(records=batch)
    yield pb.UpdateResponse(checkpoint=pb.Checkpoint(state_json="{}"))


def seconds(text):
    """The seconds since 1970 of 2026-12-14T15:01:17Z."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def main():
    """Serves."""
    pb = messages()
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    handler = grpc.unary_stream_rpc_method_handler(
        update, request_deserializer=pb.UpdateRequest.FromString,
        response_serializer=pb.UpdateResponse.SerializeToString)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
        SERVICE.strip("/"), {"Update": handler}),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()


main()
