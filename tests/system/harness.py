"""Starts real nearside processes for the system tests and talks to them over loopback HTTP."""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = pathlib.Path(os.environ.get("NEARSIDE_BINARY", ROOT / "build/dev/bin/nearside"))
SMALL = ROOT / "models/triage-small.gguf"
LARGE = ROOT / "models/triage-large.gguf"
MESSAGE = "Pump P-17 in hall 3 is leaking oil near the coupling."


class Node:
    """One `nearside serve` with its own folder. `config` is YAML text; {folder} in it is the node's folder."""

    def __init__(self, config, environment=None, arguments=()):
        # Gone with this object, at the latest when the tests end; a killed node's files may still change.
        self.temporary = tempfile.TemporaryDirectory(prefix="nearside-test-", ignore_cleanup_errors=True)
        self.folder = pathlib.Path(self.temporary.name)
        self.config = self.folder / "nearside.yaml"
        self.config.write_text(config.replace("{folder}", str(self.folder)))
        self.environment = {**os.environ, **(environment or {})}
        self.arguments = list(arguments)
        self.process = None
        self.start()

    def start(self):
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            [BINARY, "serve", "--config", self.config, "--listen", "127.0.0.1:0", "--json", *self.arguments],
            cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=self.log)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("nearside did not start: " + (self.folder / "log").read_text())
        self.address = json.loads(line)["listening"][0]
        self.host, port = self.address.rsplit(":", 1)
        self.port = int(port)
        self.wait_ready()

    def wait_ready(self, seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if self.get("/readyz")[0] == 200:
                    return
            time.sleep(0.02)
        raise RuntimeError("nearside is not ready: " + (self.folder / "log").read_text())

    def request(self, method, path, body=None, headers=None, timeout=60):
        """(status, headers, bytes) of one whole exchange."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            data = json.dumps(body) if isinstance(body, (dict, list)) else body
            connection.request(method, path, data, headers or {})
            reply = connection.getresponse()
            return reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()
        finally:
            connection.close()

    def get(self, path):
        return self.request("GET", path)

    def chat(self, text=MESSAGE, headers=None, **fields):
        """(status, headers, JSON) of a whole chat."""
        messages = text if isinstance(text, list) else [{"role": "user", "content": text}]
        body = {"model": "auto", "messages": messages, "temperature": 0, **fields}
        status, headers, content = self.request("POST", "/v1/chat/completions", body, headers)
        return status, headers, json.loads(content)

    def open_stream(self, text=MESSAGE, headers=None, **fields):
        """A connection whose streamed reply has begun, and the reply."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        body = {"model": "auto", "messages": [{"role": "user", "content": text}], "stream": True, **fields}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers or {})
        return connection, connection.getresponse()

    def may_serve(self, target):
        """Whether the target would be chosen if it were asked for by name: it is up and its worker has loaded."""
        body = {"model": target, "messages": [{"role": "user", "content": MESSAGE}]}
        return json.loads(self.request("POST", "/v1/route/explain", body)[2]).get("chosen") == target

    def ledger(self):
        """All records, oldest first, as dictionaries. They reach the table some milliseconds after their replies: it is
        read until it stays as it is."""
        path = self.folder / "ledger.sqlite"
        seen = None
        while True:
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                database.row_factory = sqlite3.Row
                records = [dict(row) for row in database.execute("SELECT * FROM requests ORDER BY decision_id")]
            if records == seen:
                return records
            seen = records
            time.sleep(0.15)

    def worker_pids(self):
        """Process ids of the node's workers."""
        pids = set()
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                pids.update(int(pid) for pid in (task / "children").read_text().split())
        return pids

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        if self.process:
            self.process.stdout.close()
            self.log.close()
        return self.process.returncode if self.process else None


class SystemTest(unittest.TestCase):
    def node(self, config, **options):
        node = Node(config, **options)
        self.addCleanup(node.stop)
        return node

    def eventually(self, condition, seconds=20):
        """Polls until `condition()` is true; the bound is for a broken program, not a timing."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            result = condition()
            if result:
                return result
            time.sleep(0.02)
        self.fail("it never became true")
