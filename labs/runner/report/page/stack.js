// The stack that SP is in, as data (rt0.stackAt) and as a picture (rt0.pictures.stack): hi at the top, lo at the bottom,
// the words from SP upwards, and what came and went since the stop before on the same stack.
//
// The trace names addresses, "g1.stack.hi-40", "entry_sp-0x30", "runtime.goexit+1": distances come from these names.

(() => {
  const h = rt0.h;
  const WORD = 8;
  const OPEN = new Set(["entry", "g0"]); // of these what lies above hi belongs to who began on them
  const MOST_GONE = 4; // words of what was popped that are shown

  // Where an address lies: {stack, below} (bytes below the stack's hi), or null if its name does not say.
  const placed = (name) => {
    if (typeof name !== "string") return null;
    const onStack = /^(.+)\.stack\.hi(?:-(\d+))?$/.exec(name);
    if (onStack) return { stack: onStack[1], below: Number(onStack[2] || 0) };
    const entry = /^entry_sp(?:([+-])0x([0-9a-f]+))?$/.exec(name);
    return entry && { stack: "entry", below: (entry[1] === "-" ? 1 : -1) * parseInt(entry[2] || "0", 16) || 0 };
  };

  // "runtime.main+530" -> "runtime.main"; null for what is no place inside a function.
  const inside = (word) => {
    const found = typeof word === "string" && !/^&|^entry_sp|\.stack\.(hi|lo)/.test(word) && /^(.+)\+\d+$/.exec(word);
    return found ? found[1] : null;
  };

  // The frames that have words of their own, innermost first: what is inlined has none.
  const frames = (run, n) => run.backtrace(n).map(String).filter((frame) => !frame.endsWith("[inlined]"));

  // What the kernel left, from where SP was at first upwards: argc, argv with a zero at its end, the environment with one,
  // the auxiliary vector. null for each word that lies lower, and for all of another stack.
  const left = (run, n) => {
    const off = number(run.value(n, "sp_off"));
    const words = off === null ? [] : run.words(n).slice(Math.max(0, -off / WORD));
    const argc = words[0];
    if (off > 0 || typeof argc !== "number") return run.words(n).map(() => null);
    const end = words.indexOf(0, argc + 2);
    const names = words.map((_, i) => (i === 0 ? "argc" : i < argc + 2 ? `argv[${i - 1}]` : end < 0 || i <= end ? `envp[${i - argc - 2}]` : "auxv"));
    return [...Array(run.words(n).length - words.length).fill(null), ...names];
  };

  // What each word is: [{word, at, kind, frame, name, to}], kind: returns (to the function `to`) | code | stack | object |
  // number, or beyond for what lies above hi; `frame` is the place in frames() of the call whose word it is, `name` what
  // the kernel calls it, who made it then: no call did. Only the next return address of the backtrace is called one: older
  // ones lie about in every stack, and copies of it in the variables of whom it was given to. They lie below it.
  const read = (run, n, at) => {
    const calls = frames(run, n).map((frame) => frame.replace(/ \(.*$/, ""));
    const ret = run.state(n).get("ret");
    const words = run.words(n);
    const last = (into, i) => !words.slice(i + 1).some((word) => inside(word) === into);
    let frame = 0;
    const names = left(run, n);
    return words.map((word, i) => {
      const below = at ? at.below - i * WORD : null;
      const beyond = at !== null && !OPEN.has(at.stack) && below <= 0;
      const own = beyond || names[i] ? null : frame;
      const into = inside(word);
      let kind = into ? "code" : typeof word === "number" ? "number" : placed(word) ? "stack" : "object";
      const next = into && into === calls[frame + 1] && (into === calls[frame + 2] || last(into, i));
      // Behind a call that does not come back another function may begin, which the word names: the backtrace knows better.
      if (next || (i === 0 && word === ret && (into || (run.stop(n).kind === "entry" && typeof word === "string" && calls.length > 1)))) {
        kind = "returns";
        frame += 1;
      }
      return { word, at: at && { ...at, below }, kind: beyond ? "beyond" : kind, frame: own, name: names[i], to: into || calls[frame] };
    });
  };

  const number = (value) => (typeof value === "number" ? value : null);
  const above = (name) => {
    const found = typeof name === "string" && /\.stack\.lo(?:\+(\d+))?$/.exec(name);
    return found ? Number(found[1] || 0) : null;
  };

  // How large a stack is and where its guard lies, as far as the trace says.
  const bounds = (state, stack) => ({
    size: number(state.get(`${stack}.stack_size`)) || null,
    guard: state.get(`${stack}.stackguard0`) ?? null,
    guardAboveLo: above(state.get(`${stack}.stackguard0`)),
  });

  // The last stop before n of the same thread whose SP was on the same stack, or -1. The first stack has two names: the
  // kernel's before rt0_go calls it g0's, and then SP's distance from its first value says that it is the same.
  const before = (run, n) => {
    const here = placed(run.value(n, "sp"));
    for (let i = n - 1; here && i >= 0; i--)
      if (run.stop(i).thread === run.stop(n).thread) {
        const there = placed(run.value(i, "sp"));
        if (there && (there.stack === here.stack || (run.value(i, "sp_off") !== null && run.value(n, "sp_off") !== null))) return i;
      }
    return -1;
  };

  // How far SP went down since then, in bytes; up is negative.
  const lowered = (run, from, to) => {
    const [was, is] = [run.value(from, "sp_off"), run.value(to, "sp_off")];
    return was !== null && is !== null ? was - is : placed(run.value(to, "sp")).below - placed(run.value(from, "sp")).below;
  };

  // The stack at a stop: {sp, stack, below, words, gone, frames, since, lowered, size, guard, guardAboveLo}.
  rt0.stackAt = (run, n) => {
    const sp = run.value(n, "sp");
    const at = placed(sp);
    const since = before(run, n);
    const words = read(run, n, at);
    const found = { sp, stack: at ? at.stack : null, below: at ? at.below : null, words, since, lowered: null, gone: [], frames: frames(run, n) };
    if (at) Object.assign(found, bounds(run.state(n), at.stack));
    if (since < 0) return found;
    const down = (found.lowered = lowered(run, since, n));
    const old = read(run, since, at && { ...at, below: at.below - down });
    for (const [i, each] of words.entries()) {
      const was = old[i - down / WORD];
      each.fresh = i * WORD < down ? "pushed" : was && was.word !== each.word ? "written" : null;
    }
    const left = -down / WORD; // words
    if (left > 0 && left <= old.length) found.gone = old.slice(Math.max(0, left - MOST_GONE), left);
    return found;
  };

  // ---- words ---------------------------------------------------------------------------------------------------------

  const named = (stack) => (stack === null ? "?" : stack.replace(/^&runtime\./, ""));
  const whose = (stack, t) =>
    stack === null ? t("stack_unknown")
    : stack === "entry" ? t("stack_kernel")
    : /gsignal$/.test(stack) ? t("stack_signal", { g: stack })
    : /g0$/.test(stack) ? t("stack_system", { g: stack })
    : t("stack_goroutine", { g: stack });

  const step = (run, found, t) => {
    if (found.stack === null) return t("step_unknown");
    if (found.since < 0) return t("step_first");
    const where = { moment: run.moment(found.since), bytes: rt0.count(Math.abs(found.lowered)) };
    return t(found.lowered > 0 ? "step_pushed" : found.lowered < 0 ? "step_popped" : "step_same", where);
  };

  const used = (found, t) =>
    found.below === null || found.stack === "entry" ? t("used_unknown")
    : found.size ? t("used", { bytes: rt0.count(found.below), size: rt0.count(found.size) })
    : t("used_of_unknown", { bytes: rt0.count(found.below) });

  const address = (at, i) => (!at || at.stack === "entry" ? `SP+${i * WORD}` : at.below < 0 ? `hi+${-at.below}` : at.below ? `hi-${at.below}` : "hi");
  const meaning = (each, t) => (each.name ? each.name
    : each.kind === "returns" ? t("word_returns", { f: rt0.functionOf(each.to) })
    : each.kind === "code" ? t("word_code") : each.kind === "stack" ? t("word_stack") : each.kind === "beyond" ? t("word_beyond") : "");
  const shown = (word, alone, t) =>
    alone && rt0.unstable(word) ? t("word_number")
    : alone && /^entry_sp\+0x[0-9a-f]{2,}$/.test(word) ? "entry_sp+…"
    : rt0.shown(word);

  // What the picture says, line by line, for who cannot see it.
  rt0.stackTold = (film, side, n, { language, alone = false }) => {
    const t = rt0.speaker(film.words[language]);
    const run = rt0.runOf(film, side);
    const found = rt0.stackAt(run, n);
    return [
      whose(found.stack, t),
      `${t("stack_sp", { sp: rt0.shown(found.sp) })} ${used(found, t)}`,
      step(run, found, t),
      ...found.words.map((each, i) => [address(each.at, i), shown(each.word, alone, t), meaning(each, t), each.fresh ? t(each.fresh) : ""].filter(Boolean).join(" · ")),
    ];
  };

  // ---- the picture ---------------------------------------------------------------------------------------------------

  const ROW = 24;
  const TOP = 84;

  // The whole stack as a bar, to scale where its size is known, and SP in it: [trees, y of SP].
  const bar = (found, height, t) => {
    const known = found.size !== null && found.size !== undefined && found.below !== null && found.stack !== "entry";
    const share = known ? Math.min(1, Math.max(0, found.below / found.size)) : 0.35;
    const y = TOP + Math.max(3, share * height);
    const guard = known && found.guardAboveLo !== null ? TOP + height - (found.guardAboveLo / found.size) * height : null;
    return [[
      h("rect", { x: 16, y: TOP, width: 30, height, rx: 3, class: known ? "room" : "room unknown" }),
      h("rect", { x: 16, y: TOP, width: 30, height: y - TOP, rx: 3, class: "full" }),
      guard !== null && h("line", { x1: 12, x2: 50, y1: guard, y2: guard, class: "guard" }),
      rt0.text(16, TOP - 8, found.stack === "entry" ? t("bar_first") : "hi", "small"),
      rt0.text(16, TOP + height + 16, found.stack === "entry" ? "?" : "lo", "small"),
      found.guard !== null && found.guard !== undefined && found.stack !== "entry" &&
        rt0.text(16, TOP + height + 32, `stackguard0 = ${rt0.shown(found.guard).replace(/^.*\.stack\./, "")}`, "small warn"),
    ], y];
  };

  const row = (each, i, y, { left, wide, alone, t, narrow }) => {
    const place = narrow ? 52 : 72;
    const room = Math.floor((wide - place - 12) / 7.3);
    const whole = shown(each.word, alone, t);
    const value = rt0.fit(narrow ? whole.replace(/^runtime\./, "") : whole, room);
    const said = [meaning(each, t), each.kind === "returns" ? "↩" : ""].find((text) => rt0.columns(text) < room - rt0.columns(value));
    return h("g", { class: `word ${each.kind} ${each.fresh || ""} f${(each.frame || 0) % 2}` },
      rt0.text(left + place - 8, y + 16, address(each.at, i), "small", { "text-anchor": "end" }),
      h("rect", { x: left + place, y: y + 1, width: wide - place, height: ROW - 2, rx: 3 }),
      rt0.text(left + place + 8, y + 16, value, "code"),
      said && rt0.text(left + wide - 8, y + 16, said, "small", { "text-anchor": "end" }));
  };

  // The frames of the words in view, each as a bracket with the name of its function.
  const brackets = (found, rowY, x, room) => {
    const spans = new Map();
    found.words.forEach((each, i) => each.frame !== null && spans.set(each.frame, [...(spans.get(each.frame) || []), i]));
    return [...spans].map(([frame, rows]) => {
      const [top, bottom] = [rowY(Math.max(...rows)) + 3, rowY(Math.min(...rows)) + ROW - 3];
      const name = found.frames[frame];
      return name && h("g", { class: `frame f${frame % 2}` },
        h("path", { d: `M${x} ${top}h6v${bottom - top}h-6` }),
        rt0.text(x + 12, (top + bottom) / 2 + 4, rt0.fit(rt0.functionOf(name), room), "code"));
    });
  };

  rt0.pictures.stack = (film, side, n, { language, width = 700, alone = false }) => {
    const t = rt0.speaker(film.words[language]);
    const run = rt0.runOf(film, side);
    const found = rt0.stackAt(run, n);
    const narrow = width < 520;
    const left = narrow ? 66 : 110;
    const wide = width - left - (narrow ? 44 : 170);
    const count = found.words.length;
    const high = (count + 1) * ROW; // the words, and what lies between them and hi
    const rowY = (i) => TOP + high - (i + 1) * ROW;
    const height = Math.max(high + found.gone.length * ROW + (narrow ? 30 : 24), 160);
    const [whole, spY] = bar(found, height - 24, t);
    const seen = new Set(found.words.map((each) => each.frame).filter((frame) => frame !== null));
    const ended = found.words.some((each) => each.frame === null); // nothing of a call's lies higher
    const rest = ended ? [] : found.frames.slice(seen.size).map(rt0.functionOf);
    const options = { left, wide, alone, t, narrow };
    return rt0.svg(width, TOP + height + (alone ? 44 : 24),
      { title: t("stack_title", { moment: run.moment(n) }), told: rt0.stackTold(film, side, n, { language, alone }), name: "stack" },
      rt0.text(16, 22, whose(found.stack, t), "strong"),
      rt0.text(16, 42, rt0.fit(step(run, found, t), Math.floor((width - 24) / 6.4)), "said"),
      found.below !== null && !narrow && rt0.text(width - 16, 22, used(found, t), "said", { "text-anchor": "end" }),
      found.below !== null && narrow && rt0.text(16, 60, used(found, t), "said"),
      alone && rt0.text(16, TOP + height + 34, rt0.caption(run, n), "small"),
      whole,
      count > 0 && h("path", { class: "lens", d: `M46 ${spY - 1}L${left - 2} ${TOP + ROW}V${TOP + high}L46 ${spY + 1}Z` }),
      rt0.text(left + 8, TOP + 16, rest.length ? rt0.fit(`⋮  ${rest.join(" ← ")}`, Math.floor((width - left - 16) / 7.3)) : "⋮", "small"),
      found.words.map((each, i) => row(each, i, rowY(i), options)),
      found.gone.map((each, i) => {
        const y = TOP + high + (found.gone.length - 1 - i) * ROW;
        return h("g", { class: "gone" }, row({ ...each, fresh: "popped" }, i, y, options));
      }),
      !narrow && brackets(found, rowY, left + wide + 8, 20),
      count ? h("g", { class: "sp" },
        h("path", { d: `M${left + wide - 2} ${TOP + high}H${left + (narrow ? 52 : 72)}` }),
        rt0.text(left + wide + 2, TOP + high + 15, "← SP", "sp-name"))
      : rt0.text(left, TOP + ROW + 16, t("stack_no_words"), "said"));
  };
})();
