// The structures of the scheduler at a stop, as data (rt0.objectsAt) and as a picture (rt0.pictures.objects): a column
// each of Gs, Ms and Ps, and the queues; in each box the fields that tell most, joined by their pointers. A box has its
// place for the whole run, so that from stop to stop one sees what changes and nothing else moves.

(() => {
  const h = rt0.h;
  const FIELDS = {
    g: ["status", "m", "sched.pc", "waitreason", "startpc"],
    g0: ["m", "stack.lo", "stack.hi", "stackguard0", "sched.sp"],
    m: ["g0", "curg", "p", "tls.0", "spinning", "lockedg"],
    p: ["status", "m", "runnext", "runq", "schedtick"],
    sched: ["runq", "midle", "pidle"],
    all: ["allgs", "allm", "allp", "goidgen"],
  };
  const MOST = { g: 6, m: 4, p: 4 };
  const QUIET = new Set([0, false, "", null, undefined]);

  // What a pointer points at, by the name of its box: "&runtime.m0" -> "m0", "allp[1]" -> "p1".
  const target = (value) =>
    typeof value !== "string" ? null
    : value === "&runtime.g0" ? "g0"
    : value === "&runtime.m0" ? "m0"
    : /^allp\[\d+\]$/.test(value) ? `p${value.slice(5, -1)}`
    : /^(g\d+|m\d+|allgs\[\d+\])$/.test(value) ? value
    : null;

  const empty = (value) => QUIET.has(value) || (Array.isArray(value) && value.every((each) => QUIET.has(each)));
  const STATUSES = ["_Pidle", "_Prunning", "_Psyscall", "_Pgcstop", "_Pdead"];
  const tls = (state, m) => state.get(`${m}.tls.0`) ?? (Array.isArray(state.get(`${m}.tls`)) ? state.get(`${m}.tls`)[0] : undefined);

  // One field of a box at a stop; undefined where the trace does not say.
  const value = (state, name, kind, field) => {
    if (field === "allgs") return state.get("globals.runtime.allglen");
    if (field === "allm") return (state.get("allm") || []).length;
    if (field === "allp") return (state.get("allp_status") || []).length;
    if (kind === "all") return state.get(`sched.${field}`);
    if (field === "midle") return state.get("sched.midle") ?? state.get("sched.midle.obj"); // a list of its own since Go 1.26
    if (kind === "sched") return state.get(`sched.${field}`);
    if (field === "tls.0") return tls(state, name);
    const found = state.get(`${name}.${field}`);
    return kind === "p" && field === "status" && typeof found === "number" ? STATUSES[found] : found;
  };

  // The names of all Gs (but g0), Ms and Ps at a stop: Gs in the order of their appearance, which is that of the paths.
  const cast = (state) => {
    const found = { g: new Set(), m: new Set(["m0"]), p: new Set() };
    for (const [path, now] of state) {
      const [name, field] = now === null ? [] : path.split(/\.(.*)/s);
      if (field === "status" && (/^g\d+$/.test(name) || (/^allgs\[\d+\]$/.test(name) && !QUIET.has(state.get(`${name}.stack_size`))))) found.g.add(name);
      else if (field === "id" && /^p\d+$/.test(name)) found.p.add(name);
      else if (field === "g0" && /^m[1-9]\d*$/.test(name)) found.m.add(name);
    }
    const numbered = (names) => [...names].sort((a, b) => a.slice(1) - b.slice(1));
    return { g: [...found.g], m: numbered(found.m), p: numbered(found.p) };
  };

  const made = (state, name, kind) =>
    kind === "sched" || kind === "all" ? true
    : kind === "g0" ? !empty(state.get("g0.stack.hi"))
    : kind === "m" ? FIELDS.m.some((field) => !empty(value(state, name, "m", field)))
    : kind === "p" ? state.has(`${name}.id`) : state.get(`${name}.status`) !== null && state.has(`${name}.status`);

  // A box at a stop: {name, kind, made, fresh, fields: [{field, value, changed, to}]}.
  const box = (name, kind, now, was) => ({
    name,
    kind,
    made: made(now, name, kind),
    fresh: was !== null && made(now, name, kind) && !made(was, name, kind),
    fields: FIELDS[kind].map((field) => {
      const is = value(now, name, kind, field);
      const changed = was !== null && JSON.stringify(is ?? null) !== JSON.stringify(value(was, name, kind, field) ?? null);
      return { field, value: is, changed, to: [is].flat().map(target).filter(Boolean) };
    }),
  });

  // At most so many of a kind, with those that matter now among them.
  const some = (names, most, wanted) => {
    if (names.length <= most) return names;
    const kept = names.slice(0, most);
    const extra = wanted.filter((name) => names.includes(name) && !kept.includes(name)).slice(0, most - 1);
    return [...kept.slice(0, most - extra.length), ...extra];
  };

  // All boxes at a stop: {boxes, m, g (the current ones), left (how many of each kind are not shown), total}.
  rt0.objectsAt = (run, n) => {
    if (last.run !== run || last.n !== n) last = { run, n, found: look(run, n) };
    return last.found;
  };
  let last = {}; // a picture and the same in words ask one after the other

  const look = (run, n) => {
    const { m, on: stack } = rt0.lanes(run).stops[n]; // a new thread's TLS is still that of the one that made it
    const was = n > 0 ? new Map(run.state(n - 1)) : null;
    const now = run.state(n);
    const on = cast(now);
    const g = stack === "unknown" ? null : target(now.get("tls_g"));
    const changed = (kind) => on[kind].filter((name) => box(name, kind, now, was).fields.some((each) => each.changed));
    const shown = {
      g: some(on.g, MOST.g, [g, ...changed("g")]),
      m: some(on.m, MOST.m, [m, ...changed("m")]),
      p: some(on.p, MOST.p, [target(now.get(`${m}.p`)), ...changed("p")]),
    };
    const total = { g: Math.max(on.g.length, Number(now.get("globals.runtime.allglen")) || 0), m: on.m.length, p: on.p.length };
    return {
      m,
      g,
      total,
      left: Object.fromEntries(["g", "m", "p"].map((kind) => [kind, total[kind] - shown[kind].length])),
      boxes: [
        box("g0", "g0", now, was),
        ...shown.g.map((name) => box(name, "g", now, was)),
        ...shown.m.map((name) => box(name, "m", now, was)),
        ...shown.p.map((name) => box(name, "p", now, was)),
        box("sched", "sched", now, was),
        box("all", "all", now, was),
      ],
    };
  };

  // What matters at the moment: who runs, what changed, what these point at and what that does, and queues that are not empty.
  rt0.mattering = ({ boxes, m, g }) => {
    const by = new Map(boxes.map((each) => [each.name, each]));
    if (!by.has(m)) return boxes; // nobody knows what belongs to the one who runs
    const kept = new Set([m, g, ...boxes.filter((each) => each.fresh || each.fields.some((field) => field.changed)).map((each) => each.name)]);
    for (let steps = 0; steps < 2; steps++)
      for (const name of [...kept]) for (const field of (by.get(name) || { fields: [] }).fields) field.to.forEach((to) => kept.add(to));
    for (const each of by.get("sched").fields) if (!empty(each.value)) kept.add("sched");
    return boxes.filter((each) => kept.has(each.name));
  };

  // ---- the picture ---------------------------------------------------------------------------------------------------

  const COLUMN = { g: 0, g0: 0, m: 1, p: 2, sched: 3, all: 3 };
  const LINE = 16;
  const HEAD = 24;
  const TOP = 62;
  const tall = (each) => HEAD + each.fields.length * LINE + 8;

  // Where each box stands: {name: {x, y, width, height}}, and how high all are.
  const places = (boxes, width) => {
    const wide = Math.min(210, Math.max(140, Math.floor((width - 32 - 3 * 56) / 4)));
    const gap = (width - 32 - 4 * wide) / 3;
    const down = [TOP, TOP, TOP, TOP];
    const at = new Map();
    for (const each of boxes) {
      const column = COLUMN[each.kind];
      at.set(each.name, { column, x: 16 + column * (wide + gap), y: down[column], width: wide, height: tall(each) });
      down[column] += tall(each) + 14;
    }
    return { at, wide, gap, height: Math.max(...down) };
  };

  // The pointers between boxes that are shown: [{from, field, to, back (the field that points back, or undefined), changed}].
  const pointers = (boxes) => {
    const found = [];
    const by = new Map(boxes.map((each) => [each.name, each]));
    for (const each of boxes)
      for (const field of each.fields)
        for (const to of new Set(field.to)) {
          if (!by.has(to) || to === each.name) continue;
          const twin = found.find((one) => one.from === to && one.to === each.name && !one.back);
          if (twin) [twin.back, twin.changed] = [field.field, twin.changed || field.changed];
          else found.push({ from: each.name, field: field.field, to, changed: field.changed });
        }
    return found;
  };

  // An arrow in right angles: along the gap between neighbours, or over the heads of the columns between.
  const route = (edge, boxes, { at, wide, gap }, lanes) => {
    const [a, b] = [at.get(edge.from), at.get(edge.to)];
    const row = (name, field) => {
      const index = field ? boxes.find((each) => each.name === name).fields.findIndex((each) => each.field === field) : -1;
      return at.get(name).y + (index < 0 ? HEAD / 2 : HEAD + index * LINE + LINE / 2);
    };
    const [y1, y2] = [row(edge.from, edge.field), row(edge.to, edge.back)];
    const lane = (column) => {
      const k = (lanes[column] = (lanes[column] || 0) + 1);
      return 16 + column * (wide + gap) + wide + 8 + ((k * 7) % Math.max(8, gap - 16));
    };
    if (a.column === b.column) {
      const side = a.column === 3 ? a.x : a.x + wide;
      const turn = a.column === 3 ? a.x - 8 : lane(a.column);
      return `M${side} ${y1}H${turn}V${y2}H${side}`;
    }
    const right = b.column > a.column;
    const [x1, x2] = [right ? a.x + wide : a.x, right ? b.x : b.x + wide];
    if (Math.abs(a.column - b.column) === 1) return `M${x1} ${y1}H${lane(Math.min(a.column, b.column))}V${y2}H${x2}`;
    lanes.over = (lanes.over || 0) + 1;
    const over = TOP - 8 - ((lanes.over * 5) % 25);
    const [first, last] = right ? [a.column, b.column - 1] : [a.column - 1, b.column];
    return `M${x1} ${y1}H${lane(first)}V${over}H${lane(last)}V${y2}H${x2}`;
  };

  const fieldShown = (each, alone, t) => {
    if (each.value === undefined || each.value === null) return "?";
    if (alone && rt0.unstable(each.value)) return t("word_number");
    if (each.value === 0 && ["m", "p", "g0", "curg", "runnext", "tls.0", "lockedg", "midle", "pidle"].includes(each.field)) return "nil";
    return rt0.shown(each.value).replace(/allp\[(\d+)\]/g, "p$1").replace(/^.*\.stack\.(lo|hi)/, "$1").replace(/^runtime\./, "").replace(/\.abi0\b/, "");
  };

  const tip = (side, changed) => `tip-${side}${changed ? "-changed" : ""}`;

  const title = (each, t) => (each.kind === "all" ? t("objects_all") : each.name);

  const marks = (each, m, g, t) =>
    [each.name === m || each.name === g ? t("objects_runs") : "", each.made ? "" : t("objects_unmade"), each.fresh ? t("objects_new") : ""].filter(Boolean);

  // Why a goroutine waits stays in it when it does not wait any more.
  const over = (each, { field }) => field === "waitreason" && each.fields.some((other) => other.field === "status" && other.value !== "_Gwaiting");

  const drawn = (each, { x, y, width, height }, { m, g, alone, t }) =>
    h("g", { class: `box ${each.kind === "g0" ? "g" : each.kind} ${each.made ? "" : "unmade"} ${each.fresh ? "fresh" : ""} ${each.name === m || each.name === g ? "current" : ""}` },
      h("rect", { x, y, width, height, rx: 6 }),
      rt0.text(x + 8, y + 17, title(each, t), "strong"),
      marks(each, m, g, t).length > 0 && rt0.text(x + width - 8, y + 17, marks(each, m, g, t).join(", "), "small", { "text-anchor": "end" }),
      each.fields.map((field, i) => {
        const line = y + HEAD + i * LINE;
        const name = field.field.replace("tls.0", "tls[0]");
        return h("g", { class: `field ${field.changed ? "changed" : ""} ${empty(field.value) || over(each, field) ? "quiet" : ""}` },
          field.changed && h("rect", { x: x + 3, y: line, width: width - 6, height: LINE, rx: 2 }),
          rt0.text(x + 8, line + 12, name, "small"),
          rt0.text(x + width - 8, line + 12, rt0.fit(fieldShown(field, alone, t), Math.floor((width - 28 - name.length * 5.6) / 6.7)), "value", { "text-anchor": "end" }));
      }));

  // What the picture says, box by box, for who cannot see it.
  rt0.objectsTold = (film, side, n, { language, alone = false }) => {
    const t = rt0.speaker(film.words[language]);
    const all = rt0.objectsAt(rt0.runOf(film, side), n);
    return (alone ? rt0.mattering(all) : all.boxes).map((each) => {
      const said = marks(each, all.m, all.g, t);
      const fields = each.fields.map((field) => `${field.field} ${fieldShown(field, alone, t)}${field.changed ? "*" : ""}`);
      return `${title(each, t)}${said.length ? ` (${said.join(", ")})` : ""}: ${fields.join(", ")}`;
    });
  };

  rt0.pictures.objects = (film, side, n, { language, width = 700, alone = false }) => {
    const t = rt0.speaker(film.words[language]);
    const run = rt0.runOf(film, side);
    const all = rt0.objectsAt(run, n);
    const boxes = alone ? rt0.mattering(all) : all.boxes;
    const room = Math.max(width, 690);
    const stand = places(boxes, room);
    const { at, wide, gap, height } = stand;
    const lanes = {};
    const hidden = ["g", "m", "p"].filter((kind) => all.left[kind] > 0).map((kind) => t("objects_more", { n: rt0.count(all.left[kind]), kind: kind.toUpperCase() }));
    if (!boxes.some((each) => each.name === all.m)) hidden.unshift(t("objects_unseen", { m: all.m || "?" }));
    const away = boxes.length < all.boxes.length ? [t("objects_away", { names: all.boxes.filter((each) => !boxes.includes(each)).map((each) => title(each, t)).join(", ") })] : [];
    const heads = ["objects_g", "objects_m", "objects_p", "objects_queues"];
    const arrows = pointers(boxes);
    return rt0.svg(room, height + (hidden.length ? 22 : 6) + (alone ? 20 : 0),
      { title: t("objects_title", { moment: run.moment(n) }), told: rt0.objectsTold(film, side, n, { language, alone }), name: "objects" },
      h("defs", {}, [false, true].map((changed) => h("marker",
        { id: tip(side, changed), viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" },
        h("path", { d: "M0 0L8 4L0 8Z", class: `tip ${changed ? "changed" : ""}` })))),
      heads.map((key, i) => rt0.text(16 + i * (wide + gap), 24, t(key), "said")),
      arrows.map((edge) => h("path", { class: `pointer ${edge.changed ? "changed" : ""} ${edge.field === "tls.0" ? "tls" : ""}`, d: route(edge, boxes, stand, lanes),
        "marker-end": `url(#${tip(side, edge.changed)})`, "marker-start": edge.back ? `url(#${tip(side, edge.changed)})` : null })),
      boxes.map((each) => drawn(each, at.get(each.name), { m: all.m, g: all.g, alone, t })),
      hidden.length > 0 && rt0.text(16, height + 12, hidden.join(" · "), "said"),
      alone && rt0.text(16, height + (hidden.length ? 30 : 12), rt0.fit([rt0.caption(run, n), ...away].join(" · "), 110), "small"));
  };
})();
