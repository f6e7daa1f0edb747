// Two runs beside each other: which one is walked through, where the other one stands, and in what they differ.

(() => {
  const h = rt0.h;
  const MARKS = { same: ["= ", "pairs_same"], differs: ["≠ ", "pairs_differs"], only: ["◦ ", "pairs_only"] };
  let pairs = null;

  const called = (app, side) => {
    const names = app.runs.map(({ data }) => `${data.program} (${data.runtime})`);
    return names[0] === names[1] ? `${names[side]} ${side + 1}` : names[side];
  };

  // Walks through the other run from the stop that belongs to this one.
  const walk = (app, side) => {
    if (side === app.side) return;
    const at = pairs.standing(app.side, app.at);
    app.side = side;
    app.at = at === null ? 0 : at;
    app.tell("run");
    app.go(app.at);
  };

  const place = (app, n) => {
    const partner = pairs.partner(app.side, n);
    const other = called(app, 1 - app.side);
    const at = pairs.standing(app.side, n);
    const named = at === null ? {} : { moment: app.runs[1 - app.side].moment(at), n: at };
    if (partner !== null) return h("p", {}, app.t("pairs_at", { other, ...named }));
    const reason = pairs.reason(pairs.pair(app.side, n), -1);
    return [
      h("p", { class: "differs" }, app.t(at === null ? "pairs_not_yet" : "pairs_none", { other, why: app.t(pairs.why(app.side, n)), ...named })),
      reason && h("p", { class: "quiet" }, app.t("pairs_because", { reason: reason[app.language] })),
    ];
  };

  const value = (app, row, side) => {
    if (row.names[side] === undefined) return h("span", { class: "quiet" }, app.t("pairs_missing"));
    const now = rt0.shown(row.values[side]);
    const before = row.before && rt0.shown(row.before[side]);
    return row.before && before !== now ? [h("span", { class: "quiet" }, before), " → ", now] : now;
  };

  const row = (app, k, each) => {
    const [left, right] = each.names;
    const reason = each.mark === "same" ? null : pairs.reason(k, each.field);
    const versions = pairs.alike.renamed[each.field];
    return h("tr", { class: each.mark },
      h("th", { scope: "row" }, h("code", {}, left === undefined ? right : left),
        versions && h("div", { class: "quiet" }, h("code", {}, right), ` ${app.t("pairs_renamed", { versions })}`)),
      [0, 1].map((side) => h("td", { "data-label": called(app, side) }, h("code", {}, value(app, each, side)))),
      h("td", {}, h("span", { class: "mark" }, MARKS[each.mark][0], app.t(MARKS[each.mark][1])),
        reason && h("div", { class: "quiet" }, app.t("pairs_because", { reason: reason[app.language] }))));
  };

  const table = (app, k, rows, label) =>
    h("table", { class: "beside", "aria-label": label },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, app.t("pairs_field")), [0, 1].map((side) => h("th", { scope: "col" }, called(app, side))), h("td", {}))),
      h("tbody", {}, rows.map((each) => row(app, k, each))));

  // What is drawn only while it is open: its own event draws the panel again when that changes.
  const open = new Set();
  const folded = (app, id, title, content) =>
    h("details", {
      open: open.has(id),
      ontoggle: ({ target }) => {
        if (target.open === open.has(id)) return;
        open[target.open ? "add" : "delete"](id);
        app.tell("pairs");
      },
    }, h("summary", { id }, title), open.has(id) && content());

  const picture = (app, k, name) =>
    h("div", { class: "both" }, [0, 1].map((side) =>
      h("figure", {}, h("figcaption", { class: "quiet" }, called(app, side)),
        h("div", { class: "canvas", tabindex: 0, role: "group", "aria-label": called(app, side) },
          rt0.pictures[name](app.film, side, pairs.pairs[k][side], { language: app.language })))));

  rt0.panel("pairs", {
    wants: ["moment", "pairs"],
    render: (app) => {
      if (!app.film.pairs) return null;
      pairs = pairs || new rt0.Pairs(app.film, app.runs);
      const k = pairs.pair(app.side, app.at);
      const whole = pairs.partner(app.side, app.at) !== null;
      const changes = whole ? pairs.changes(k) : [];
      const differing = whole ? pairs.differing(k) : [];
      const title = app.t("pairs_differ", { n: differing.length });
      const move = (id, key, step) => {
        const to = pairs.next(app.side, app.at, step);
        return h("button", { id, type: "button", disabled: to === null, onclick: () => app.go(to) }, app.t(key));
      };
      return [
        h("h2", {}, app.t("pairs")),
        h("div", { class: "choices" },
          h("fieldset", { class: "sides" }, h("legend", { class: "quiet" }, app.t("pairs_walk")),
            [0, 1].map((side) => h("label", {}, h("input", { type: "radio", name: "side", id: `side-${side}`, checked: side === app.side, onchange: () => walk(app, side) }), " ", called(app, side)))),
          move("pairs-earlier", "pairs_before", -1), move("pairs-next", "pairs_next", 1)),
        place(app, app.at),
        whole && h("h3", {}, app.t("pairs_did")),
        whole && (changes.length ? table(app, k, changes, app.t("pairs_did")) : h("p", { class: "quiet" }, app.t("pairs_nothing"))),
        whole && folded(app, "pairs-all", title, () => [h("p", { class: "quiet" }, app.t("pairs_aside")), table(app, k, differing, title)]),
        whole && folded(app, "pairs-pictures", app.t("pairs_pictures"), () => ["stack", "objects"].map((name) => picture(app, k, name))),
      ].flat().filter(Boolean);
    },
  });
})();
