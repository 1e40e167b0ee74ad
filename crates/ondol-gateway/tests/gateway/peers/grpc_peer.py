"""A gRPC server and a client of it: `serve` prints its port; `ask PORT` talks through that port."""

import sys
from concurrent import futures

import grpc


def unary(request, context):
    seen = dict(context.invocation_metadata())
    context.send_initial_metadata((("seen", seen.get("asked", "-")),))
    context.set_trailing_metadata((("counted", str(len(request))),))
    return b"you said " + request


def refused(request, context):
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not like this")


def many(request, context):
    for number in range(int(request)):
        yield b"%d" % number


def sum_up(requests, context):
    return b"%d" % sum(len(request) for request in requests)


def talk(requests, context):
    for request in requests:
        yield request.upper()


def hang(request, context):
    while context.is_active():
        futures.wait([], timeout=0.01)
    return b""


def serve():
    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Refused": grpc.unary_unary_rpc_method_handler(refused),
        "Many": grpc.unary_stream_rpc_method_handler(many),
        "SumUp": grpc.stream_unary_rpc_method_handler(sum_up),
        "Talk": grpc.stream_stream_rpc_method_handler(talk),
        "Hang": grpc.unary_unary_rpc_method_handler(hang),
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Peer", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(None)


def ask(port):
    with grpc.insecure_channel("127.0.0.1:" + port) as channel:
        call = channel.unary_unary("/test.Peer/Unary")
        answer, outcome = call.with_call(b"hello", metadata=(("asked", "yes"),), timeout=10)
        assert answer == b"you said hello", answer
        assert dict(outcome.initial_metadata())["seen"] == "yes"
        assert dict(outcome.trailing_metadata())["counted"] == "5"
        large = bytes(2_000_000)
        assert call(large, timeout=10)[9:] == large
        try:
            channel.unary_unary("/test.Peer/Refused")(b"", timeout=10)
            raise AssertionError("it was not refused")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
            assert error.details() == "not like this", error
        numbers = list(channel.unary_stream("/test.Peer/Many")(b"1000", timeout=10))
        assert numbers == [b"%d" % number for number in range(1000)]
        parts = (b"x" * 1000 for _ in range(100))
        assert channel.stream_unary("/test.Peer/SumUp")(parts, timeout=10) == b"100000"
        said = [b"one", b"two", b"three"]
        assert list(channel.stream_stream("/test.Peer/Talk")(iter(said), timeout=10)) == [
            b"ONE",
            b"TWO",
            b"THREE",
        ]
        try:
            channel.unary_unary("/test.Peer/Hang")(b"", timeout=0.3)
            raise AssertionError("it did not hang")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
        with futures.ThreadPoolExecutor(max_workers=16) as pool:
            answers = list(pool.map(lambda n: call(b"%d" % n, timeout=10), range(400)))
        assert answers == [b"you said %d" % number for number in range(400)]
    print("all well", flush=True)


if __name__ == "__main__":
    serve() if sys.argv[1] == "serve" else ask(sys.argv[2])
