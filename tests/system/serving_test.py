"""A node with one local model, as a client sees it: whole and streamed replies, limits, errors, the published schemas."""

import hashlib
import http.client
import json
import pathlib
import socket
import subprocess
import unittest

import jsonschema
import yaml

from harness import MESSAGE, ROOT, SMALL, SystemTest

CONFIG = f"""
node: {{name: device, place: device, region: eu-de}}
models:
  - {{name: triage-small, file: {SMALL}, context_tokens: 512, threads: 1}}
targets:
  - {{name: device/triage-small, place: device, region: eu-de, model: triage-small}}
ledger: {{file: "{{folder}}/ledger.sqlite"}}
"""
OPENAPI = ROOT / "../shared/data/openai-openapi/openapi.yaml.xz"


def honour_nullable(schema):
    """The published description marks fields `nullable`, which JSON Schema validators do not know."""
    if isinstance(schema, list):
        return [honour_nullable(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    rest = {key: honour_nullable(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [rest, {"type": "null"}]} if schema.get("nullable") is True else rest


class Serving(SystemTest):
    @classmethod
    def setUpClass(cls):
        from harness import Node
        cls.device = Node(CONFIG)

    @classmethod
    def tearDownClass(cls):
        cls.device.stop()

    def test_answers_with_the_reasons_in_the_headers(self):
        status, headers, reply = self.device.chat()
        self.assertEqual(status, 200)
        self.assertEqual(headers["x-nearside-target"], "device/triage-small")
        self.assertEqual(headers["x-nearside-place"], "device")
        self.assertIn("x-nearside-label", headers)
        answer = json.loads(reply["choices"][0]["message"]["content"])
        self.assertEqual(list(answer), ["category", "asset", "severity", "action"])
        record = [r for r in self.device.ledger() if r["decision_id"] == headers["x-nearside-decision"]]
        self.assertEqual(len(record), 1)
        self.assertEqual(record[0]["outcome"], "ok")
        self.assertEqual(record[0]["output_tokens"], reply["usage"]["completion_tokens"])

    def test_errors_have_openai_shape_and_a_code(self):
        cases = [
            ("POST", "/v1/chat/completions", b"{", 400, "invalid_request_error"),
            ("POST", "/v1/chat/completions", b"\xff\xfe", 400, "invalid_request_error"),
            ("POST", "/v1/chat/completions", b"[" * 100_000, 400, "invalid_request_error"),
            ("POST", "/v1/chat/completions", b'{"model":"auto"}', 400, "invalid_request_error"),
            ("POST", "/v1/chat/completions", b'{"model":"x/y","messages":[{"role":"user","content":"a"}]}', 404, None),
            ("POST", "/v1/chat/completions", b" " * (5 << 20), 413, None),
            ("GET", "/v1/chat/completions", None, 405, None),
            ("GET", "/v1/nothing", None, 404, None),
        ]
        for method, path, body, expected, kind in cases:
            with self.subTest(body=body and body[:30], path=path):
                status, _, content = self.device.request(method, path, body)
                self.assertEqual(status, expected, content)
                error = json.loads(content)["error"]
                self.assertTrue(error["message"])
                if kind:
                    self.assertEqual(error["type"], kind)
        self.assertEqual(self.device.chat()[0], 200)

    def test_metrics_count_requests(self):
        self.device.chat()
        text = self.device.get("/metrics")[2].decode()
        self.assertRegex(text, r'nearside_requests_total\{[^}]*target="device/triage-small"')
        self.assertNotIn(MESSAGE, text)

    def test_explain_serves_nothing(self):
        before = len(self.device.ledger())
        status, _, content = self.device.request(
            "POST", "/v1/route/explain", {"model": "auto", "messages": [{"role": "user", "content": MESSAGE}]})
        self.assertEqual(status, 200, content)
        self.assertIn("device/triage-small", content.decode())
        self.assertEqual(len(self.device.ledger()), before)

    def test_the_official_openai_client(self):
        clients = ROOT / "tests/clients"
        self.assertTrue((clients / "node_modules/openai").is_dir(), "run tools/install-clients first")
        result = subprocess.run(
            ["node", "openai.mjs", f"http://{self.device.address}/v1", "auto"],
            cwd=clients, capture_output=True, text=True, timeout=120)
        self.assertEqual(result.returncode, 0, result.stderr)
        bodies = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertGreater(len(bodies), 10)
        if not OPENAPI.exists():
            self.skipTest("../shared/data is absent: replies are not checked against the published schemas")
        schemas = yaml.load(subprocess.run(["xz", "-dc", OPENAPI], capture_output=True, check=True).stdout,
                            Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        schemas = honour_nullable(schemas)
        validators = {}
        for entry in bodies:
            name = entry["schema"]
            if name not in validators:
                validators[name] = jsonschema.Draft202012Validator(
                    {"$ref": f"#/components/schemas/{name}", "components": schemas["components"]})
            problems = [e.message for e in validators[name].iter_errors(entry["body"])]
            self.assertEqual(problems, [], f"{name}: {json.dumps(entry['body'])[:500]}")


class Keys(SystemTest):
    def test_only_a_known_key_is_served(self):
        digest = hashlib.sha256(b"s3cret").hexdigest()
        device = self.node(CONFIG + f"auth: {{keys: [{{name: line-3, hash: {digest}, tenant: plant}}]}}\n"
                                    "tenants: [{name: plant}]\n")
        self.assertEqual(device.chat()[0], 401)
        self.assertEqual(device.chat(headers={"Authorization": "Bearer wrong"})[0], 401)
        self.assertEqual(device.chat(headers={"Authorization": "Bearer s3cret"})[0], 200)
        self.assertNotIn("s3cret", (device.folder / "log").read_text())
        self.assertEqual(device.ledger()[-1]["key_name"], "line-3")

    def test_a_busy_port_is_named(self):
        holder = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(holder.close)
        from harness import BINARY
        port = holder.getsockname()[1]
        result = subprocess.run([BINARY, "serve", "--listen", f"127.0.0.1:{port}"],
                                cwd=ROOT, capture_output=True, text=True, timeout=30)
        self.assertEqual(result.returncode, 1)
        self.assertIn(str(port), result.stderr)


if __name__ == "__main__":
    unittest.main()
