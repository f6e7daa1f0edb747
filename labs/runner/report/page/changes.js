// The panel `changes`: what is other at this stop than at the one before, and which line wrote it.

(() => {
  const h = rt0.h;

  // Who wrote a value, in a line; null where the trace does not say.
  rt0.written = (app, n, path) => {
    const who = app.run.writer(n, path);
    return who && h("div", { class: "quiet" }, app.t("written_by", { name: who.function || "?", file: who.file, line: who.line ?? "?" }), " ",
      who.instruction && h("code", {}, who.instruction));
  };

  // One change: the field, a button that opens its life, and both values.
  rt0.changeRow = (app, n, [path, before, after]) =>
    h("li", {},
      h("button", { class: "field code", disabled: app.asking, onclick: () => app.openField(path) }, path), " ",
      h("span", { class: "code" },
        h("span", { class: "was" }, before === null ? app.t("fresh") : rt0.shown(before)),
        h("span", { "aria-label": app.t("becomes"), role: "img" }, " → "),
        h("span", { class: "now" }, rt0.shown(after))),
      rt0.written(app, n, path));

  const rows = (app, changes) => h("ul", { class: "changes" }, changes.map((change) => rt0.changeRow(app, app.at, change)));

  rt0.panel("changes", {
    wants: ["moment", "asking"],
    render: (app) => {
      const { first, others } = rt0.told(app.run, app.at);
      return [
        h("h2", {}, app.t("changes")),
        app.at === 0 && h("p", { class: "quiet" }, app.t("changes_first")),
        !first.length && h("p", {}, app.t("changes_none")),
        rows(app, first),
        first.length > 0 && app.at > 0 && !first.some(([path]) => app.run.writer(app.at, path)) && h("p", { class: "quiet" }, app.t("changes_unwritten")),
        others.length > 0 && rt0.fold("changes-more", false, app.t(first.length ? "changes_more" : "changes_noise", { n: others.length }), rows(app, others)),
      ].filter(Boolean);
    },
  });
})();
