// A run for Perfetto, in its JSON trace-event format: a track for each M and each G, what it did as slices, the stops as
// instants, and an arrow from who made a goroutine ready to where it ran. Run by node alone; the page has its own lanes.

(() => {
  const TRACKS = ["m", "g"]; // processes 1 and 2

  // What a slice is called; null for none.
  const SLICES = {
    m: ([, , kind, g]) => ({ run: g, sched: "g0", unknown: "?" })[kind] || null,
    g: ([, , kind, m, status], reason) => ({ run: m || "?", ready: status, wait: reason || status, unknown: "?" })[kind] || null,
  };

  // `names` are those of the two groups of tracks, which say what the clock is.
  rt0.perfetto = (run, names) => {
    const { lanes, lane } = rt0.lanes(run);
    const events = [];
    const tracks = new Map();
    const slices = [];
    TRACKS.forEach((view, i) => {
      const pid = i + 1;
      events.push({ ph: "M", pid, tid: 0, ts: 0, name: "process_name", args: { name: names[view] } });
      lanes[view].forEach(({ name, spans }, k) => {
        const track = { pid, tid: k + 1 };
        tracks.set(`${view} ${name}`, track);
        events.push({ ph: "M", ...track, ts: 0, name: "thread_name", args: { name } });
        events.push({ ph: "M", ...track, ts: 0, name: "thread_sort_index", args: { sort_index: k } });
        for (const span of spans) {
          const [from, to, kind, other, status] = span;
          const called = SLICES[view](span, view === "g" ? run.value(from, `${name}.waitreason`) : null);
          const slice = { ph: "X", ...track, ts: from, dur: to - from, name: String(called), cat: kind, args: { from: run.moment(from), other: other || "", status: status || "" } };
          if (called !== null) slices.push(slice);
        }
      });
    });
    events.push(...slices);
    for (let n = 0; n < run.length; n++) {
      const { stage, kind, file, line } = run.stop(n);
      const changed = Object.fromEntries(run.changes(n).map(([path, before, after]) => [path, `${rt0.shown(before)} -> ${rt0.shown(after)}`]));
      events.push({ ph: "i", s: "t", ...tracks.get(`m ${lane.m[n]}`), ts: n, name: `${stage} ${kind}`, cat: "stage", args: { at: `${file}:${line}`, changed } });
    }
    const within = ({ pid, tid }, ts) => slices.some((each) => each.pid === pid && each.tid === tid && each.ts <= ts && ts < each.ts + each.dur);
    rt0.wakes(run).forEach(({ g, what, at, ran, by }, id) => {
      const to = tracks.get(`g ${g}`);
      const from = by && tracks.get(`m ${by.m}`);
      const arrow = { id: id + 1, name: what, cat: "wake" };
      const start = [[from, by && by.last], [to, at]].find(([track, ts]) => track && within(track, ts));
      if (!start || ran === null || start[1] >= ran) return;
      events.push({ ph: "s", ...arrow, ...start[0], ts: start[1] }, { ph: "f", bp: "e", ...arrow, ...to, ts: ran });
    });
    return { traceEvents: events, displayTimeUnit: "ns", otherData: { program: run.data.program, runtime: run.data.runtime } };
  };
})();
