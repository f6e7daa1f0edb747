// What one can ask of fields: which changes of a stop are told first, which field somebody means, and how its life went.

(() => {
  // The changes of a stop, those worth an eye apart from the others.
  rt0.told = (run, n) => {
    const changes = run.changes(n);
    return { first: changes.slice(0, run.stop(n).telling), others: changes.slice(run.stop(n).telling) };
  };

  // How well a path fits what somebody typed: 0 is best, null not at all. `m0.curg`, `curg`, `g1` and parts of them do.
  const fit = (path, text) => {
    const name = path.toLowerCase();
    if (name === text) return 0;
    if (name.endsWith(`.${text}`)) return 1;
    if (name.startsWith(`${text}.`) || name.startsWith(`${text}[`)) return 2;
    return name.includes(text) ? 3 : null;
  };

  // The fields that somebody may mean, the best first: {found: [{path, values, stop}], left}. Where the name does not
  // fit but a value does, `stop` is the first stop at which the field has it, and `value` that value.
  rt0.suggested = (run, typed, most) => {
    const text = typed.trim().toLowerCase();
    const found = [];
    for (const [path, life] of text ? run.lives() : []) {
      const rank = fit(path, text);
      if (rank !== null) {
        found.push({ path, rank, values: life.length });
        continue;
      }
      const at = life.find(([, value]) => String(value).toLowerCase() === text || rt0.shown(value).toLowerCase() === text);
      if (at) found.push({ path, rank: 4, values: life.length, stop: at[0], value: at[1] });
    }
    found.sort((a, b) => a.rank - b.rank || b.values - a.values || (a.path < b.path ? -1 : 1));
    return { found: found.slice(0, most), left: Math.max(0, found.length - most) };
  };

  // A field's values in order, [{stop, value, writer}], at most so many, and how many are left out.
  rt0.lived = (run, path, most) => {
    const life = run.life(path);
    return {
      values: life.slice(0, most).map(([stop, value]) => ({ stop, value, writer: run.writer(stop, path) })),
      left: Math.max(0, life.length - most),
    };
  };

  // Where in the run a field changed, as a strip; `at` is where one stands.
  rt0.strip = (run, path, at, label) => {
    const x = (n) => (run.length > 1 ? (n / (run.length - 1)) * 996 : 0).toFixed(1);
    return rt0.h("svg", { class: "strip", viewBox: "0 0 1000 20", preserveAspectRatio: "none", role: "img", "aria-label": label },
      rt0.h("rect", { class: "strip-run", x: 0, y: 8, width: 1000, height: 4 }),
      rt0.lived(run, path, 400).values.map(({ stop }) => rt0.h("rect", { class: "strip-change", x: x(stop), y: 2, width: 4, height: 16 })),
      rt0.h("rect", { class: "strip-here", x: x(at), y: 0, width: 4, height: 20 }));
  };
})();
