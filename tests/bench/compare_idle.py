"""Connections that compare.py holds idle, each after one request, to see what they cost a proxy in memory."""
import resource
import socket

import compare_measure as measure

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, HEADERS, DATA = 4, 1, 0
ACK, END_STREAM, END_HEADERS = 1, 1, 4


def raise_file_limit():
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


def frame(kind, flags=0, stream=0, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def http1_request(connection):
    connection.sendall(b"GET /128 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = b""
    while not answer.endswith(b"x" * 128):
        answer += receive(connection)


def http2_request(connection):
    """The preface and one GET on stream 1 (RFC 9113 3.4), read to the end of its answer."""
    def text(s):
        return bytes([len(s)]) + s
    # RFC 7541 appendix A: 2 :method GET, 7 :scheme https, 4 :path and 1 :authority with values of their own.
    fields = b"\x82\x87" + b"\x04" + text(b"/128") + b"\x01" + text(b"localhost")
    connection.sendall(PREFACE + frame(SETTINGS) + frame(HEADERS, END_STREAM | END_HEADERS, 1, fields))
    data, ended = b"", False
    while not ended:
        data += receive(connection)
        while len(data) >= 9 and len(data) >= 9 + int.from_bytes(data[:3], "big"):
            size, kind, flags = int.from_bytes(data[:3], "big"), data[3], data[4]
            if kind == SETTINGS and not flags & ACK:
                connection.sendall(frame(SETTINGS, ACK))
            ended = ended or (kind in (DATA, HEADERS) and bool(flags & END_STREAM))
            data = data[9 + size:]


def receive(connection):
    data = connection.recv(16384)
    if not data:
        raise RuntimeError("an idle connection was closed before its answer was whole")
    return data


KINDS = {
    "keep-alive": (None, http1_request),
    "TLS": (("http/1.1",), http1_request),
    "HTTP/2 over TLS": (("h2",), http2_request),
}


def hold(port, kind, count):
    """So many connections that have had one answer each."""
    alpn, request = KINDS[kind]
    client = measure.tls_client(alpn) if alpn else None
    held = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port), 5)
        if client:
            connection = client.wrap_socket(connection, server_hostname="localhost")
        request(connection)
        held.append(connection)
    return held
