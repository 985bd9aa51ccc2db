"""Killed workers, clients, upstreams and gateways: each is told apart, none loses its ledger record.

The model is made up (random weights), because it never ends an answer by itself: there is always a stream to break.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from harness import BINARY, SMALL, Node, SystemTest

FOLDER = tempfile.TemporaryDirectory(prefix="nearside-faults-")
ENDLESS = pathlib.Path(FOLDER.name) / "endless.gguf"


def setUpModule():
    subprocess.run([BINARY, "model", "synth", "--shape", "qwen2.5-0.5b", "--layers", "2", "--type", "Q8_0",
                    "--vocab", SMALL, "--out", ENDLESS], check=True, capture_output=True, timeout=120)


def tearDownModule():
    FOLDER.cleanup()


def local(place="device", key=""):
    return f"""
node: {{name: {place}, place: {place}, region: eu-de}}
models:
  - {{name: endless, file: {ENDLESS}, context_tokens: 4096, threads: 1}}
targets:
  - {{name: {place}/endless, place: {place}, region: eu-de, model: endless}}
ledger: {{file: "{{folder}}/ledger.sqlite"}}
"""


def forward(address):
    return f"""
node: {{name: front, place: device, region: eu-de}}
targets:
  - {{name: onprem/endless, place: onprem, region: eu-de,
     upstream: {{provider: openai, url: "http://{address}/v1", model: auto}}}}
ledger: {{file: "{{folder}}/ledger.sqlite"}}
"""


def first_content(reply):
    """Reads the stream up to its first piece of text."""
    while line := reply.readline():
        if line.startswith(b"data: {"):
            delta = json.loads(line[6:])["choices"][0]["delta"]
            if delta.get("content"):
                return
    raise AssertionError("the stream ended before any text")


def rest(reply):
    """What follows, up to the end or the cut."""
    content = b""
    try:
        while piece := reply.read1(65536):
            content += piece
    except OSError:
        pass
    except Exception as error:  # http.client.IncompleteRead: the cut itself
        content += getattr(error, "partial", b"")
    return content


class Faults(SystemTest):
    def outcome_of(self, node, decision):
        def find():
            found = [r for r in node.ledger() if r["decision_id"] == decision and r["outcome"] != "open"]
            return found[0] if found else None
        return self.eventually(find)

    def test_a_client_that_leaves_is_recorded_and_its_work_ends(self):
        node = self.node(local())
        connection, reply = node.open_stream(max_tokens=3000)
        decision = reply.getheader("x-nearside-decision")
        first_content(reply)
        reply.close()
        connection.close()
        record = self.outcome_of(node, decision)
        self.assertEqual(record["outcome"], "client_gone")
        self.assertGreater(record["output_tokens"], 0)
        self.assertLess(record["output_tokens"], 3000)
        # The sequence is free again: a short request is answered.
        self.assertEqual(node.chat(max_tokens=2)[0], 200)

    def test_a_killed_worker_cuts_its_streams_and_comes_back(self):
        node = self.node(local())
        connection, reply = node.open_stream(max_tokens=3000)
        decision = reply.getheader("x-nearside-decision")
        first_content(reply)
        workers = node.worker_pids()
        self.assertEqual(len(workers), 1)
        os.kill(workers.pop(), signal.SIGKILL)
        tail = rest(reply)
        connection.close()
        self.assertIn(b'"error"', tail)
        self.assertNotIn(b"[DONE]", tail)
        record = self.outcome_of(node, decision)
        self.assertEqual(record["outcome"], "cut")
        self.eventually(lambda: node.chat(max_tokens=2)[0] == 200)

    def test_a_killed_upstream_cuts_the_stream(self):
        upstream = self.node(local("onprem"))
        node = self.node(forward(upstream.address))
        connection, reply = node.open_stream(max_tokens=3000)
        decision = reply.getheader("x-nearside-decision")
        first_content(reply)
        upstream.stop(signal.SIGKILL)
        tail = rest(reply)
        connection.close()
        self.assertIn(b'"error"', tail)
        self.assertNotIn(b"[DONE]", tail)
        self.assertEqual(self.outcome_of(node, decision)["outcome"], "cut")
        # Nothing else is permitted and up: an explained refusal, recorded too.
        status, headers, body = node.chat()
        self.assertIn(status, (502, 503), body)
        self.assertIn("error", body)
        self.assertEqual(len(node.ledger()), 2)

    def test_a_killed_upstream_is_written_on_by_the_local_model(self):
        upstream = self.node(local("onprem"))
        node = self.node(forward(upstream.address).replace("targets:", f"""models:
  - {{name: small, file: {SMALL}, threads: 1}}
