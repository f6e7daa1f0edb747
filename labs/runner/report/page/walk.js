// The bar with which one walks: steps, a slider, the tour's stages, the same M or G, a jump, a link to the moment; and
// the keys that do the same. It says in one sentence where one is, also to those who cannot.

(() => {
  const h = rt0.h;
  const app = rt0.app;
  const wide = globalThis.matchMedia && matchMedia("(min-width: 72rem)"); // where there is room for all of it at once
  let letters = true; // whether letters are keys

  const of = (id) => document.getElementById(id);
  const lanes = () => rt0.lanes(app.run);
  const same = (what) => (n) => what(lanes().stops[n]) === what(lanes().stops[app.at]);
  const m = ({ m: name, thread }) => name || `thread ${thread}`;
  const g = (stop) => rt0.goroutineOf(stop) || "";

  // Where each step leads from here: a number of a stop, or -1.
  const steps = {
    first: () => (app.at > 0 ? 0 : -1),
    previous: () => app.at - 1,
    next: () => (app.at + 1 < app.run.length ? app.at + 1 : -1),
    last: () => (app.at + 1 < app.run.length ? app.run.length - 1 : -1),
    back: () => (app.at > 0 ? Math.max(0, app.at - 20) : -1),
    on: () => (app.at + 1 < app.run.length ? Math.min(app.run.length - 1, app.at + 20) : -1),
    "tour-previous": () => rt0.tour(app.run, app.film.stages).findLast((n) => n < app.at) ?? -1,
    "tour-next": () => rt0.tour(app.run, app.film.stages).find((n) => n > app.at) ?? -1,
    "m-previous": () => rt0.next(app.run.length, app.at, -1, same(m)),
    "m-next": () => rt0.next(app.run.length, app.at, 1, same(m)),
    "g-previous": () => (g(lanes().stops[app.at]) ? rt0.next(app.run.length, app.at, -1, same(g)) : -1),
    "g-next": () => (g(lanes().stops[app.at]) ? rt0.next(app.run.length, app.at, 1, same(g)) : -1),
  };
  const step = (name) => {
    const n = steps[name]();
    if (n >= 0) app.go(n, true);
  };

  const button = (name, sign, key) =>
    h("button", { id: `walk-${name}`, type: "button", title: app.t(key), "aria-label": app.t(key), "data-step": name, onclick: () => step(name) }, sign);
  const pair = (name, label, before, after) =>
    h("span", { role: "group", "aria-label": label }, h("span", { class: "quiet" }, label), button(`${name}-previous`, "‹", before), button(`${name}-next`, "›", after));

  const jump = (event) => {
    event.preventDefault();
    app.visit(of("walk-jump").value.trim());
  };
  // Only a page from a file or from a safe place may copy.
  const copy = () =>
    Promise.resolve()
      .then(() => navigator.clipboard.writeText(location.href))
      .then(() => say(app.t("walk_copied")), () => say(app.t("walk_not_copied", { link: location.href })));
  const say = (text) => (of("walk-now").textContent = text);

  const KEYS = [
    [["→", "n"], "walk_next"], [["←", "p"], "walk_previous"], [["t"], "walk_tour_next"], [["Shift+t"], "walk_tour_previous"],
    [["Page Down"], "walk_on"], [["Page Up"], "walk_back"], [["Home"], "walk_first"], [["End"], "walk_last"], [["?"], "walk_keys"],
  ];

  rt0.panel("walk", {
    wants: [],
    render: () => {
      const stages = [...new Set(app.run.data.stops.map(({ stage }) => stage))];
      queueMicrotask(update);
      return [
        h("div", { class: "bar" },
          button("first", "|◀", "walk_first"), button("previous", "◀", "walk_previous"),
          h("input", { id: "walk-slider", type: "range", min: 0, max: app.run.length - 1, "aria-label": app.t("walk_slider"), value: app.at,
            oninput: (event) => app.go(Number(event.target.value), true) }),
          button("next", "▶", "walk_next"), button("last", "▶|", "walk_last")),
        h("p", { id: "walk-now", "aria-live": "polite", role: "status" }),
        h("details", { id: "walk-more", open: wide.matches },
          h("summary", { id: "walk-summary" }, app.t("walk_more")),
          h("div", { class: "more" },
            pair("tour", app.t("walk_tour"), "walk_tour_previous", "walk_tour_next"),
            pair("m", app.t("walk_m"), "walk_m_previous", "walk_m_next"),
            pair("g", app.t("walk_g"), "walk_g_previous", "walk_g_next"),
            h("form", { onsubmit: jump },
              h("label", { for: "walk-jump", class: "quiet" }, app.t("walk_jump")),
              h("input", { id: "walk-jump", list: "walk-stages", autocomplete: "off", placeholder: "newproc1", oninput: (event) => event.inputType === "insertReplacementText" && jump(event) }),
              h("datalist", { id: "walk-stages" }, stages.map((stage) => h("option", { value: stage })))),
            h("span", {}, h("a", { id: "walk-link" }, app.t("walk_link")), h("button", { id: "walk-copy", type: "button", onclick: copy }, app.t("walk_copy"))),
            h("details", { id: "walk-keys" },
              h("summary", { id: "walk-keys-summary" }, app.t("walk_keys")),
              h("ul", {}, KEYS.map(([keys, key]) => h("li", {}, keys.map((each) => [h("kbd", {}, each), " "]), app.t(key)))),
              h("label", {}, h("input", { id: "walk-letters", type: "checkbox", checked: letters, onchange: (event) => (letters = event.target.checked) }), " ", app.t("walk_letters"))))),
      ];
    },
  });

  // What changes from stop to stop; the elements stay, so that a slider can be dragged and a button pressed again.
  const update = () => {
    if (!of("walk-slider")) return;
    const sentence = rt0.sentence(app.run, app.at, app.t);
    of("walk-slider").value = app.at;
    of("walk-slider").setAttribute("aria-valuetext", sentence);
    of("walk-link").setAttribute("href", `#${encodeURI(app.run.moment(app.at))}`);
    for (const each of document.querySelectorAll("#panel-walk [data-step]")) each.setAttribute("aria-disabled", String(steps[each.dataset.step]() < 0));
    say(app.unknown ? app.t("walk_unknown", { moment: app.unknown }) : sentence);
  };
  app.on("moment", update);

  const keys = { ArrowRight: "next", ArrowLeft: "previous", PageDown: "on", PageUp: "back", Home: "first", End: "last" };
  const signs = { n: "next", p: "previous", t: "tour-next", T: "tour-previous" };
  const elsewhere = "input, select, textarea, pre, [contenteditable], [role=slider], [role=listbox], [role=tablist], [role=textbox]";

  rt0.keyed = (event) => {
    if (app.asking || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest && event.target.closest(elsewhere)) return;
    if (event.key === "?" && letters) {
      of("walk-more").open = true;
      of("walk-keys").open = !of("walk-keys").open;
    }
    const name = keys[event.key] || (letters && signs[event.key]);
    if (!name) return;
    event.preventDefault();
    step(name);
  };
  if (globalThis.document) addEventListener("keydown", rt0.keyed);
  if (wide) wide.addEventListener("change", () => of("walk-more") && (of("walk-more").open = wide.matches));
  rt0.walkKeys = (event) => {
    if (!keys[event.key]) return;
    event.preventDefault();
    step(keys[event.key]);
  };
})();
