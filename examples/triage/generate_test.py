"""What the generator promises about its parts."""
import json
import os
import random
import subprocess
import sys
import unittest

import generate

HERE = os.path.dirname(os.path.abspath(__file__))


def records(*arguments):
    out = subprocess.run([sys.executable, "-B", os.path.join(HERE, "generate.py"), *arguments],
                         check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


class Generator(unittest.TestCase):
    def test_gives_the_committed_held_out_messages_again(self):
        for name in ("en", "de", "en-messy", "de-messy"):
            with open(os.path.join(HERE, "held-out", name + ".jsonl"), encoding="utf-8") as file:
                committed = [json.loads(line) for line in file]
            made = records("--part", "test", "--mix", name + "=1", "--count", "400")
            self.assertEqual(made, committed, name)

    def test_no_asset_is_on_both_sides(self):
        def assets(part):
            made = records("--part", part, "--mix", "en=1,de-messy=1", "--count", "1500")
            return {json.loads(record["expected"])["asset"] for record in made}
        self.assertFalse(assets("train") & assets("test"))

    def test_no_sentence_shape_is_on_both_sides(self):
        for words in generate.PHRASES.values():
            trained = set(words.TRAIN_SHAPES) | set(words.MESSY_SHAPES)
            held_out = set(words.HELD_OUT_SHAPES) | set(words.MESSY_HELD_OUT_SHAPES)
            self.assertFalse(trained & held_out)

    def test_every_answer_is_what_the_rule_says_and_its_asset_is_in_the_message(self):
        for record in records("--part", "train", "--mix", "en=1,en-messy=1", "--count", "500"):
            answer = json.loads(record["expected"])
            self.assertEqual(list(answer), ["category", "asset", "severity", "action"])
            level = generate.SEVERITIES.index(answer["severity"])
            self.assertEqual(answer["action"], generate.ACTIONS[answer["category"]][level])
            self.assertIn(answer["asset"], record["messages"][0]["content"])

    def test_both_languages_know_the_same_symptoms_and_classes(self):
        english, german = generate.PHRASES["en"], generate.PHRASES["de"]
        for category in generate.ACTIONS:
            self.assertEqual([s[2] for s in english.SYMPTOMS[category]],
                             [s[2] for s in german.SYMPTOMS[category]], category)

    def test_misspelling_changes_a_word_by_one_letter_and_leaves_codes_alone(self):
        rng = random.Random(1)
        self.assertEqual(generate.with_typos(rng, "CV-204 KXB0913 12:30", 1.0), "CV-204 KXB0913 12:30")
        for _ in range(100):
            self.assertLessEqual(abs(len(generate.typo(rng, "conveyor")) - 8), 1)


if __name__ == "__main__":
    unittest.main()
