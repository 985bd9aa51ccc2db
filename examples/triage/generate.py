#!/usr/bin/env python3
"""Incident messages from a plant or warehouse, with the triage that a rule gives them.

Writes one JSON record a line, as `nearside train` and `nearside eval task` read them:
  {"messages":[{"role":"user","content":TEXT}],"expected":JSON,"language":"en"}
where JSON is {"category":..,"asset":..,"severity":..,"action":..}, compact and in this order.

The rule: the symptom decides the category, the consequence decides the severity, category and
severity decide the action (ACTIONS), and the asset is the one the symptom is said of.

Held-out messages (--part test) use sentence shapes and assets that --part train never draws: shapes
are separate lists, and an asset belongs to one side by a checksum of its prefix. --part validation
draws assets and shapes as train does, with other random numbers.
"""
import argparse
import json
import random
import sys
import zlib

import phrases_de
import phrases_en

ACTIONS = {
    "mechanical": ("monitor", "schedule_maintenance", "dispatch_technician", "stop_machine"),
    "electrical": ("monitor", "schedule_maintenance", "dispatch_technician", "stop_machine"),
    "hydraulic": ("monitor", "schedule_maintenance", "dispatch_technician", "stop_machine"),
    "network": ("monitor", "escalate_it", "escalate_it", "escalate_it"),
    "safety": ("schedule_maintenance", "dispatch_technician", "stop_machine", "evacuate"),
    "quality": ("monitor", "hold_batch", "hold_batch", "stop_machine"),
    "logistics": ("monitor", "monitor", "reroute", "reroute"),
    "environment": ("monitor", "schedule_maintenance", "dispatch_technician", "evacuate"),
}
SEVERITIES = ("low", "medium", "high", "critical")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PHRASES = {"en": phrases_en, "de": phrases_de}


def is_held_out_prefix(prefix):
    return zlib.crc32(prefix.encode()) % 5 == 0


def draw_asset(rng, usual_prefixes, held_out):
    """An asset code such as CV-204, H2-PMP-17 or KXB0913, of the side asked for."""
    while True:
        if rng.random() < 0.15:
            prefix = rng.choice(usual_prefixes)
        else:
            prefix = "".join(rng.choice(LETTERS) for _ in range(rng.choice((1, 2, 2, 3, 3, 4))))
        if is_held_out_prefix(prefix) == held_out:
            break
    digits = rng.choice((1, 2, 2, 3, 3, 3, 4))
    number = "".join(rng.choice("0123456789") for _ in range(digits))
    code = prefix + rng.choice(("-", "-", "-", "")) + number
    if rng.random() < 0.08:
        code += rng.choice("ABCDEF")
    if rng.random() < 0.08:
        code = rng.choice("HLWEN") + rng.choice("123456789") + "-" + code
    return code


def capitalised(text):
    return text[:1].upper() + text[1:]


def invented_word(rng):
    return "".join(
        rng.choice(("b", "br", "c", "d", "f", "g", "gr", "h", "k", "l", "m", "n", "p", "pl", "r", "s",
                    "st", "sh", "t", "tr", "v", "w", "", ""))
        + rng.choice("aeiouaeiouy")
        + rng.choice(("", "", "n", "r", "l", "s", "t", "ng", "m", "ck", "nd", "ll", "gh"))
        for _ in range(rng.choice((1, 1, 2, 2, 3))))


def typo(rng, word):
    at = rng.randrange(1, len(word) - 1)
    how = rng.randrange(3)
    if how == 0:
        return word[:at] + word[at + 1:]
    if how == 1:
        return word[:at] + word[at] + word[at:]
    return word[:at] + word[at + 1] + word[at] + word[at + 2:]


def with_typos(rng, text, rate):
    """Misspells words of small letters, never codes or numbers."""
    return " ".join(
        typo(rng, word) if len(word) > 4 and word.isalpha() and word[1:].islower()
        and rng.random() < rate else word
        for word in text.split(" "))


