"""Where the benchmarks of this folder write what they measured: CSV files with the machine and the commit in every line."""

import csv
import datetime
import os
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def machine():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.split(':', 1)[1].strip()}, {os.cpu_count()} processors"
    return platform.processor()


def target(given, kind):
    """The file `given`, or bench/results/KIND-DATE.csv."""
    now = datetime.datetime.now(datetime.timezone.utc)
    path = pathlib.Path(given or ROOT / f"bench/results/{kind}-{now:%Y-%m-%d-%H%M}.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write(path, fields, lines):
    """Appends the lines, dicts with some of the fields, with date, commit and machine added."""
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    common = {"date": f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}", "commit": commit, "machine": machine()}
    fresh = not path.exists()
    with path.open("a", newline="") as out:
        writer = csv.DictWriter(out, fields, restval="", extrasaction="ignore")
        if fresh:
            writer.writeheader()
        writer.writerows({**line, **common} for line in lines)
