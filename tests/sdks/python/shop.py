"""What every shop here needs, in Python: steps that are counted, and a receiver of callbacks."""

import json
import os
import queue
import secrets
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

KEYS = os.environ["KEYS"]
SANDBOX = os.environ["SANDBOX"]

# Longer than anything here takes on a busy machine.
PATIENCE = 30


def step(name, deed):
    """Runs one step and says how it went."""
    try:
        deed()
        print(f"ok {name}", flush=True)
    except Exception as error:  # whatever an SDK throws
        print(f"not ok {name}: {type(error).__name__}: {error}", flush=True)


def number():
    return secrets.token_hex(12).upper()


def control(method, path, body):
    """A control of the sandbox, which is on this machine: past any proxy."""
    request = urllib.request.Request(
        SANDBOX + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=PATIENCE) as reply:
        return json.load(reply)


def pay(out_trade_no, kind):
    """The shopper pays; the callback is signed by this kind of key."""
    control("PUT", "/_sandbox/faults", {"public_key_share": 1 if kind == "public-key" else 0})
    return control("POST", "/_sandbox/pay", {"out_trade_no": out_trade_no})


class Receiver:
    def __init__(self):
        self.arrived = queue.Queue()
        arrived = self.arrived

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                arrived.put((self.headers, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}/notify"

    def next(self):
        return self.arrived.get(timeout=PATIENCE)
