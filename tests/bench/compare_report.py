"""The tables of compare.py: samples to ratios, medians and lines."""
import math
import statistics

QUIET = 0.1  # of a core


def paired(ours, theirs):
    """(ratios of the rounds that count, how many were quiet)."""
    pairs = [(a["cpu_us"] / b["cpu_us"], max(a["foreign"], b["foreign"])) for a, b in zip(ours, theirs)]
    quiet = [ratio for ratio, foreign in pairs if foreign <= QUIET]
    return sorted(quiet if 2 * len(quiet) >= len(pairs) else [ratio for ratio, _ in pairs]), len(quiet)


def middle(samples, key):
    return statistics.median(s[key] for s in samples)


def print_table(title, head, rows):
    table = [head, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    print(f"\n{title}")
    for row in table:
        cells = (cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths)))
        print("  " + "  ".join(cells))


def figure(value, digits):
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def print_requests(results, scenarios, peers):
    """`results`: {scenario: {peer: [sample of round 0, ...]}}, peers in the table's order."""
    reference = peers[0]
    for scenario in scenarios:
        samples = results[scenario.name]
        rows = []
        for peer in (p for p in peers if p.name in samples):
            mine = samples[peer.name]
            ratio, goal, quiet = "", None, sum(s["foreign"] <= QUIET for s in mine)
            if peer is not reference and reference.name in samples:
                ratios, quiet = paired(samples[reference.name], mine)
                ratio = f"{statistics.median(ratios):.2f} [{ratios[0]:.2f}-{ratios[-1]:.2f}]"
                goal = scenario.goals.get(peer.kind) if reference.kind == "fairlead" else None
            rows.append([peer.name, f"{middle(mine, 'cpu_us'):.1f}", ratio, f"{goal:.2f}" if goal else "",
                         f"{middle(mine, 'per_second'):.0f}", figure(middle(mine, "p99_ms"), 2), f"{quiet}/{len(mine)}",
                         next((s["errors"] for s in mine if s["errors"]), "-")])
        print_table(scenario.name, ["", "CPU us/request", f"{reference.name} / this", "goal", "requests/s", "p99 ms",
                                    "quiet", "errors"], rows)


def print_self(results, goals, peers):
    """Ratios of each peer to itself; `goals` are (numerator, denominator, the most we want of fairlead)."""
    rows = []
    for above, below, goal in goals:
        for peer in peers:
            if peer.name in results.get(above, {}) and peer.name in results.get(below, {}):
                ratios, _ = paired(results[above][peer.name], results[below][peer.name])
                rows.append([f"{peer.name}: {above} / {below}", f"{statistics.median(ratios):.2f}",
                             f"{goal:.2f}" if peer.kind == "fairlead" else ""])
    if rows:
        print_table("Each to itself", ["", "ratio", "goal"], rows)


def print_memory(memory):
    """`memory`: {row: {"goal": bytes or None, "peers": {peer: {"start_mib", "bytes"}}}}"""
    for row, measured in memory.items():
        goal = f" (goal: {measured['goal']} B)" if measured["goal"] else ""
        print_table(row + goal, ["", "at start, MiB", "a connection, B"],
                    [[n, f"{m['start_mib']:.1f}", f"{m['bytes']:.0f}"] for n, m in measured["peers"].items()])


def print_change(change):
    print_table("10,000 Host routers (goals: load 300 ms, live 50 ms, no error, p99 as before)",
                ["", "load ms", "changed one live ms", "MiB", "p99 ms before", "p99 ms meanwhile", "errors"],
                [[n, f"{c['load_s'] * 1e3:.0f}", f"{c['live_s'] * 1e3:.0f}", f"{c['memory_mib']:.0f}",
                  f"{c['p99_quiet_ms']:.2f}", f"{c['p99_change_ms']:.2f}", c["errors"] or "-"]
                 for n, c in change.items()])
