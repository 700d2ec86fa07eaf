"""A container agent of a few lines for tests and benchmarks: it has the ACS connection of a container instance,
acknowledges what it is told and remembers it. What is to be reported of its tasks, the test reports."""
import json
import socket
import struct
import threading
import urllib.parse


class ScriptedAgent:
    """`desired`: desired status by the ARN of the task, as last told. `told`: called with each, on the agent's thread.
    `sign`: from the URL of the connection to the headers that sign it; --auth=any wants none."""

    def __init__(self, port, cluster, instance, told=lambda arn, status: None, sign=lambda url: {}):
        self.desired, self.told = {}, told
        target = "/ws?" + urllib.parse.urlencode({"clusterArn": cluster, "containerInstanceArn": instance, "seqNum": 1})
        headers = {"Host": f"127.0.0.1:{port}", "Connection": "Upgrade", "Upgrade": "websocket",
                   "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
                   **sign(f"http://127.0.0.1:{port}{target}")}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.sendall(f"GET {target} HTTP/1.1\r\n{lines}\r\n".encode())
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self.data += self.socket.recv(65536)
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        if b" 101 " not in head:
            raise AssertionError(head)
        self.socket.settimeout(None)
        threading.Thread(target=self._listen, daemon=True).start()

    def _take(self, size):
        while len(self.data) < size:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError
            self.data += more
        out, self.data = self.data[:size], self.data[size:]
        return out

    def _listen(self):
        try:
            while True:
                _, size = self._take(2)
                if size == 126:
                    size = struct.unpack(">H", self._take(2))[0]
                elif size == 127:
                    size = struct.unpack(">Q", self._take(8))[0]
                envelope = json.loads(self._take(size))
                if envelope["type"] == "PayloadMessage":
                    for task in envelope["message"]["tasks"]:
                        self.desired[task["arn"]] = task["desiredStatus"]
                        self.told(task["arn"], task["desiredStatus"])
                    self._send("AckRequest", {"messageId": envelope["message"]["messageId"]})
                elif envelope["type"] == "HeartbeatMessage":
                    self._send("HeartbeatAckRequest", {"messageId": envelope["message"]["messageId"]})
        except (ConnectionError, OSError):
            pass

    def _send(self, kind, message):
        text = json.dumps({"type": kind, "message": message}).encode()
        head = bytes([0x81, 0x80 | len(text)]) if len(text) < 126 else bytes([0x81, 0xFE]) + struct.pack(">H", len(text))
        self.socket.sendall(head + b"\0\0\0\0" + text)

    def close(self):
        self.socket.close()