policy: {{resume: asked, quality_min: 0.9}}
targets:
  - {{name: device/small, model: small, quality: {{prior: 0.5}}}}""").replace("model: auto}", "model: auto}, quality: {prior: 0.99}"))
        self.eventually(lambda: node.may_serve("device/small"))
        connection, reply = node.open_stream(max_tokens=200, headers={"x-nearside-resume": "on"})
        decision = reply.getheader("x-nearside-decision")
        self.assertEqual(reply.getheader("x-nearside-target"), "onprem/endless")
        first_content(reply)
        upstream.stop(signal.SIGKILL)
        tail = rest(reply)
        connection.close()
        self.assertNotIn(b'"error"', tail)
        self.assertIn(b"[DONE]", tail)
        self.assertEqual(tail.count(b'"resumed":{"target":"device/small"'), 1)
        record = self.outcome_of(node, decision)
        self.assertEqual(record["outcome"], "ok")
        attempts = json.loads(record["attempts"])
        self.assertEqual([(a["target"], a["outcome"]) for a in attempts],
                         [("onprem/endless", "cut"), ("device/small", "ok")])
        self.assertGreater(attempts[1]["resumed_at_bytes"], 0)

    def test_a_killed_gateway_leaves_a_record_marked_interrupted(self):
        node = self.node(local())
        connection, reply = node.open_stream(max_tokens=3000)
        decision = reply.getheader("x-nearside-decision")
        first_content(reply)
        workers = node.worker_pids()
        self.eventually(lambda: [r for r in node.ledger() if r["decision_id"] == decision])
        node.stop(signal.SIGKILL)
        connection.close()
        self.eventually(lambda: not any(pathlib.Path(f"/proc/{pid}/stat").exists() for pid in workers))
        node.start()
        record = [r for r in node.ledger() if r["decision_id"] == decision]
        self.assertEqual([r["outcome"] for r in record], ["interrupted"])

    def test_a_killed_upstream_before_any_text_fails_over(self):
        dead = socket.create_server(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % dead.getsockname()[1]
        dead.close()
        node = self.node(local() .replace("ledger:", f"""  - {{name: onprem/dead, place: onprem, region: eu-de,
     upstream: {{provider: openai, url: "http://{address}/v1", model: auto}},
     quality: {{prior: 0.99}}}}
routes: [{{name: best, targets: [onprem/dead, device/endless], quality_min: 0.9}}]
ledger:"""))
        self.eventually(lambda: node.may_serve("device/endless"))
        status, headers, body = node.chat(max_tokens=4)
        self.assertEqual(status, 200, body)
        self.assertEqual(headers["x-nearside-target"], "device/endless")
        attempts = json.loads(node.ledger()[-1]["attempts"])
        self.assertEqual([a["target"] for a in attempts], ["onprem/dead", "device/endless"])

    def test_every_record_survives_a_storm_of_kills(self):
        node = self.node(local())
        decisions = []
        for index in range(12):
            connection, reply = node.open_stream(max_tokens=400)
            if reply.status != 200:  # the worker is still coming back
                connection.close()
                time.sleep(0.2)
                continue
            decisions.append(reply.getheader("x-nearside-decision"))
            if index % 3 == 0:
                first_content(reply)
                for pid in node.worker_pids():
                    os.kill(pid, signal.SIGKILL)
            reply.close()
            connection.close()
        self.assertTrue(decisions)
        self.eventually(lambda: all(r["outcome"] != "open" for r in node.ledger()))
        recorded = {r["decision_id"] for r in node.ledger()}
        self.assertEqual([d for d in decisions if d not in recorded], [])


if __name__ == "__main__":
    unittest.main()
