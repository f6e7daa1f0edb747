// Questions for those who predict before they look: which fields will change, what a value will be, which stage is next,
// where SP will be. Asked only where one thread runs, so that what comes next follows from what is shown, and only of what
// one can know: never an address, a time or a counter. The same seed asks the same.

(() => {
  const OPTIONS = 4;
  const G = [0, "&runtime.g0", "g1", "g2", "&runtime.m0"];
  const M = [0, "&runtime.m0", "m1", "&runtime.g0"];
  const P = [0, "allp[0]", "allp[1]"];
  const CODE = ["runtime.main", "main.main", "runtime.goexit+1", "runtime.mstart", "runtime.rt0_go"];
  // What a field can be, by its name: all are values that somebody may believe.
  const FAMILIES = [
    [/^(g\d+|allgs\[\d+\])\.status$/, ["_Gidle", "_Gdead", "_Grunnable", "_Grunning", "_Gwaiting"], "ask_value"],
    [/^tls_g$/, G, "ask_tls_g"],
    [/^m\d+\.curg$/, G, "ask_curg"],
    [/^p\d+\.runnext$/, G, "ask_runnext"],
    [/^m\d+\.g0$/, G, "ask_value"],
    [/^(g\d+|p\d+)\.m$/, M, "ask_value"],
    [/^m\d+\.p$/, P, "ask_value"],
    [/^(g\d+|allgs\[\d+\])\.(startpc|sched\.pc)$/, CODE, "ask_value"],
    [/^globals\.runtime\.allglen$/, [0, 1, 2, 3], "ask_value"],
    [/^g\d+\.goid$/, [0, 1, 2, 17], "ask_value"],
  ];
  const DULL = /procid|random|Time|fastrand|hash|goidcache|traceback_cache|debug\.|maxstacksize|tlsguard|stackguard1/; // teach nothing

  // Numbers from 0 to 1, the same for the same seed.
  const dice = (seed) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const shuffled = (list, roll) => list.map((each) => [roll(), each]).sort(([a], [b]) => a - b).map(([, each]) => each);

  // The stops worth a question: a stage of the tour, the first time, while there is one thread.
  const targets = (run, stages) => {
    const seen = new Set();
    const found = [];
    for (let n = 0; n < run.length && run.stop(n).thread === run.stop(0).thread; n++) {
      const { stage, kind } = run.stop(n);
      const named = `${stage}/${kind}`;
      const tour = stages[stage] && stages[stage].tour;
      if (n > 0 && !seen.has(named) && (tour || run.changes(n).some(([path]) => path === "tls_g"))) found.push(n);
      seen.add(named);
    }
    return found;
  };

  // A question with its options in an order of the dice's; `right` are numbers of options.
  const question = (n, key, places, right, wrong, roll) => {
    const options = shuffled([...right.map((text) => ({ ...text, right: true })), ...wrong], roll);
    return {
      n: n - 1, stop: n, key, places, several: key === "ask_fields",
      options: options.map(({ right: _, ...option }) => option),
      right: options.flatMap((option, i) => (option.right ? [i] : [])),
    };
  };

  const telling = (run, n) => rt0.told(run, n).first.filter(([path]) => !DULL.test(path));

  // What a field that will change is called at the stop before: a goroutine that gets its number has none there, and its
  // new name would tell what it gets. Null if nobody can say.
  const named = (run, n, path, before) => {
    if (before === null || run.value(n - 1, path) !== null) return path;
    const field = path.slice(path.indexOf("."));
    const earlier = [...run.lives().keys()].filter((each) => /^allgs\[\d+\]\./.test(each) && each.slice(each.indexOf(".")) === field && run.value(n - 1, each) !== null && run.value(n, each) === null);
    return /^g\d+\./.test(path) && earlier.length === 1 ? earlier[0] : null;
  };

  const fields = (run, near, n, roll) => {
    const changed = new Set(run.changes(n).map(([path]) => path));
    const same = (path) => !path.startsWith("allgs[") && !changed.has(path) && run.value(n - 1, path) !== null && rt0.shown(run.value(n - 1, path)) === rt0.shown(run.value(n, path));
    const others = new Set(near.flatMap((k) => telling(run, k).map(([path]) => path)).filter(same));
    const here = telling(run, n).filter(([path]) => run.value(n - 1, path) !== null); // what is only there later can but change
    const right = here.slice(0, 3).map(([path, before]) => ({ field: path, now: before }));
    const wrong = shuffled([...others].slice(0, 6), roll).slice(0, Math.max(2, 5 - right.length)).map((path) => ({ field: path, now: run.value(n - 1, path) }));
    return right.length && wrong.length > 1 ? question(n, "ask_fields", {}, right, wrong, roll) : null;
  };

  const value = (run, n, roll) => {
    const askable = telling(run, n).flatMap(([path, before, after]) => {
      const family = FAMILIES.find(([name]) => name.test(path));
      const fits = family && (family[1].includes(after) || (path === "tls_g" && typeof after === "string"));
      const name = fits ? named(run, n, path, before) : null;
      return name ? [{ path: name, field: path, before, after, values: family[1], key: family[2] }] : [];
    });
    if (!askable.length) return null;
    const { path, field, before, after, values, key } = askable[Math.floor(roll() * askable.length)];
    const wrong = new Map([before === null ? [] : [before], shuffled(values, roll)].flat().map((each) => [rt0.shown(each), each]));
    wrong.delete(rt0.shown(after));
    const option = (each) => ({ value: each });
    return question(n, key, { path, field, before }, [option(after)], [...wrong.values()].slice(0, OPTIONS - 1).map(option), roll);
  };

  const next = (run, later, n, roll) => {
    const option = (k) => ({ stage: run.stop(k).stage, kind: run.stop(k).kind });
    const named = (k) => `${run.stop(k).stage}/${run.stop(k).kind}`;
    const main = run.named("main.main/entry");
    const others = new Map([...(main > n && roll() < 0.4 ? [main] : []), ...shuffled(later.slice(0, 6), roll)].map((k) => [named(k), k]));
    const wrong = [...others.values()].slice(0, OPTIONS - 1);
    return wrong.length > 1 ? question(n, "ask_stage", {}, [option(n)], wrong.map(option), roll) : null;
  };

  // Where SP goes from one stop to the next: "deeper", "up", "same", "other" (another stack); null where that is not known.
  rt0.spGoes = (run, n) => {
    const [off, offNow] = [run.value(n - 1, "sp_off"), run.value(n, "sp_off")];
    if (Number.isInteger(off) && Number.isInteger(offNow)) return offNow < off ? "deeper" : offNow > off ? "up" : "same";
    const [stack, stackNow] = [run.value(n - 1, "sp"), run.value(n, "sp")].map((sp) => (/^(\w+)\.stack\.hi/.exec(sp) || [])[1]);
    return stack && stackNow && stack !== stackNow ? "other" : null;
  };
  const SP = ["deeper", "up", "same", "other"];
  // Asked where it follows from how one got there: a call pushes, a return pops, a jump does neither.
  const sp = (run, n, roll) => {
    const goes = rt0.spGoes(run, n);
    const plain = { entry: "deeper same other", return: "up other", insn: "other" }[run.stop(n).kind] || "";
    const option = (each) => ({ sp: each });
    return goes && plain.includes(goes) ? question(n, "ask_sp", {}, [option(goes)], SP.filter((each) => each !== goes).map(option), roll) : null;
  };

  // All questions of a run, in the order of its stops: at most one for each stop that is worth one.
  rt0.questions = (run, stages, seed) => {
    const roll = dice(seed);
    const all = targets(run, stages);
    return all.flatMap((n, i) => {
      const near = [...all.slice(i + 1, i + 6), ...all.slice(Math.max(0, i - 5), i)];
      const about = [value(run, n, roll), fields(run, near, n, roll)].filter(Boolean);
      const other = [next(run, all.slice(i + 1), n, roll), sp(run, n, roll)].filter(Boolean);
      const from = about.length && (roll() < 0.8 || !other.length) ? about : roll() < 0.5 ? other : [];
      return from.length ? [from[Math.floor(roll() * from.length)]] : [];
    });
  };

  // How good an answer is, numbers of options: "right", "half" (more right than wrong) or "wrong".
  rt0.verdict = ({ right }, chosen) => {
    const hits = chosen.filter((i) => right.includes(i)).length;
    const misses = chosen.length - hits;
    if (hits === right.length && !misses) return "right";
    return hits > misses ? "half" : "wrong";
  };

  // The score after one more answer.
  rt0.scored = (score, verdict) => ({
    asked: score.asked + 1,
    right: score.right + (verdict === "right" ? 1 : 0),
    half: score.half + (verdict === "half" ? 1 : 0),
  });
})();