class Generator:
    def __init__(self, rng, language, messy, held_out, plain=False, varied=False):
        self.rng = rng
        self.words = PHRASES[language]
        self.language = language
        self.messy = messy
        self.held_out = held_out
        self.plain = plain
        self.varied = varied
        self.kinds = list(self.words.KINDS.items())
        self.symptoms = {
            (category, letter): [s for s in entries if letter in s[2]]
            for category, entries in self.words.SYMPTOMS.items() for letter in "dfvibp"}

    def record(self):
        rng = self.rng
        category = rng.choice(list(ACTIONS))
        while True:
            kind, (letter, prefixes) = rng.choice(self.kinds)
            if self.symptoms[category, letter]:
                break
        predicate, noun, _ = rng.choice(self.symptoms[category, letter])
        level = rng.randrange(4)
        impact = rng.choice(self.words.IMPACTS[SEVERITIES[level]])
        asset = draw_asset(rng, prefixes, self.held_out)
        text = self.report(kind, asset, predicate, noun, impact)
        if self.messy:
            text = self.surrounded(text, asset)
        expected = {"category": category, "asset": asset, "severity": SEVERITIES[level],
                    "action": ACTIONS[category][level]}
        return {"messages": [{"role": "user", "content": text}],
                "expected": json.dumps(expected, separators=(",", ":")),
                "language": self.language}

    def report(self, kind, asset, predicate, noun, impact):
        words = self.words
        if self.messy:
            shapes = words.MESSY_HELD_OUT_SHAPES if self.held_out else words.MESSY_SHAPES
            if self.varied and not self.held_out:
                shapes = words.MESSY_SHAPES + words.MORE_MESSY_SHAPES
            if not self.held_out and self.rng.random() < 0.4:
                shapes = words.TRAIN_SHAPES
        else:
            shapes = words.HELD_OUT_SHAPES if self.held_out else words.TRAIN_SHAPES
        shape = self.rng.choice(shapes)
        if not self.held_out and not self.plain:
            shape = self.decorated(shape)
        return self.filled(shape, kind, asset, predicate, noun, impact)

    def decorated(self, shape):
        """A training shape with words around it that do not matter; held-out shapes have their own."""
        rng, words = self.rng, self.words
        if rng.random() < 0.2:
            shape = shape.replace("{A}", "{A} " + rng.choice(words.PLACES), 1)
        elif rng.random() < 0.1:
            shape = capitalised(rng.choice(words.PLACES)) + ": " + shape
        if "{vp}" in shape and self.language == "en" and rng.random() < 0.2:
            shape = shape.replace("{vp}", "{vp} " + rng.choice(words.TIMES), 1)
        elif rng.random() < 0.1:
            shape = capitalised(rng.choice(words.TIMES)) + ": " + shape
        if rng.random() < 0.25:
            shape = rng.choice(words.OPENERS) + " " + shape
        elif shape.startswith(("{A}", "{K}")) and rng.random() < 0.2:
            shape = capitalised(rng.choice(words.REPORTERS)) + " " + shape
        if rng.random() < 0.15 and shape[-1] in ".!":
            shape += " " + rng.choice(words.CLOSERS)
        return shape

    def filled(self, shape, kind, asset, predicate="", noun="", impact=""):
        bare = kind.split(" ", 1)[1] if self.language == "de" else kind
        text = shape.format(A=asset, B=asset, K=bare, DK=kind, CDK=capitalised(kind), vp=predicate, np=noun, imp=impact,
                            Np=capitalised(noun), Imp=capitalised(impact), n=self.number(), x="\0", X="\1",
                            t=self.time(), d=self.rng.randrange(2, 30))
        # Each invented word is drawn anew, so format() cannot fill them in.
        while "\0" in text:
            text = text.replace("\0", invented_word(self.rng), 1)
        while "\1" in text:
            text = text.replace("\1", capitalised(invented_word(self.rng)), 1)
        # A message starts with a capital, unless the writer was in a hurry.
        return text if self.messy else capitalised(text)

    def number(self):
        return self.rng.randrange(10, 10 ** self.rng.randrange(2, 6))

    def time(self):
        return f"{self.rng.randrange(0, 24)}:{self.rng.randrange(0, 60):02d}"

    def surrounded(self, report, asset):
        rng, words = self.rng, self.words
        before, after = [], []
        for _ in range(rng.choice((0, 1, 1, 2))):
            rng.choice((before, after)).append(self.filled(rng.choice(words.CHATTER), "x x", "x"))
        for _ in range(rng.choice((0, 0, 1, 1, 2))):
            kind, (_, prefixes) = rng.choice(self.kinds)
            other = draw_asset(rng, prefixes, self.held_out)
            while other == asset:
                other = draw_asset(rng, prefixes, self.held_out)
            sentence = self.filled(rng.choice(words.DISTRACTORS), kind, other)
            rng.choice((before, after)).append(sentence)
        rng.shuffle(before)
        rng.shuffle(after)
        if rng.random() < 0.5:
            before.insert(0, rng.choice(words.GREETINGS))
        if rng.random() < 0.4:
            after.append(self.filled(rng.choice(words.SIGNATURES), "x x", "x"))
        if rng.random() < 0.5 and report[-1] not in ".!":
            report += "."
        text = with_typos(rng, " ".join(before + [report] + after), rng.choice((0, 0.02, 0.06)))
        if rng.random() < 0.1:
            text = text.replace(", ", " ")
        return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=("train", "validation", "test"), required=True)
    parser.add_argument("--mix", default="en=1",
                        help="shares of en, de, en-messy, de-messy, as in en=2,en-messy=1")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--plain", action="store_true",
                        help="train without words that do not matter: easier, to learn from first")
    parser.add_argument("--varied", action="store_true", help="train with more messy sentence shapes")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    rng = random.Random(f"{args.part}/{args.mix}/{args.seed}")
    names, shares = zip(*(entry.split("=") for entry in args.mix.split(",")))
    generators = {
        name: Generator(rng, name[:2], name.endswith("-messy"), args.part == "test", args.plain,
                        args.varied)
        for name in names}
    seen = set()
    while len(seen) < args.count:
        name = rng.choices(names, [float(share) for share in shares])[0]
        record = generators[name].record()
        if record["messages"][0]["content"] in seen:
            continue
        seen.add(record["messages"][0]["content"])
        json.dump(record, sys.stdout, ensure_ascii=False, separators=(",", ":"))
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
