"""The terminal commands that run a model in their own process."""

import json
import subprocess
import tempfile
import unittest
import pathlib

from harness import BINARY, MESSAGE, ROOT, SMALL


def nearside(*arguments, stdin=""):
    return subprocess.run([BINARY, *map(str, arguments)], cwd=ROOT, input=stdin, capture_output=True,
                          text=True, timeout=300, check=False)


@unittest.skipUnless(SMALL.exists(), "models/triage-small.gguf is not there")
class Terminal(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nearside-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_run_streams_the_answer_and_tells_its_speed(self):
        done = nearside("run", "--model", SMALL, "-p", "The pump", "-n", 5, "--temp", 0)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("tokens/s", done.stderr)
        again = nearside("run", "--model", SMALL, "-n", 5, "--temp", 0, stdin="The pump")
        self.assertEqual(again.stdout, done.stdout)

    def test_equal_seeds_give_equal_answers(self):
        runs = [nearside("run", "--model", SMALL, "-p", "The", "-n", 20, "--seed", 7).stdout for _ in range(2)]
        self.assertEqual(runs[0], runs[1])

    def test_missing_file_is_one_sentence_and_exit_1(self):
        done = nearside("run", "--model", self.folder / "none.gguf", "-p", "x")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        self.assertIn("none.gguf", done.stderr)

    def test_a_node_does_not_start_on_what_is_no_model(self):
        for content, what in ((b"hello\n", "is text"), (b"\x80\x04\x95\x0a\x00\x00\x00\x00\x00\x00\x00.", "pickle")):
            (self.folder / "wrong.gguf").write_bytes(content)
            done = nearside("serve", "--model", self.folder / "wrong.gguf", "--listen", "127.0.0.1:0")
            self.assertEqual(done.returncode, 1)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
            self.assertIn("wrong.gguf", done.stderr)
            self.assertIn(what, done.stderr)

    def test_wrong_usage_is_exit_2(self):
        self.assertEqual(nearside("run", "--nonsense").returncode, 2)
        self.assertEqual(nearside("eval").returncode, 2)

    def test_chat_answers_one_turn(self):
        done = nearside("chat", "--model", SMALL, "-p", MESSAGE, "--temp", 0, "-n", 100)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("severity", json.loads(done.stdout))

    def test_perplexity_of_a_text(self):
        text = self.folder / "text.txt"
        text.write_text((MESSAGE + " ") * 60)
        done = nearside("eval", "perplexity", "--model", SMALL, "--file", text, "--ctx", 64, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(json.loads(done.stdout)["perplexity"], 1.0)

    def test_task_counts_exact_answers_by_language(self):
        answer = nearside("chat", "--model", SMALL, "-p", MESSAGE, "--temp", 0, "-n", 100).stdout
        data = self.folder / "data.jsonl"
        records = [{"input": MESSAGE, "expected": answer, "language": "en"},
                   {"input": MESSAGE, "expected": "something else", "language": "de"}]
        data.write_text("\n".join(map(json.dumps, records)))
        done = nearside("eval", "task", "--model", SMALL, "--data", data, "--tokens", 100, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual((report["count"], report["correct"]), (2, 1))
        self.assertEqual(report["by_language"]["en"]["accuracy"], 1.0)

    def test_bench_reports_every_test(self):
        done = nearside("bench", "engine", "--model", SMALL, "--threads", 1, "--prompt", 16, "--generate", 4,
                        "--parallel", "1,2", "--repetitions", 1, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = json.loads(done.stdout)
        self.assertEqual([line["sequences"] for line in lines], [1, 1, 2])
        for line in lines:
            self.assertEqual(set(line), {"test", "tokens", "sequences", "tokens_per_second", "bytes_per_token",
                                         "read_bandwidth_bytes_per_second", "operations_per_token",
                                         "int8_peak_operations_per_second", "of_read_bandwidth", "of_int8_peak"})
            self.assertGreater(line["tokens_per_second"], 0)

    def test_random_model_of_a_real_shape_runs(self):
        model = self.folder / "random.gguf"
        made = nearside("model", "synth", "--shape", "qwen3-0.6b", "--type", "Q4_0", "--layers", 1, "--vocab", SMALL,
                        "--out", model)
        self.assertEqual(made.returncode, 0, made.stderr)
        done = nearside("run", "--model", model, "-p", "The pump", "-n", 2)
        self.assertEqual(done.returncode, 0, done.stderr)
        unknown = nearside("model", "synth", "--shape", "none", "--vocab", SMALL, "--out", model)
        self.assertEqual(unknown.returncode, 2)


if __name__ == "__main__":
    unittest.main()
