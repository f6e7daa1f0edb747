// Who runs where: which M a thread is, which g a stop is on and on whose stack, and what each M, P and G did from stop to
// stop. What a run does not say is "unknown" here, never a guess.

(() => {
  const found = new WeakMap();
  const tours = new WeakMap();

  // What a value names, in short: "&runtime.m0" is m0, "allp[1]" p1. Null for what names no such thing.
  const short = (value) => (typeof value === "string" ? value.replace(/^&runtime\./, "").replace(/^allp\[(\d+)\]$/, "p$1") : "");
  const named = (letter) => (value) => (new RegExp(`^${letter}\\d+$`).test(short(value)) ? short(value) : null);
  const M = named("m");
  const P = named("p");
  const G = named("g");

  rt0.short = short;

  // What a pointer field says: a name, null for "none" (0), undefined for "not known".
  const pointed = (name, value) => (value === 0 ? null : name(value) || undefined);

  // Of the g that TLS holds: its M, and which of the M's stacks that is.
  const holder = (tls, state) => {
    const g = short(tls);
    if (g === "g0") return ["m0", "g0"];
    const own = g.match(/^(m\d+)\.(g0|gsignal)$/);
    return own ? own.slice(1) : G(tls) ? [M(state.get(`${g}.m`)), "user"] : [null, null];
  };

  // A thread is one M as long as it lives. The last M that it names counts, because a new thread at first has the TLS of the thread
  // that made it; and of two that name the same M, the one that did so first has it.
  const threads = (run) => {
    const claims = new Map();
    for (let n = 0; n < run.length; n++) {
      const { thread } = run.stop(n);
      const state = run.state(n);
      const [m] = holder(state.get("tls_g"), state);
      if (thread === null || !m) continue;
      if (!claims.has(thread)) claims.set(thread, new Map());
      if (!claims.get(thread).has(m)) claims.get(thread).set(m, n);
    }
    const owners = new Map();
    for (const [thread, of] of claims) {
      const [m, first] = [...of].pop();
      if (!owners.has(m) || owners.get(m).first > first) owners.set(m, { thread, first });
    }
    return new Map([...owners].map(([m, { thread }]) => [thread, m]));
  };

  const ordered = (names) => [...names].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));

  // All Ms, Ps and Gs of a run: those that have fields, and those that others name.
  const members = (run, ms) => {
    const all = { m: new Set([...ms.values(), "m0"]), p: new Set(), g: new Set() };
    for (const [path, life] of run.lives()) {
      const [letter] = path.match(/^[mpg](?=\d+\.)/) || [];
      if (letter) all[letter].add(path.split(".")[0]);
      if (path === "allm") for (const [, names] of life) for (const each of [names].flat()) if (M(each)) all.m.add(M(each));
      if (path === "allp_status") for (const [, ps] of life) if (Array.isArray(ps)) ps.forEach((_, i) => all.p.add(`p${i}`));
      if (/^m\d+\.p$/.test(path)) for (const [, value] of life) if (P(value)) all.p.add(P(value));
    }
    all.g.delete("g0"); // it is an M's
    return all;
  };

  // What each does at one stop: [kind, who, with whom]; kind null while there is no such thing.
  const does = {
    m: (m, state, there) => {
      if (!there.has(m)) return [null];
      const [g, p] = [pointed(G, state.get(`${m}.curg`)), pointed(P, state.get(`${m}.p`))];
      return [g ? "run" : g === undefined ? "unknown" : p ? "sched" : "idle", g, p];
    },
    p: (p, state) => {
      const status = state.get(`${p}.status`) ?? null;
      if (status === null) return [[state.get("allp_status")].flat()[Number(p.slice(1))] === undefined ? null : "unknown"];
      const m = pointed(M, state.get(`${p}.m`));
      const g = m ? pointed(G, state.get(`${m}.curg`)) : m;
      return [status === "_Pidle" ? "idle" : m === undefined || g === undefined ? "unknown" : m ? (g ? "run" : "sched") : "idle", g, m];
    },
    g: (g, state) => {
      const status = state.get(`${g}.status`);
      const kind = { _Grunning: "run", _Grunnable: "ready", _Gwaiting: "wait", _Gsyscall: "wait", _Gdead: "idle", _Gidle: "idle" };
      return status === undefined || status === null ? [null] : [kind[status] || "unknown", pointed(M, state.get(`${g}.m`)), status];
    },
  };

  // Where a stop belongs when the lanes are those of Ms, Ps or Gs. "none": it runs without one; "unknown": not known.
  const places = {
    m: ({ m }) => m || "unknown",
    p: ({ p }) => p || (p === null ? "none" : "unknown"),
    g: ({ on, g }) => (on === "user" ? g : on === "g0" || on === "gsignal" ? "g0" : on === "none" ? "none" : "unknown"),
  };

  // {stops: [{thread, m, on, g, p, curg}, ...], lanes: {m, p, g: [{name, spans: [[from, to, kind, who, with], ...]}, ...]},
  // lane: {m, p, g: [the lane's name, of each stop]}}. `on` is the stack that a stop is on: user, g0, gsignal, none (before
  // there is a g) or unknown. `sysmon` is the M that was seen in it.
  rt0.lanes = (run) => {
    if (found.has(run)) return found.get(run);
    const ms = threads(run);
    const all = members(run, ms);
    const lanes = {};
    for (const view of ["m", "p", "g"]) lanes[view] = new Map(ordered(all[view]).map((name) => [name, []]));
    const stops = [];
    const there = new Set(["m0"]);
    for (let n = 0; n < run.length; n++) {
      const state = run.state(n);
      stops.push(fact(run.stop(n), state, ms));
      if (stops[n].m) there.add(stops[n].m);
      for (const each of [state.get("allm")].flat()) if (M(each)) there.add(M(each));
      for (const m of all.m) if (typeof state.get(`${m}.id`) === "number") there.add(m);
      for (const view of ["m", "p", "g"])
        for (const [name, spans] of lanes[view]) extend(spans, n, does[view](name, state, there));
    }
    const lane = {};
    for (const view of ["m", "p", "g"]) {
      lane[view] = stops.map(places[view]);
      const rest = ["g0", "none", "unknown"].filter((name) => lane[view].includes(name) && !lanes[view].has(name));
      lanes[view] = [...lanes[view]].map(([name, spans]) => ({ name, spans })).concat(rest.map((name) => ({ name, spans: [] })));
    }
    const sysmon = stops.find((_, n) => run.stop(n).stage === "sysmon");
    found.set(run, { stops, lanes, lane, sysmon: sysmon ? sysmon.m : null });
    return found.get(run);
  };

  const fact = ({ thread }, state, ms) => {
    const m = ms.get(thread) || null;
    const tls = state.get("tls_g");
    const [of, stack] = holder(tls, state);
    const user = stack === "user" && (of === m || state.get(`${short(tls)}.m`) === 0);
    const on = tls === 0 ? "none" : m && (user || (of === m && stack)) ? stack : "unknown";
    const curg = m ? pointed(G, state.get(`${m}.curg`)) : undefined;
    return { thread, m, on, g: on === "user" ? short(tls) : null, p: m ? pointed(P, state.get(`${m}.p`)) : undefined, curg };
  };

  const extend = (spans, n, [kind, ...who]) => {
    const last = spans[spans.length - 1];
    if (last && last[1] === n && last[2] === kind && last[3] === who[0] && last[4] === who[1]) last[1] = n + 1;
    else if (kind) spans.push([n, n + 1, kind, ...who]);
  };

  // The next stop (or the one before: step -1) of which something holds; -1 if there is none.
  rt0.next = (length, n, step, holds) => {
    for (let i = n + step; i >= 0 && i < length; i += step) if (holds(i)) return i;
    return -1;
  };

  // Whose stop it is, for "the same G": the goroutine on whose stack it is, or for which the M's g0 works.
  rt0.goroutineOf = ({ g, curg }) => g || curg || null;

  // The stops of the tour: the first of each stage that the tour shows.
  rt0.tour = (run, stages) => {
    if (!tours.has(run)) tours.set(run, toured(run, stages));
    return tours.get(run);
  };

  const toured = (run, stages) => {
    const seen = new Set();
    return run.data.stops.flatMap(({ stage }, n) => {
      const first = Object.hasOwn(stages, stage) && stages[stage].tour && !seen.has(stage);
      seen.add(stage);
      return first ? [n] : [];
    });
  };
})();
