// The panel `life`: search a field, and see all the values that it had in this run, each a link to where it got it.

(() => {
  const h = rt0.h;
  const SUGGESTIONS = 12;
  const VALUES = 100;
  const FIELDS = 6; // beside each other
  const open = []; // {path, pinned}
  let typed = "";

  // Opens a field's life, in the place of the one that is not pinned.
  rt0.app.openField = (path) => {
    const app = rt0.app;
    if (!open.some((field) => field.path === path)) {
      const free = open.findIndex((field) => !field.pinned);
      if (free >= 0) open.splice(free, 1);
      else if (open.length >= FIELDS) open.shift();
      open.unshift({ path, pinned: false });
    }
    app.tell("field");
    const card = document.getElementById(`life-${open.findIndex((field) => field.path === path)}`);
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  };

  const suggestions = (app) => {
    const { found, left } = rt0.suggested(app.run, typed, SUGGESTIONS);
    if (!typed.trim()) return [];
    return [
      h("p", { class: "quiet", role: "status" }, found.length ? app.t("life_found", { n: found.length + left }) : app.t("life_nothing", { text: typed.slice(0, 80) })),
      h("ul", { class: "found" }, found.map(({ path, values, stop, value }) =>
        h("li", {}, h("button", { class: "field code", onclick: () => app.openField(path) }, path), " ",
          h("span", { class: "quiet" }, stop === undefined ? app.t("life_values", { n: values })
            : app.t("life_value_at", { value: rt0.shown(value), moment: app.run.moment(stop) }))))),
      left > 0 && h("p", { class: "quiet" }, app.t("life_left", { n: left })),
    ].filter(Boolean);
  };

  const search = (app) =>
    h("div", {},
      h("label", { for: "life-search" }, app.t("life_search")), " ",
      h("input", {
        id: "life-search", type: "search", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: 80,
        placeholder: "m0.curg", value: typed,
        oninput: (event) => {
          typed = event.target.value;
          document.getElementById("life-found").replaceChildren(...suggestions(app).map((each) => rt0.toDom(each)));
        },
        onkeydown: (event) => {
          const best = event.key === "Enter" && rt0.suggested(app.run, typed, 1).found[0];
          if (best) app.openField(best.path);
        },
      }),
      h("div", { id: "life-found" }, suggestions(app)));

  const card = (app, field, i) => {
    const { values, left } = rt0.lived(app.run, field.path, VALUES);
    const close = () => {
      open.splice(open.indexOf(field), 1);
      app.tell("field");
      document.getElementById("life-search").focus();
    };
    const pin = () => {
      field.pinned = !field.pinned;
      app.tell("field");
    };
    const here = values.findLastIndex(({ stop }) => stop <= app.at);
    return h("article", { class: "life", id: `life-${i}`, tabindex: -1, "aria-label": field.path },
      h("h3", { class: "code" }, field.path),
      h("button", { id: `life-pin-${i}`, "aria-pressed": String(field.pinned), onclick: pin }, app.t("life_pin")), " ",
      h("button", { onclick: close }, app.t("life_close")),
      values.length ? rt0.strip(app.run, field.path, app.at, app.t("life_strip", { n: values.length + left })) : h("p", {}, app.t("life_unknown")),
      h("ol", {}, values.map(({ stop, value }, v) =>
        h("li", { "aria-current": v === here ? "true" : null },
          h("a", { id: `life-${i}-${v}`, href: `#${encodeURI(app.run.moment(stop))}` }, h("span", { class: "code" }, rt0.shown(value))), " ",
          h("span", { class: "quiet" }, app.t("life_since", { n: stop, moment: app.run.moment(stop) })),
          rt0.written(app, stop, field.path)))),
      left > 0 && h("p", { class: "quiet" }, app.t("life_more", { n: left })));
  };

  // Lists that are longer than their place show what holds at this moment.
  const unrolled = () => {
    for (const here of document.querySelectorAll("#panel-life li[aria-current]")) {
      const list = here.parentElement;
      list.scrollTop = here.offsetTop - list.offsetTop - list.clientHeight / 2;
    }
  };

  rt0.panel("life", {
    wants: ["moment", "field"],
    render: (app) => queueMicrotask(unrolled) || [h("h2", {}, app.t("life")), search(app), open.length > 0 && h("div", { class: "lives" }, open.map((field, i) => card(app, field, i)))].filter(Boolean),
  });
})();
