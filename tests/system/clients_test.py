"""The official clients against a node whose one target is a small OpenAI-dialect server of this test."""

import http.server
import json
import re
import subprocess
import threading

from harness import ROOT, Node, SystemTest

CLIENTS = ROOT / "tests/clients"
CONFIG = """
node: {name: gateway, place: device}
targets:
  - {name: onprem/stub, place: onprem, upstream: {provider: openai, url: "http://127.0.0.1:%d/v1", model: stub}}
ledger: {file: "{folder}/ledger.sqlite"}
"""


class Stub(http.server.BaseHTTPRequestHandler):
    """Says "Hello there.", calls a tool when it is given one, and repeats a tool's result."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path.endswith("/embeddings"):
            data = [{"index": i, "embedding": [i + 1, 0.5]} for i, _ in enumerate(body["input"])]
            return self.reply("application/json", json.dumps({"data": data, "usage": {"prompt_tokens": 2}}))
        if self.path.endswith("/completions") and "messages" not in body:
            return self.stream([{"text": "Hello "}, {"text": "there.", "finish_reason": "stop"}])
        last = body["messages"][-1]
        if last["role"] == "tool":
            deltas = [{"content": "It says: "}, {"content": last["content"]}]
        elif body.get("tools"):
            call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": ""}}
            deltas = [{"tool_calls": [call]}] + [
                {"tool_calls": [{"index": 0, "function": {"arguments": part}}]} for part in ('{"city":', '"Bonn"}')]
        else:
            deltas = [{"reasoning_content": "Hm."}] if "Think" in json.dumps(last) else []
            deltas += [{"content": "Hello "}, {"content": "there."}]
        reason = "tool_calls" if "tool_calls" in deltas[0] else "stop"
        self.stream([{"delta": delta} for delta in deltas] + [{"delta": {}, "finish_reason": reason}])

    def stream(self, choices):
        chunks = [{"choices": [{"index": 0, **choice}]} for choice in choices]
        chunks.append({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}})
        self.reply("text/event-stream", "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n")

    def reply(self, kind, text):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class Clients(SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stub)
        cls.thread = threading.Thread(target=cls.server.serve_forever)
        cls.thread.start()
        cls.gateway = Node(CONFIG.replace("%d", str(cls.server.server_port)))

    @classmethod
    def tearDownClass(cls):
        cls.gateway.stop()
        cls.server.shutdown()
        cls.thread.join()
        cls.server.server_close()

    def drive(self, script, path=""):
        self.assertTrue((CLIENTS / "node_modules").is_dir(), "run tools/install-clients first")
        result = subprocess.run(["node", script, f"http://{self.gateway.address}{path}", "auto"],
                                cwd=CLIENTS, capture_output=True, text=True, timeout=120)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_anthropic(self):
        self.drive("anthropic.mjs")

    def test_ollama(self):
        self.drive("ollama.mjs")

    def test_vercel_ai_sdk(self):
        self.drive("aisdk.mjs", "/v1")

    def test_openai_responses_and_embeddings(self):
        self.drive("responses.mjs", "/v1")

    def test_the_dashboard_names_only_metrics_and_labels_that_there_are(self):
        self.gateway.chat("hello")
        exported = self.gateway.get("/metrics")[2].decode()
        for panel in json.loads((ROOT / "deploy/grafana/nearside.json").read_text())["panels"]:
            for query in panel["targets"]:
                for name in re.findall(r"nearside_[a-z_]+", query["expr"]):
                    family = re.sub(r"_bucket$", "", name)
                    self.assertIn(f"# TYPE {family} ", exported, panel["title"])
