// The panel `begin`: three questions for somebody who sees a boot for the first time, each with moments at which to look
// and an answer. It is open until it was closed once.

(() => {
  const h = rt0.h;
  const QUESTIONS = [
    ["begin_where", ["_rt0_amd64_linux/entry", "runtime.main/entry", "main.main/entry"], "begin_where_answer"],
    ["begin_g0", ["nocpuinfo/label", "check/entry", "schedule/entry"], "begin_g0_answer"],
    ["begin_g1", ["newproc1/entry", "allgadd/return", "runqput/entry", "gogo/entry", "runtime.main/entry"], "begin_g1_answer"],
  ];

  rt0.panel("begin", {
    wants: [],
    render: (app) => {
      const { run } = app;
      const here = QUESTIONS.filter(([, moments]) => moments.every((moment) => run.named(moment) >= 0));
      if (!here.length) return null;
      const look = (moment) => (event) => {
        event.preventDefault();
        app.visit(moment);
        document.getElementById("panel-stop").scrollIntoView();
      };
      const link = (moment) => [h("a", { href: `#${encodeURI(moment)}`, onclick: look(moment) }, moment), " "];
      const places = { n: run.named("main.main/entry"), all: run.length - 1 };
      return h("details", { id: "begin", open: rt0.kept("rt0lab.begun") !== true, ontoggle: (event) => rt0.keep("rt0lab.begun", !event.target.open) },
        h("summary", {}, h("strong", {}, app.t("begin"))),
        h("p", {}, app.t("begin_how")),
        h("ol", {}, here.map(([question, moments, answer]) =>
          h("li", {},
            h("strong", {}, app.t(question)), h("br", {}), app.t("begin_look"), " ", moments.map(link),
            rt0.fold(answer, false, app.t("begin_answer"), h("p", {}, app.t(answer, places)))))));
    },
  });
})();
