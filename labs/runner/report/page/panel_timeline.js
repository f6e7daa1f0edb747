// The timeline in the page: the whole run small, which is a slider; the stops around the chosen one, large; and who woke
// whom as a list. The whole run is drawn once, and only the rest again at each stop.

(() => {
  const h = rt0.h;
  const app = rt0.app;
  let view = "m";
  let whole = null;
  let near = null;
  let room = 0; // the width for which it was drawn

  const of = (id) => document.getElementById(id);

  // The stop of a picture at which a pointer is.
  const under = (picture) => (event) => {
    if (event.type === "pointermove" && event.buttons !== 1) return;
    const svg = event.currentTarget.querySelector("svg");
    const { left, width } = svg.getBoundingClientRect();
    app.go(picture().stop(((event.clientX - left) * svg.viewBox.baseVal.width) / width), event.type === "pointermove");
  };

  const VIEWS = [["m", "timeline_m"], ["p", "timeline_p"], ["g", "timeline_g"]];

  const link = (n) => h("a", { href: `#${encodeURI(app.run.moment(n))}` }, app.t("wake_stop", { n }));

  // A wake-up as a sentence; numbers of stops are links.
  const told = (wake) => {
    const { g, what, at, reason, starts, ran, ranOn, by } = wake;
    const name = (text) => String(text).replace(/^runtime\./, "");
    const who = by && app.t(by.why === "alone" ? "wake_alone" : by.callers.length ? "wake_inside" : "wake_in", {
      who: [by.m || app.t("thread", { thread: by.thread }), by.g].filter(Boolean).join(", "),
      maker: by.maker ? name(by.maker) : "",
      callers: by.callers.map(name).join(" ← "),
    });
    return h("li", {},
      h("strong", {}, g), " ", what === "new" ? app.t("wake_new", { starts: starts ? name(starts) : "–" }) : app.t("wake_woken", { reason: reason || "–" }), " ", link(at),
      app.t("wake_by"), who || app.t("wake_unknown"), app.t("wake_then"), ran === null ? app.t("wake_never") : [app.t("wake_ran", { m: ranOn || app.t("lane_unknown") }), " ", link(ran)], app.t("wake_end"));
  };

  rt0.panel("timeline", {
    wants: [],
    render: () => {
      whole = null; // until it is drawn, when what is made here stands in the page
      queueMicrotask(draw);
      const wakes = rt0.wakes(app.run);
      return [
        h("div", { class: "views" }, h("h2", {}, app.t("timeline")),
          h("fieldset", {}, h("legend", { class: "quiet" }, app.t("timeline_lanes")),
            VIEWS.map(([name, key]) => h("label", {}, h("input", { type: "radio", name: "timeline-view", id: `timeline-${name}`, value: name, checked: name === view, onchange: () => { view = name; draw(); } }), " ", app.t(key))))),
        h("div", { id: "timeline-all", role: "slider", tabindex: 0, "aria-label": app.t("timeline_all"), "aria-valuemin": 0, "aria-valuemax": app.run.length - 1, "aria-valuenow": app.at,
          onkeydown: rt0.walkKeys, onpointerdown: under(() => whole), onpointermove: under(() => whole) }),
        h("p", { id: "timeline-cut", class: "quiet" }),
        h("div", { id: "timeline-close", onclick: under(() => near) }),
        rt0.legend(app.t),
        h("details", { id: "timeline-wakes" }, h("summary", { id: "timeline-wakes-summary" }, app.t("wakes", { many: wakes.length })),
          h("p", { class: "quiet" }, app.t("wakes_about")), h("ul", { class: "wakes" }, wakes.slice(0, 200).map(told)), wakes.length > 200 && h("p", {}, app.t("wakes_cut", { many: wakes.length - 200 }))),
      ];
    },
  });

  const draw = () => {
    sizes.disconnect();
    sizes.observe(of("timeline-all"));
    room = of("timeline-all").clientWidth;
    whole = rt0.wholeRun(app.run, view, { width: Math.max(240, room), t: app.t });
    of("timeline-all").replaceChildren(rt0.toDom(whole.tree));
    const left = rt0.lanesLeftOut(app.run, view);
    of("timeline-cut").textContent = left ? app.t("timeline_cut", { many: left }) : "";
    update();
  };

  const update = () => {
    if (!whole) return;
    of("timeline-cursor").setAttribute("x", whole.x(app.at));
    of("timeline-all").setAttribute("aria-valuenow", app.at);
    of("timeline-all").setAttribute("aria-valuetext", rt0.sentence(app.run, app.at, app.t));
    near = rt0.around(app.run, view, { at: app.at, width: Math.max(240, room), t: app.t });
    of("timeline-close").replaceChildren(rt0.toDom(near.tree));
  };
  app.on("moment", update);

  // Another width, another picture: a window that is resized, or a bar that appears beside the page.
  const sizes = globalThis.ResizeObserver && new ResizeObserver(() => of("timeline-all") && of("timeline-all").clientWidth !== room && draw());
})();
