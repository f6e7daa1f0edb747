// The panel `predict`: before a step the page asks what it will bring, and only then takes it. While it asks, nothing on
// the page shows what comes: the panels that know more than this moment are hidden, and who walks on leaves the question.

(() => {
  const h = rt0.h;
  const app = rt0.app;
  const NOTHING = { asked: 0, right: 0, half: 0 };
  const state = { questions: [], i: -1, chosen: new Set(), verdict: "", left: false, seed: 1, score: null };

  // The score stays in this browser if it keeps anything; if not, in the page.
  const key = () => `rt0lab.score.${app.run.data.program}.${app.run.data.runtime}`;
  const remembered = () => {
    const read = rt0.kept(key());
    return read && ["asked", "right", "half"].every((name) => Number.isInteger(read[name]) && read[name] >= 0) ? read : NOTHING;
  };

  const current = () => state.questions[state.i];
  const focus = (id) => {
    const element = document.getElementById(id);
    if (!element) return;
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
  };

  const asking = (whether) => {
    app.asking = whether;
    document.documentElement.toggleAttribute("data-asking", whether);
    document.documentElement.toggleAttribute("data-predicting", state.i >= 0);
    app.tell("asking");
  };

  const ask = (i) => {
    Object.assign(state, { i, chosen: new Set(), verdict: "", left: false });
    if (!current()) return leave();
    app.at = current().n;
    asking(true);
    app.go(current().n, true);
    focus("predict-question");
  };
  const start = () => {
    state.questions = rt0.questions(app.run, app.film.stages, state.seed);
    const from = state.questions.findIndex(({ n }) => n >= app.at);
    ask(from < 0 ? 0 : from);
  };
  const leave = (left = false) => {
    Object.assign(state, { i: -1, verdict: "", left });
    asking(false);
    if (!left) focus("predict-start");
  };
  const answer = () => {
    state.verdict = rt0.verdict(current(), [...state.chosen]);
    state.score = rt0.scored(state.score || remembered(), state.verdict);
    rt0.keep(key(), state.score);
    asking(false);
    app.go(current().stop, true);
    focus("predict-verdict");
  };
  const choose = (i) => {
    if (state.chosen.has(i)) state.chosen.delete(i);
    else state.chosen.add(i);
    if (!current().several) return answer();
    app.tell("asking");
  };

  app.on("moment", () => {
    if (app.asking && app.at !== current().n) leave(true);
  });
  app.on("run", () => {
    state.score = null;
    if (state.i >= 0) leave(true);
  });

  const STOPS = { entry: "stop_entry", return: "stop_return", label: "stop_label", insn: "stop_insn" };
  const SP = { deeper: "sp_deeper", up: "sp_up", same: "sp_same", other: "sp_other" };
  const stopped = ({ stage, kind }) => app.t(STOPS[kind] || "stop_label", { stage });

  const option = (each) => {
    if (each.sp) return app.t(SP[each.sp]);
    if (each.stage) return stopped(each);
    if (each.field) return [h("span", { class: "code" }, each.field), " ", h("span", { class: "quiet" }, app.t("ask_now", { value: rt0.shown(each.now) }))];
    return h("span", { class: "code" }, rt0.shown(each.value));
  };

  const options = (question) =>
    h("ol", { class: "options" }, question.options.map((each, i) => {
      const mark = state.verdict && (question.right.includes(i) ? "✓ " : state.chosen.has(i) ? "✗ " : "");
      return h("li", {}, h("button", {
        id: `predict-${i}`, "aria-pressed": String(state.chosen.has(i)), disabled: Boolean(state.verdict), class: mark === "✓ " ? "right" : null,
        onclick: () => choose(i),
      }, h("span", { class: "quiet" }, mark || `${i + 1}. `), option(each)));
    }));

  const asked = (question) => {
    const { path, before } = question.places;
    const stop = app.run.stop(question.stop);
    return [
      question.key !== "ask_stage" && h("p", {}, app.t("ask_step", { stop: stopped(stop) })),
      h("p", { id: "predict-question", tabindex: -1, class: "question" },
        app.t(question.key, { path, before: before === null ? app.t("ask_none") : rt0.shown(before) })),
      question.several && h("p", { class: "quiet" }, app.t("ask_several")),
      options(question),
    ];
  };

  const VERDICTS = { right: "predict_right", half: "predict_half", wrong: "predict_wrong" };
  const told = (question) => {
    const { first } = rt0.told(app.run, question.stop);
    const stage = app.film.stages[app.run.stop(question.stop).stage];
    return [
      h("p", { id: "predict-verdict", tabindex: -1, role: "status", class: "question" }, app.t(VERDICTS[state.verdict])),
      h("p", {}, app.t("predict_now", { stop: stopped(app.run.stop(question.stop)) })),
      stage && h("p", {}, rt0.marked(stage.why[app.language])),
      question.several || question.places.path ? h("ul", { class: "changes" }, first.map((change) => rt0.changeRow(app, question.stop, change))) : null,
    ];
  };

  const score = () => {
    const now = state.score || remembered();
    return now.asked > 0 && h("p", { class: "quiet", id: "predict-score" }, app.t("predict_score", now));
  };
  const another = () => {
    state.seed += 1;
    start();
  };
  const forget = () => {
    state.score = NOTHING;
    rt0.keep(key(), NOTHING);
    app.tell("asking");
  };

  const idle = () => [
    h("p", {}, app.t(state.left ? "predict_walked" : "predict_what")),
    h("div", { class: "buttons" },
      h("button", { id: "predict-start", onclick: start }, app.t("predict_start")),
      state.questions.length > 0 && h("button", { id: "predict-another", onclick: another }, app.t("predict_another")),
      (state.score || remembered()).asked > 0 && h("button", { id: "predict-forget", onclick: forget }, app.t("predict_forget"))),
  ];
  const busy = (question) => [
    h("p", { class: "quiet" }, app.t("predict_progress", { n: state.i + 1, all: state.questions.length })),
    asked(question),
    state.verdict && told(question),
    h("div", { class: "buttons" },
      state.verdict
        ? h("button", { id: "predict-next", onclick: () => ask(state.i + 1) }, app.t(state.i + 1 < state.questions.length ? "predict_next" : "predict_end"))
        : question.several && h("button", { id: "predict-answer", disabled: !state.chosen.size, onclick: answer }, app.t("predict_answer")),
      h("button", { id: "predict-leave", onclick: () => leave() }, app.t("predict_leave"))),
  ];

  // Digits choose, arrows go from option to option.
  const keyed = (event) => {
    const question = current();
    if (!question || state.verdict || event.ctrlKey || event.altKey || event.metaKey) return;
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const count = question.options.length;
    if (question.options[Number(event.key) - 1]) choose(Number(event.key) - 1);
    else if (step) {
      const here = question.options.findIndex((_, i) => document.activeElement.id === `predict-${i}`);
      document.getElementById(`predict-${here < 0 ? (step > 0 ? 0 : count - 1) : (here + step + count) % count}`).focus();
      event.preventDefault();
    }
  };

  rt0.panel("predict", {
    wants: ["asking"],
    render: () => {
      if (state.i < 0 && !rt0.questions(app.run, app.film.stages, 1).length) return null;
      return h("div", { onkeydown: keyed }, h("h2", {}, app.t("predict")), current() ? busy(current()) : idle(), score());
    },
  });
})();
