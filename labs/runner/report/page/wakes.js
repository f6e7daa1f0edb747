// Who woke whom: the stops at which goroutines were seen to have been made ready, and those at which they then ran.
//
// A status that is another one at a stop changed between this stop and the one before, on any of the threads. Who did it
// is said only with evidence: one thread alone was inside a function that does such things, or there was one M.

(() => {
  const found = new WeakMap();
  const MAKERS = {
    new: ["runtime.newproc1"],
    woken: ["runtime.goready", "runtime.goready.func1", "runtime.ready", "runtime.injectglist"], // each ends in `ready`
  };
  const HIDDEN = /systemstack|^runtime\.(mcall|goexit|newproc(\.func1)?|goready(\.func1)?|ready)$/;

  const functions = (run, n) => run.backtrace(n).map((line) => String(line).split(" ")[0]);

  // The stops of each thread, in order.
  const byThread = (run) => {
    const of = new Map();
    run.data.stops.forEach(({ thread }, n) => {
      if (thread === null) return;
      if (!of.has(thread)) of.set(thread, []);
      of.get(thread).push(n);
    });
    return of;
  };

  // The call of one of these that a thread was in from before stop n until n or later: {maker, callers, call: the stop at
  // which it began}; null if none is seen. A g0's stack does not show what its goroutine called, so a call is one as long as
  // any of them is seen.
  const inside = (run, stops, n, makers) => {
    const i = stops.findLastIndex((each) => each < n);
    const among = (k) => functions(run, stops[k]).findLast((name) => makers.includes(name));
    const ends = ({ stage, kind }) => kind === "return" && makers.includes(`runtime.${stage}`);
    if (i < 0 || i + 1 >= stops.length || !among(i) || !(among(i + 1) || ends(run.stop(stops[i + 1])))) return null;
    let first = i;
    while (first > 0 && among(first - 1) && !makers.includes(`runtime.${run.stop(stops[first]).stage}`)) first--;
    const frames = functions(run, stops[first]);
    return { maker: among(first), callers: callers(run, stops, first, frames.slice(frames.lastIndexOf(among(first)) + 1)), call: stops[first] };
  };

  // Who called, past what only passes on. A g0's stack does not say; the stop of newproc before it does.
  const callers = (run, stops, i, frames) => {
    const shown = (list) => list.filter((name) => !HIDDEN.test(name)).slice(0, 2);
    const j = stops.findLastIndex((n, k) => k <= i && run.stop(n).stage === "newproc");
    if (!shown(frames).length && j >= 0 && run.stop(stops[j]).kind === "entry") return shown(functions(run, stops[j]));
    return shown(frames);
  };

  const maker = (run, threads, n, what) => {
    const candidates = [...threads].map(([thread, stops]) => [thread, inside(run, stops, n, MAKERS[what])]).filter(([, call]) => call);
    const { stops } = rt0.lanes(run);
    const by = (thread, why, call) => {
      const last = threads.get(thread).findLast((each) => each < n);
      return { thread, m: stops[last].m, g: rt0.goroutineOf(stops[last]), why, maker: null, callers: [], ...call, last };
    };
    if (candidates.length === 1) return by(candidates[0][0], "inside", candidates[0][1]);
    const ms = [run.value(n - 1, "allm"), run.value(n, "allm")];
    const { thread } = run.stop(n);
    const alone = ms.every((each) => Array.isArray(each) && each.length === 1) && thread !== null && run.stop(n - 1).thread === thread;
    return alone && !candidates.length ? by(thread, "alone", null) : null;
  };

  // [{g, what: "new" or "woken", at, reason, starts, ran, ranOn, by}, ...] in their order. `at` is the stop at which it was
  // seen, `ran` the first one from there on at which it was running (null: none); `reason` what it had waited for;
  // `by` is {thread, m, g, why: "inside" or "alone", maker, callers, call: the stop at
  // which that was called, last: its stop before}, or null.
  rt0.wakes = (run) => {
    if (found.has(run)) return found.get(run);
    const threads = byThread(run);
    const wakes = [];
    for (const [path, life] of run.lives()) {
      if (!/^g\d+\.status$/.test(path)) continue;
      const g = path.split(".")[0];
      let before = null;
      for (const [k, [at, status]] of life.entries()) {
        if (status === null) continue;
        const [fresh, slept] = [[null, "_Gdead", "_Gidle"].includes(before), before === "_Gwaiting"];
        before = status;
        if (at === 0 || !(fresh || slept) || !["_Grunnable", "_Grunning"].includes(status)) continue;
        const ran = life.slice(k).find(([, later]) => later === "_Grunning");
        const what = fresh ? "new" : "woken";
        wakes.push({
          g, what, at,
          reason: slept ? run.value(at - 1, `${g}.waitreason`) || null : null,
          starts: fresh ? run.value(at, `${g}.startpc`) || null : null,
          ran: ran ? ran[0] : null,
          ranOn: ran ? rt0.short(run.value(ran[0], `${g}.m`)) || null : null,
          by: maker(run, threads, at, what),
        });
      }
    }
    wakes.sort((a, b) => a.at - b.at);
    const calls = wakes.map(({ by }) => by && by.call);
    for (const wake of wakes) if (wake.by && wake.by.call !== undefined && calls.filter((call) => call === wake.by.call).length > 1) wake.by = null; // a call wakes one
    found.set(run, wakes);
    return wakes;
  };
})();
