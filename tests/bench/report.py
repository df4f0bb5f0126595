"""What a benchmark found, as Markdown: the machine, the medians, the ratios."""
import json
import os
import pathlib
import platform
import subprocess

STAGES = ("ssh cat", "tokenizer", "upsert")
MEMORY_MB = 64
SAME_MEMORY = 1.1


def table(head, rows):
    """A table whose columns line up in the source, too."""
    rows = [head, *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
             for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def first_line(command):
    """What a program says its version is."""
    try:
        said = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return None
    return ((said.stdout or said.stderr).splitlines() or [""])[0]


def machine(folder):
    """The surroundings that figures depend on, before the first run."""
    model = next((line.split(":", 1)[1].strip()
                  for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    disk = first_line(["stat", "-f", "-c", "%T", folder])
    lines = [f"{os.cpu_count()} x {model}, Linux {platform.release()}, databases on {disk}, "
             f"load {os.getloadavg()[0]:.1f} before the first run",
             first_line(["ssh", "-V"]), first_line(["sqlite3", "--version"])]
    return "\n".join(f"* {line}" for line in lines if line)


class Figures:
    """The records by name, with one figure for each: "seconds" (the median) or "best"."""

    def __init__(self, bench, figure):
        self.bench = bench
        self.figure = figure

    def seconds(self, contestant, workload):
        """The figure, or None."""
        record = self.bench.records.get((contestant, workload))
        return getattr(record, self.figure) if record else None

    def quotient(self, above, below):
        """above / below, each (contestant, workload); None if one of them was not measured."""
        numerator, denominator = self.seconds(*above), self.seconds(*below)
        return numerator / denominator if numerator and denominator else None

    def to_slowest_stage(self, workload):
        """Towline's time by that of the slowest of the three stages, if all were measured."""
        took = [self.seconds(stage, workload) for stage in STAGES]
        towline = self.seconds("towline", workload)
        return towline / max(took) if towline and all(took) else None

    def rows_written(self, workload):
        """How many rows the last run of Towline wrote, by its own summary."""
        record = self.bench.records.get(("towline", workload))
        if not record or not record.runs:
            return None
        stream = json.loads(record.runs[-1].stdout)["streams"][0]
        return stream["inserted"] + stream["updated"] + stream["deleted"]

    def peaks(self):
        """Of all of Towline's runs."""
        return [record.peak_mb for key, record in self.bench.records.items()
                if key[0] == "towline" and record.runs]

    def sizes(self):
        """(rows, seconds, MB) of the streamed runs, the smallest first."""
        return sorted((key[1], getattr(record, self.figure), record.peak_mb)
                      for key, record in self.bench.records.items()
                      if isinstance(key[1], int) and record.runs)


def rows_of(bench, workload):
    """How many rows a workload has."""
    if isinstance(workload, int):
        return workload
    rows = bench.options.rows
    return {"w3": rows // 10, "w4": rows + rows // 100}.get(workload, rows)


def label(workload):
    """A workload as people call it."""
    names = {"again": "W1 again, unchanged", "w4": "W4 after W1"}
    if isinstance(workload, int):
        return f"{workload / 1e6:g} M rows of W1"
    return names.get(workload, workload.upper())


def medians(bench):
    """A row for every contestant and workload."""
    rows = []
    for (contestant, workload), record in bench.records.items():
        if not record.runs:
            rows.append([contestant, label(workload), "failed", "", "", "", f"no: {record.failure}"])
            continue
        rate = rows_of(bench, workload) / record.seconds / 1e6
        # A stage holds its whole input in memory, so as to be measured alone.
        peak = "" if contestant in STAGES else f"{record.peak_mb:.0f}"
        rows.append([contestant, label(workload), f"{record.seconds:.2f}",
                     f"{record.best:.2f}", f"{rate:.2f}", peak, record.exact])
    rows += [[name, "", "absent", "", "", "", why] for name, why in bench.absent.items()]
    return table(["who", "workload", "median s", "fastest", "M rows/s", "peak MB", "exact"], rows)


def scale_ratios(figures):
    """Time per row and peak memory of all sizes, the worst against the best."""
    sizes = figures.sizes()
    if len(sizes) < 2:
        return
    per_row = [seconds / rows for rows, seconds, _ in sizes]
    peaks = [peak for *_, peak in sizes]
    span = f"{sizes[0][0] / 1e6:g} to {sizes[-1][0] / 1e6:g} M rows"
    yield f"{span}: time per row, highest to lowest", max(per_row) / min(per_row), "<=", 1.3
    yield f"{span}: peak memory, highest to lowest", max(peaks) / min(peaks), "<=", SAME_MEMORY


def demands(figures):
    """(what, figure or None, "<=" or ">=", threshold) of each ratio that is asked for."""
    quotient = figures.quotient
    for peer, workload, least in (("paramiko", "w1", 10), ("sqlite-utils", "w1", 20),
                                  ("duckdb", "w1", 1.5), ("duckdb", "w2", 8), ("duckdb", "w3", 2)):
        yield (f"{peer} to Towline, {label(workload)}",
               quotient((peer, workload), ("towline", workload)), ">=", least)
    for workload in ("w1", "w3"):
        yield (f"Towline to the slowest stage alone, {label(workload)}",
               figures.to_slowest_stage(workload), "<=", 1.3)
    yield "W1S (random keys) to W1", quotient(("towline", "w1s"), ("towline", "w1")), "<=", 3
    yield ("unchanged second run to first", quotient(("towline", "again"), ("towline", "w1")),
           "<=", 0.8)
    yield "rows written by the unchanged run", figures.rows_written("again"), "<=", 0
    yield from scale_ratios(figures)
    yield "Towline's highest peak, MB", max(figures.peaks(), default=None), "<=", MEMORY_MB


def ratios(bench):
    """Each demand, and whether it is met; beside it the same figure of the fastest runs."""
    rows = []
    both = zip(demands(Figures(bench, "seconds")), demands(Figures(bench, "best")))
    for (what, found, relation, threshold), (_, best, *_) in both:
        wanted = f"{relation} {threshold:g}"
        if found is None:
            rows.append([what, "", "", wanted, "not measured"])
            continue
        met = found >= threshold if relation == ">=" else found <= threshold
        rows.append([what, f"{found:.2f}", f"{best:.2f}", wanted, "yes" if met else "**no**"])
    return table(["ratio", "of medians", "of fastest", "wanted", "met"], rows)


def text(bench, surroundings):
    """The whole report."""
    options = bench.options
    return (f"{surroundings}\n* {options.rounds} interleaved rounds, W1 of {options.rows:,} rows, "
            f"seed {options.seed}\n\n{medians(bench)}\n\n{ratios(bench)}")
