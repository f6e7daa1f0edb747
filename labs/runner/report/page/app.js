// The page: which moment is shown, in which language and colours; and the panels, each of which draws itself again when
// something that it wants has changed.

(() => {
  const h = rt0.h;
  const listeners = {};
  const panels = [];

  const app = (rt0.app = {
    film: null,
    runs: [],
    side: 0, // which of two runs is walked through
    at: 0,
    unknown: "", // the name of a moment that was asked for and is not in this run
    asking: false, // while it is, nothing may show what comes after this moment
    language: "en",
    theme: "",
    get run() {
      return app.runs[app.side];
    },

    // Shows a stop of the run, from anywhere: a number outside the run is its nearest end. The browser's "back" leads to
    // where one was before, but not through every step.
    go(n, step = false) {
      app.at = Math.max(0, Math.min(app.run.length - 1, n));
      app.unknown = "";
      const hash = `#${encodeURI(app.run.moment(app.at))}`;
      if (location.hash !== hash) history[step ? "replaceState" : "pushState"](null, "", hash);
      app.tell("moment");
    },

    // Shows the moment of this name. If there is none, one stays where one is, and `unknown` has the name.
    visit(moment, step = false) {
      const n = app.run.named(moment);
      if (n >= 0) return app.go(n, step);
      app.unknown = moment.slice(0, 80);
      app.tell("moment");
    },

    // Events: moment (another stop), run (the other run), language, theme, and what panels tell each other.
    on(event, listener) {
      (listeners[event] = listeners[event] || []).push(listener);
    },
    tell(event) {
      for (const listener of listeners[event] || []) listener(app);
    },

    // A sentence of words.*.toml in the page's language, its {places} filled.
    t: (key, places) => rt0.speaker(app.film.words[app.language])(key, places),
    speak(language) {
      app.language = language;
      document.documentElement.lang = language;
      app.tell("language");
    },
    paint(theme) {
      app.theme = theme;
      document.documentElement.dataset.theme = theme;
      app.tell("theme");
    },
  });

  // A panel: `render(app)` makes what stands in <section id="panel-NAME">, again at each of the events that it wants.
  rt0.panel = (name, { render, wants = ["moment"] }) => panels.push({ name, render, wants: new Set([...wants, "language", "run"]) });

  const draw = (panel) => {
    const place = document.getElementById(`panel-${panel.name}`);
    const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
    const tree = panel.render(app);
    place.replaceChildren(...(tree ? [tree].flat().map((each) => rt0.toDom(each)) : []));
    place.hidden = !tree;
    const again = focused && document.getElementById(focused);
    if (again) again.focus({ preventScroll: true });
  };

  // What is folded stays as its reader left it, whatever draws it again.
  const unfolded = new Map();
  rt0.fold = (id, open, summary, ...children) =>
    h("details", { id, open: unfolded.get(id) ?? open, ontoggle: ({ target }) => unfolded.set(id, target.open) }, h("summary", { id: `${id}-summary` }, summary), children);

  rt0.panel("head", {
    wants: ["theme"],
    render: () => {
      const { program, runtime, ncpu, truncated } = app.run.data;
      const choice = (id, label, value, options, chosen) =>
        h("label", {}, h("span", { class: "quiet" }, label), " ",
          h("select", { id, onchange: (event) => chosen(event.target.value) },
            options.map(([name, text]) => h("option", { value: name, selected: name === value }, text))));
      return [
        h("h1", {}, app.t("title", { program })),
        h("p", { class: "quiet" }, app.t("about", { runtime, stops: app.run.length, ncpu: rt0.shown(ncpu) }), truncated && ` ${app.t("truncated")}`),
        h("div", { class: "choices" },
          choice("language", app.t("language"), app.language, [["en", "English"], ["zh", "中文"]], app.speak),
          choice("theme", app.t("theme"), app.theme, [["", app.t("theme_system")], ["light", app.t("theme_light")], ["dark", app.t("theme_dark")]], app.paint)),
      ];
    },
  });

  // The moment that the address names, as its writer wrote it.
  const asked = () => {
    try {
      return decodeURI(location.hash.slice(1));
    } catch {
      return location.hash.slice(1);
    }
  };

  rt0.start = () => {
    app.film = JSON.parse(document.getElementById("film").textContent);
    app.runs = app.film.runs.map((_, side) => rt0.runOf(app.film, side));
    app.language = app.film.language;
    for (const panel of panels) for (const event of panel.wants) app.on(event, () => draw(panel));
    app.on("language", () => {
      for (const element of document.querySelectorAll("[data-words]")) element.textContent = app.t(element.dataset.words);
    });
    const jump = () => {
      if (document.getElementById(asked())) return; // a link to a place in the page
      if (asked() || app.film.at) app.visit(asked() || app.film.at, true);
      else app.go(0, true);
    };
    addEventListener("hashchange", jump);
    jump();
    panels.filter((panel) => !panel.wants.has("moment")).forEach(draw);
  };
  if (globalThis.document) addEventListener("DOMContentLoaded", rt0.start);
})();
