// The panels of one stop: `stop` (the stage's sentence, the line of source, registers, who called), `stack` and
// `objects` (the pictures, and the same in words for who cannot see them).

(() => {
  const h = rt0.h;
  const KINDS = { entry: "at_entry", return: "at_return", label: "at_label", insn: "at_insn" };
  const own = (table, name) => (Object.hasOwn(table, name) ? table[name] : undefined);

  // ---- source --------------------------------------------------------------------------------------------------------

  const source = (app, { file, line }) => {
    if (!file || line === null) return h("p", { class: "quiet" }, app.t("source_none"));
    const lines = own(app.run.data.sources, file);
    const place = h("figcaption", { class: "quiet" }, h("span", { class: "code" }, `${file}:${line}`), !lines && ` ${app.t("source_away")}`);
    if (!lines || lines[line] === undefined) return h("figure", { class: "source" }, place);
    const near = Object.keys(lines).map(Number).filter((n) => Math.abs(n - line) <= 4).sort((a, b) => a - b);
    return h("figure", { class: "source" }, place,
      h("pre", { tabindex: 0, role: "group", "aria-label": app.t("source_of", { file, line }) },
        near.map((n) => h(n === line ? "mark" : "span", n === line ? { "aria-current": "true" } : {}, h("span", { class: "number" }, `${String(n).padStart(5)}  `), `${lines[n]}\n`))));
  };

  // ---- registers -----------------------------------------------------------------------------------------------------

  // pc, SP and the thread's pointers always; of the others those that hold something.
  rt0.registersAt = (run, n) => {
    const [now, was] = [run.state(n), n > 0 ? (path) => run.value(n - 1, path) : null];
    const always = [["pc", "pc"], ["sp", "sp"], ["FS", "fs_base"], ["TLS g", "tls_g"]];
    const others = [...now.keys()].filter((path) => path.startsWith("regs.") && now.get(path) !== null && now.get(path) !== 0).map((path) => [path.slice(5), path]);
    return [...always, ...others].filter(([, path]) => now.has(path))
      .map(([name, path]) => ({ name, value: now.get(path), changed: was !== null && was(path) !== now.get(path) }));
  };

  const registers = (app) =>
    rt0.fold("registers", true, app.t("registers"),
      h("dl", { class: "registers" }, rt0.registersAt(app.run, app.at).map(({ name, value, changed }) =>
        h("div", { class: changed ? "changed" : null }, h("dt", {}, name), h("dd", { class: "code" }, rt0.shown(value), changed && h("span", { class: "unseen" }, ` (${app.t("written")})`))))));

  const callers = (app) => {
    const frames = app.run.backtrace(app.at).map((frame) => `${rt0.functionOf(frame)}${(/ \(.*$/.exec(frame) || [""])[0]}`);
    return frames.length > 1 && rt0.fold("called-by", true, app.t("called_by"), h("ol", { class: "code" }, frames.slice(1).map((frame) => h("li", {}, frame))));
  };

  rt0.panel("stop", {
    render: (app) => {
      const stop = app.run.stop(app.at);
      const stage = own(app.film.stages, stop.stage);
      const kind = own(KINDS, stop.kind);
      return [
        h("h2", { id: "stop-head" }, stop.stage, h("span", { class: "quiet" }, ` · ${kind ? app.t(kind) : stop.kind}`)),
        stage && h("p", { class: "why" }, rt0.marked(stage.why[app.language])),
        h("p", { class: "quiet" }, h("span", { class: "code" }, stop.symbol), stage && stage.go && [" · ", app.t("go_has_it", { go: stage.go })], stop.thread !== null && [" · ", app.t("thread", { thread: stop.thread })]),
        source(app, stop),
        callers(app),
        registers(app),
      ].filter(Boolean);
    },
  });

  // ---- pictures ------------------------------------------------------------------------------------------------------

  const width = (name) => document.getElementById(`panel-${name}`).clientWidth - 34;

  const words = (app, name, told) => rt0.fold(`${name}-words`, false, app.t("in_words"), h("ul", {}, told.map((line) => h("li", {}, line))));

  // A panel that shows a picture, drawn again for the room that it has.
  const picture = (name, heading, most, told) => {
    let drawn = 0; // the width for which it was
    rt0.panel(name, {
      wants: ["moment", "room"],
      render: (app) => {
        const options = { language: app.language, width: Math.max(320, Math.min(most, width(name) || 700)) };
        drawn = width(name);
        return [
          h("h2", {}, app.t(heading)),
          h("div", { class: "canvas", tabindex: 0, role: "group", "aria-label": app.t(heading) }, rt0.pictures[name](app.film, app.side, app.at, options)),
          words(app, name, told(app.film, app.side, app.at, options)),
        ];
      },
    });
    return () => drawn !== width(name);
  };
  const stale = [picture("stack", "stack_head", 700, (...given) => rt0.stackTold(...given)), picture("objects", "objects_head", 1040, (...given) => rt0.objectsTold(...given))];
  if (globalThis.addEventListener) addEventListener("resize", () => stale.some((is) => is()) && rt0.app.tell("room"));
})();
