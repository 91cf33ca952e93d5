"""Results: samples condensed to one line per library, test, size, io and cores; the file and the printed tables."""

import csv
import os
import pathlib
import platform
import re
import statistics
import sys

COLUMNS = (
    "peer", "test", "size", "io", "cores", "images_per_cpu_second_best", "images_per_cpu_second_median",
    "images_per_second_median", "clean_samples", "samples", "mean_difference", "off_by_more_than_1", "versions", "note",
    "cores_of_others_median",
)


def device():
    """The processor's name and how many cores there are, as a folder's name."""
    name = platform.processor() or platform.machine()
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
        name = re.search(r"^model name\s*:\s*(.*)$", text, re.MULTILINE).group(1)
    except (OSError, AttributeError):
        pass
    return slug(f"{name} {os.cpu_count()} cores")


def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def is_clean(sample, cores):
    """Whether the clock says something: the library had its cores, or nobody else wanted them."""
    return sample["cores"] >= 0.97 * cores or sample["others"] < 0.15


def row(peer, cell, samples, versions, compared):
    """`cell` is test, size, io and cores."""
    test, size, io, cores = cell
    per_cpu = [sample["images"] / sample["cpu"] for sample in samples]
    clean = [sample["rate"] for sample in samples if is_clean(sample, cores)]
    mean, off = ("", "") if compared is None else (f"{compared['mean']:.4f}", f"{compared['off']:.5f}")
    return dict(zip(COLUMNS, (
        peer, test, size, io, cores, f"{max(per_cpu):.1f}", f"{statistics.median(per_cpu):.1f}",
        f"{statistics.median(clean):.1f}" if clean else "", len(clean), len(samples), mean, off, versions, "",
        f"{statistics.median(sample['others'] for sample in samples):.2f}",
    )))


def note(peer, text):
    """A line that says why there are none."""
    return dict.fromkeys(COLUMNS, "") | {"peer": peer, "note": text.replace(",", ";")}


class Notes:
    """What could not be measured, and why: one line each."""

    def __init__(self):
        self.rows = []

    def add(self, name, text):
        row = note(name, text)
        if row not in self.rows:
            self.rows.append(row)
            print(f"{name} {text}", file=sys.stderr)


def write(path, rows):
    """Fields have no commas, so that lines can be split at them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n", quoting=csv.QUOTE_NONE)
        writer.writeheader()
        writer.writerows(rows)


def number(text):
    return f"{float(text):,.0f}" if text else "-"


def tables(rows):
    """Images per CPU-second, median and best, and by the clock; a table for each size, io and number of cores."""
    measured = [row for row in rows if row["test"]]
    peers = list(dict.fromkeys(row["peer"] for row in measured))
    for size, io, cores in sorted({(row["size"], row["io"], row["cores"]) for row in measured}, key=str):
        part = [row for row in measured if (row["size"], row["io"], row["cores"]) == (size, io, cores)]
        yield f"\n{size} x {size}, io={io}, cores={cores}: images per CPU-second, median (best) [by the clock]"
        yield "| test | " + " | ".join(peers) + " |"
        yield "|--" * (len(peers) + 1) + "|"
        for test in dict.fromkeys(row["test"] for row in part):
            cells = {row["peer"]: row for row in part if row["test"] == test}
            text = lambda c: (
                f"{number(c['images_per_cpu_second_median'])} ({number(c['images_per_cpu_second_best'])}) "
                f"[{number(c['images_per_second_median'])}]"
            )
            yield f"| {test} | " + " | ".join(text(cells[p]) if p in cells else "-" for p in peers) + " |"
    compared = [row for row in measured if row["mean_difference"]]
    if compared:
        peers = list(dict.fromkeys(row["peer"] for row in compared))
        yield "\nmean absolute difference from tv1_pil / share of values off by more than 1"
        yield "| operation | " + " | ".join(peers) + " |"
        yield "|--" * (len(peers) + 1) + "|"
        for size, test in dict.fromkeys((row["size"], row["test"]) for row in compared):
            cells = {row["peer"]: row for row in compared if (row["size"], row["test"]) == (size, test)}
            text = lambda c: f"{float(c['mean_difference']):.2f} / {float(c['off_by_more_than_1']):.1%}"
            yield f"| {test} {size} | " + " | ".join(text(cells[p]) if p in cells else "-" for p in peers) + " |"
    for row in rows:
        if row["note"]:
            yield f"{row['peer']}: {row['note']}"
