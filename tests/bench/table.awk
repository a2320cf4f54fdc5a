# results.tsv (round, contestant, row, metric, value) -> the table of figures and whether each holds.
function sorted_middle(list,    a, n, i, j, t) {
    n = split(list, a, " ")
    for (i = 2; i <= n; i++) {
        t = a[i] + 0
        for (j = i - 1; j >= 1 && a[j] + 0 > t; j--) a[j + 1] = a[j]
        a[j + 1] = t
    }
    return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
}
{
    sum[$1, $2, $3, $4] += $5
    value[$1, $2, $3, $4] = sum[$1, $2, $3, $4] / ++count[$1, $2, $3, $4]
    if ($1 > rounds) rounds = $1
    if ($4 == "failed") failed[$2, $3] += $5
}
# Added latency is what passing through costs over going direct in the same seconds.
function figure(round, who, row, metric) {
    if (metric == "added_p50_us") {
        if (!((round, who, row, "latency2_p50_us") in value)) return "none"
        return value[round, who, row, "latency2_p50_us"] - value[round, who, row, "latency_p50_us"]
    }
    return (round, who, row, metric) in value ? value[round, who, row, metric] : "none"
}
function line(label, row, metric, unit, as_ratio, limit, goal, scale,    r, g, n, gs, ns, qs, shown, verdict) {
    for (r = 1; r <= rounds; r++) {
        g = figure(r, "gateway", row, metric)
        n = figure(r, "nginx", row, metric)
        if (g != "none") gs = gs " " g / scale
        if (n != "none") ns = ns " " n / scale
        if (g != "none" && n != "none" && n > 0) qs = qs " " g / n
    }
    if (gs == "" || (as_ratio && qs == "")) return
    shown = as_ratio ? sorted_middle(qs) : sorted_middle(gs)
    verdict = shown <= limit ? "ok" : "ABOVE"
    if (failed["gateway", row] > 0) verdict = verdict " (" failed["gateway", row] " failed)"
    if (verdict != "ok") above++
    printf "%-44s %9s %9s  %8s  %8s %8s  %s\n", label, number(ns, unit), number(gs, unit),
        as_ratio ? sprintf("%.2f x", shown) : "", "<= " limit, "<= " goal, verdict
}
function number(list, unit) { return list == "" ? "-" : sprintf("%.1f %s", sorted_middle(list), unit) }
END {
    printf "%-44s %9s %9s  %8s  %8s %8s\n", "median of " rounds (rounds > 1 ? " rounds" : " round"), "nginx",
        "gateway", "ratio", "now", "goal"
    line("CPU per request, 64 connections, 1 KB", "plain", "cpu_us_per_request", "us", 1, 1.7, 1.2, 1)
    line("CPU per request, 100 KB prompt, 16 conn.", "large", "cpu_us_per_request", "us", 1, 2.0, 1.4, 1)
    line("CPU per event, 32 streams flat out", "burst", "cpu_us_per_event", "us", 1, 1.5, 1.15, 1)
    line("CPU per event, 200 streams at 50/s", "paced", "cpu_us_per_event", "us", 1, 1.3, 1.1, 1)
    line("added latency at 1,000 requests/s, p50", "rate", "added_p50_us", "us", 1, 1.5, 1.2, 1)
    line("memory per idle stream, 2,000 streams", "idle", "kib_per_stream", "KiB", 0, 32, 16, 1)
    line("resident with 9,900 streams of 2 events/s", "big", "resident_peak_kib", "MiB", 0, 400, 200, 1024)
    line("resident after start", "start", "resident_kib", "MiB", 0, 30, 15, 1024)
    if (above > 0) printf "%d of the figures above the limit\n", above
    exit above > 0
}
