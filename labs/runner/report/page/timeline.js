// The timeline as a picture: one lane for each M (or P, or G), a mark for each stop, and arrows from who made a goroutine
// ready to where it ran. Few elements, however many stops: one path for all that looks alike.
//
// A lane has two bands. Above is the goroutine (whose it is stands in it), below is the g0; a stop is marked in the band
// on whose stack it is.

(() => {
  const h = rt0.h;
  const MOST = 40; // lanes of one picture

  // How each kind looks where no page says so: on light paper. A page's styles go by the classes.
  const LOOK = {
    user: { fill: "#0b5cad" },
    g0: { fill: "#6b3fa0" },
    none: { fill: "#5a646c" },
    run: { fill: "#bcd8f2" },
    sched: { fill: "#e3d6f2" },
    ready: { fill: "none", stroke: "#9a3412", "stroke-dasharray": "3 2" },
    wait: { fill: "#d9d6cd" },
    idle: { fill: "none", stroke: "#b9b5aa" },
    unknown: { fill: "none", stroke: "#5a646c", "stroke-dasharray": "1 4" },
    arrow: { fill: "none", stroke: "#1b6e3c", "stroke-width": 1.5 },
    guess: { fill: "none", stroke: "#1b6e3c", "stroke-dasharray": "2 3" },
    head: { fill: "#1b6e3c" },
    row: { fill: "none", stroke: "#e6e3da" },
    now: { fill: "#fde9a9" },
    lead: { fill: "none", stroke: "#a9a598" },
    name: { fill: "#1d2226" },
    text: { fill: "#1d2226" },
    quiet: { fill: "#5a646c" },
  };
  const LANES = { none: "lane_none", unknown: "lane_unknown" };
  const LEGEND = {
    user: "legend_user", g0: "legend_g0", run: "legend_run", sched: "legend_sched", ready: "legend_ready", wait: "legend_wait",
    idle: "legend_idle", unknown: "legend_unknown", arrow: "legend_arrow", guess: "legend_guess",
  };
  const FONT = { "font-family": "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, 'Noto Sans CJK SC', monospace", "font-size": 11 };
  const look = (kind, attributes = {}) => ({ class: `tl-${kind}`, ...LOOK[kind], ...attributes });
  const paths = (of) => Object.entries(of).map(([kind, d]) => d.length > 0 && h("path", look(kind, { d: d.join("") })));
  const round = (x) => Math.round(x * 100) / 100;
  const box = (x, y, width, height) => `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}z`;
  const wide = (text, size) => [...String(text)].reduce((sum, c) => sum + (c > "\u2e80" ? 1 : 0.62), 0) * size;

  // Sentences of one language: {places} are filled.
  rt0.speaker = (words) => (key, places = {}) =>
    words[key] === undefined ? key : words[key].replace(/\{(\w+)\}/g, (_, name) => String(places[name]));

  const KINDS = { entry: "kind_entry", return: "kind_return", label: "kind_label", insn: "kind_insn" };
  const ON = { user: "on_user", g0: "on_g0", gsignal: "on_gsignal", none: "on_none", unknown: "on_unknown" };

  // A stop in one sentence: its number, its name, and who runs there on whose stack.
  rt0.sentence = (run, n, t) => {
    const { stage, kind } = run.stop(n);
    const { m, thread, on, g, curg } = rt0.lanes(run).stops[n];
    const who = m || t("thread", { thread: thread === null ? "?" : thread });
    const what = KINDS[kind] ? t(KINDS[kind]) : kind;
    return t("sentence", { n, last: run.length - 1, stage, kind: what, on: t(ON[on], { m: who, g: g || "" }), works: on === "g0" && curg ? t("on_for", { g: curg }) : "" });
  };

  // How a lane is called. The M that runs sysmon is one of its own kind: the run says so if it was seen there, or made so.
  const title = (run, name, t) => {
    if (LANES[name]) return t(LANES[name]);
    const made = run.life(`${name}.mstartfn`).some(([, value]) => value === "runtime.sysmon");
    return made || rt0.lanes(run).sysmon === name ? `${name} sysmon` : name;
  };

  // Where things are: `x` of a stop, `y` of a lane.
  const frame = (run, view, { from, to, left, top, width, row, only = () => true }) => {
    const shown = rt0.lanes(run).lanes[view].filter(only).slice(0, MOST);
    const step = (width - left) / Math.max(1, to - from);
    const at = new Map(shown.map(({ name }, i) => [name, top + i * row]));
    return { view, shown, step, from, to, left, row, top, x: (n) => left + (n - from) * step, y: (name) => at.get(name), bottom: top + shown.length * row };
  };

  // The bands of the lanes: what each was doing.
  const bars = ({ shown, x, y, from, to, row, view }) => {
    const of = { run: [], sched: [], wait: [], ready: [], idle: [], unknown: [] };
    for (const { name, spans } of shown)
      for (const [begin, end, kind] of spans) {
        if (end <= from || begin >= to) continue;
        const [a, b] = [x(Math.max(begin, from)), x(Math.min(end, to))];
        const top = y(name) + 2;
        const half = (row - 4) / 2;
        if (kind === "run") of.run.push(box(a, top, b - a, half));
        if (kind === "sched" || (kind === "run" && view !== "g")) of.sched.push(box(a, top + half + 1, b - a, half - 1));
        if (kind === "ready") of.ready.push(box(a + 0.5, top + 0.5, b - a - 1, 2 * half - 1));
        if (kind === "wait") of.wait.push(box(a, top + half * 0.75, b - a, half / 2));
        if (kind === "idle" || kind === "unknown") of[kind].push(`M${round(a)} ${round(top + half)}H${round(b)}`);
      }
    return paths(of);
  };

  // A mark for each stop, in the band of the stack on which it was.
  const marks = (run, view, { x, y, from, to, row, step }) => {
    const { stops, lane } = rt0.lanes(run);
    const of = { user: [], g0: [], none: [] };
    const half = (row - 4) / 2;
    const width = Math.max(1, step > 8 ? step - 4 : step * 0.8);
    for (let n = from; n < to; n++) {
      const top = y(lane[view][n]);
      if (top === undefined) continue;
      const left = x(n) + (step - width) / 2;
      const { on } = stops[n];
      if (on === "user") of.user.push(box(left, top + 2, width, half));
      else if (on === "g0" || on === "gsignal") of.g0.push(box(left, top + 3 + half, width, half - 1));
      else of.none.push(box(left, top + 2 + half * 0.6, width, half * 0.8));
    }
    return paths(of);
  };

  // The lanes between which a wake-up's arrow goes; undefined for an end that is not known.
  const ends = (run, view, { g, ran, ranOn, by }) => {
    const { lane } = rt0.lanes(run);
    const p = ran !== null && ranOn ? rt0.short(run.value(ran, `${ranOn}.p`)) : undefined;
    return { start: by ? lane[view][by.last] : undefined, end: { m: ranOn, p, g }[view] };
  };

  const arrows = (run, view, { x, y, from, to, row, step }, named) => {
    const of = { guess: [], arrow: [], head: [] };
    const texts = [];
    for (const wake of rt0.wakes(run)) {
      if (wake.ran === null || wake.ran < from || wake.at >= to) continue;
      const { start, end } = ends(run, view, wake);
      if (y(end) === undefined) continue;
      const known = y(start) !== undefined;
      const [x1, x2] = [x(Math.max(wake.at, from)) + (wake.at >= from ? step / 2 : 0), x(Math.min(wake.ran, to)) + (wake.ran < to ? step / 2 : 0)];
      const [y1, y2] = [y(known ? start : end) + row * 0.5, y(end) + row * 0.5];
      const bend = Math.max(8, (x2 - x1) / 2);
      const line = y1 === y2 ? `M${round(x1)} ${round(y1)}Q${round((x1 + x2) / 2)} ${round(y1 - row * 0.6)} ${round(x2 - 5)} ${round(y2)}`
        : `M${round(x1)} ${round(y1)}C${round(x1 + bend)} ${round(y1)} ${round(x2 - bend)} ${round(y2)} ${round(x2 - 5)} ${round(y2)}`;
      of[known ? "arrow" : "guess"].push(line);
      of.head.push(`M${round(x1 - 2)} ${round(y1)}a2 2 0 1 0 4 0a2 2 0 1 0 -4 0`);
      if (wake.ran < to) of.head.push(`M${round(x2)} ${round(y2)}l-6 -3.5v7z`);
      if (named && wake.at >= from) texts.push(h("text", look("text", { ...FONT, x: round(x1 + 4), y: round(y1 - 4) }), wake.g));
    }
    return [paths(of), texts];
  };

  // Names within the bands, where there is room: who is above, with whom below; of a goroutine its status.
  const halo = { stroke: "#ffffff", "stroke-width": 3, "paint-order": "stroke", "stroke-opacity": 0.8 };
  const names = ({ shown, x, y, from, to, row }, below) =>
    shown.flatMap(({ name, spans }) =>
      spans.flatMap(([begin, end, kind, who, other]) => {
        const [a, b] = [x(Math.max(begin, from)), x(Math.min(end, to))];
        if (end <= from || begin >= to) return [];
        const put = (text, dy) => text && wide(text, 11) + 6 < b - a && h("text", look("name", { ...FONT, ...halo, x: round(a + 3), y: round(y(name) + dy) }), text);
        const [above, under] = /^_G/.test(other || "") ? [kind === "run" ? who : other, ""] : [kind === "unknown" ? "?" : who, other];
        return [put(above, row * 0.4), below && put(under, row * 0.85)];
      }),
    );

  const rows = (run, { shown, y, row, left }, width, t) =>
    shown.map(({ name }) => [
      h("path", look("row", { d: `M0 ${round(y(name) + row)}H${width}` })),
      h("text", look("text", { ...FONT, x: 2, y: round(y(name) + row / 2 + 4) }), title(run, name, t)),
    ]);

  const svg = (width, height, attributes, ...children) =>
    h("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${Math.ceil(height)}`, width, height: Math.ceil(height), ...attributes }, children);

  const left = (run, view, t) =>
    Math.max(30, ...rt0.lanes(run).lanes[view].slice(0, MOST).map(({ name }) => Math.ceil(wide(title(run, name, t), 11)) + 8));

  // How many lanes a view has that its pictures leave out.
  rt0.lanesLeftOut = (run, view) => Math.max(0, rt0.lanes(run).lanes[view].length - MOST);

  // The whole run, small. {tree, x, stop}: `x` of a stop, and the stop at an x.
  rt0.wholeRun = (run, view, { width, t }) => {
    const where = frame(run, view, { from: 0, to: run.length, left: left(run, view, t), top: 2, width, row: 18 });
    const stop = (x) => Math.max(0, Math.min(run.length - 1, Math.floor((x - where.left) / where.step)));
    const tree = svg(width, where.bottom + 2, { "aria-hidden": "true", id: "timeline-whole" }, rows(run, where, width, t), bars(where), marks(run, view, where),
      arrows(run, view, where, false), h("rect", look("cursor", { id: "timeline-cursor", y: 0, width: round(Math.max(2, where.step)), height: Math.ceil(where.bottom), fill: "#9a3412", "fill-opacity": 0.5 })));
    return { tree, x: where.x, stop };
  };

  // The stops around one of them, with the stages' names. {tree, stop}: the stop at an x.
  rt0.around = (run, view, { at, width, t }) => {
    const margin = left(run, view, t);
    const many = Math.max(8, Math.min(run.length, Math.floor((width - margin) / 19)));
    const from = Math.max(0, Math.min(at - (many >> 1), run.length - many));
    const to = Math.min(run.length, from + many);
    const top = 128;
    const where = frame(run, view, { from, to: from + many, left: margin, top, width, row: 34 });
    where.to = to;
    const labels = [];
    for (let n = from; n < to; n++) {
      const [x, y] = [round(where.x(n) + where.step / 2 + 4), top - 4];
      const { stage, kind } = run.stop(n);
      const text = stage.length > 16 ? `${stage.slice(0, 15)}…` : stage;
      labels.push(h("text", look(n === at ? "text" : "quiet", { ...FONT, x, y, transform: `rotate(-90 ${x} ${y})`, "font-weight": n === at ? 700 : 400 }), kind === "return" ? `${text} ↩` : text));
    }
    const tree = svg(width, where.bottom + 2, { "aria-hidden": "true", id: "timeline-near" },
      h("rect", look("now", { x: round(where.x(at)), y: 0, width: round(where.step), height: Math.ceil(where.bottom) })),
      labels, rows(run, where, width, t), bars(where), marks(run, view, where), names(where, true), arrows(run, view, where, true));
    return { tree, from, to, stop: (x) => Math.max(from, Math.min(to - 1, from + Math.floor((x - where.left) / where.step))) };
  };

  // The boot as one picture that stands alone, to a stop (0: to its end): a lane for each M and each G, and the tour's
  // stages by name. Up to a stop before the second thread, all runs of a program are alike.
  rt0.pictures = rt0.pictures || {};
  rt0.pictures.timeline = (film, index, stop, { language }) => {
    const t = rt0.speaker(film.words[language]);
    const run = rt0.runOf(film, index);
    const to = stop > 0 ? Math.min(run.length, stop + 1) : run.length;
    const [width, top, row] = [1200, 160, 26];
    const margin = Math.max(left(run, "m", t), left(run, "g", t));
    const there = ({ spans }) => spans.length && spans[0][0] < to;
    const ms = frame(run, "m", { from: 0, to, left: margin, top, width, row, only: there });
    const gs = frame(run, "g", { from: 0, to, left: margin, top: ms.bottom + 26, width, row, only: there });
    const told = t(to < run.length ? "to_stop" : "whole", { program: run.data.program, runtime: run.data.runtime, stops: run.length, stop, stage: run.stop(to - 1).stage });
    return svg(width, gs.bottom + 48, { role: "img", "aria-label": told },
      h("rect", { class: "tl-paper", width, height: Math.ceil(gs.bottom + 48), fill: "#ffffff" }),
      h("text", look("text", { ...FONT, "font-size": 15, x: 2, y: 18 }), told),
      stages(run, film.stages, ms, width),
      rows(run, ms, width, t), bars(ms), marks(run, "m", ms), arrows(run, "m", ms, true), names(ms, false),
      rows(run, gs, width, t), bars(gs), gs.shown.map((lane) => born(run, lane, gs, t)), legend(gs.bottom + 14, width, t));
  };

  // The tour's stages, each name as near to its stop as there is room.
  const stages = (run, table, { x: begins, step, top, left, to }, width) => {
    const x = (n) => begins(n) + step / 2;
    const stops = rt0.tour(run, table).filter((n) => n < to);
    const gap = Math.min(14, (width - left - 12) / Math.max(1, stops.length));
    const at = [];
    stops.forEach((n, i) => at.push(Math.max(x(n), i ? at[i - 1] + gap : left + 8)));
    for (let i = at.length - 1; i >= 0; i--) at[i] = Math.min(at[i], i + 1 < at.length ? at[i + 1] - gap : width - 6);
    return stops.map((n, i) => [
      h("path", look("lead", { d: `M${round(at[i])} ${top - 18}L${round(x(n))} ${top}` })),
      h("text", look("text", { ...FONT, "font-size": Math.min(11, gap), x: round(at[i] + 3), y: top - 20, transform: `rotate(-90 ${round(at[i] + 3)} ${top - 20})` }), run.stop(n).stage),
    ]);
  };

  // When a goroutine is there for the first time, and what it runs.
  const born = (run, { name, spans }, { x, y, row }, t) => {
    const starts = String(run.value(spans[0][0], `${name}.startpc`) || "").replace(/^runtime\./, "");
    const text = t("born", { stop: spans[0][0], starts });
    const room = wide(text, 11) + 4;
    return h("text", look("text", { ...FONT, x: round(Math.max(x(0), x(spans[0][0]) - room)), y: round(y(name) + row / 2 + 4) }), text);
  };

  const sample = (kind, x, y) => h("path", look(kind, { d: ["idle", "unknown", "arrow", "guess"].includes(kind) ? `M${x} ${y + 5}h14` : box(x, y, 14, 10) }));

  const legend = (y, width, t) => {
    let [x, line] = [2, y];
    return Object.entries(LEGEND).map(([kind, key]) => {
      const room = 34 + wide(t(key), 10);
      if (x + room > width) [x, line] = [2, line + 16];
      x += room;
      return [sample(kind, x - room, line), h("text", look("quiet", { ...FONT, "font-size": 10, x: round(x - room + 18), y: line + 9 }), t(key))];
    });
  };

  // The same for the page, as a list.
  rt0.legend = (t) =>
    h("ul", { class: "legend quiet" }, Object.entries(LEGEND).map(([kind, key]) => h("li", {}, svg(16, 12, { "aria-hidden": "true" }, sample(kind, 1, 1)), " ", t(key))));
})();
