// The panels `note` (what is noted of this moment) and `notebook` (all notes, a new one, and files of notes).

(() => {
  const h = rt0.h;
  const app = rt0.app;
  const books = new Map(); // run: {own, baked}
  let draft = "";
  let says = []; // what was just done, [[key of a sentence, places], ...]

  const key = () => `rt0lab.notes.${app.run.data.program}.${app.run.data.runtime}`;

  // The notes of this run: the reader's own, which the browser keeps if it can, and those that came with the film.
  const book = () => {
    if (!books.has(app.run)) {
      const { notes = [] } = rt0.notesOf(app.run, rt0.kept(key()));
      const { notes: baked = [], error, left = 0 } = app.film.notes && app.side === 0 ? rt0.notesOf(app.run, app.film.notes) : {};
      if (error || left) says = [[error || "notes_left", { n: left }]];
      books.set(app.run, { own: notes, baked });
    }
    return books.get(app.run);
  };
  const same = (one) => (other) => one.stop === other.stop && one.text === other.text;
  const all = () => {
    const { own, baked } = book();
    return [...baked.map((note) => ({ ...note, baked: true })), ...own.filter((note) => !baked.some(same(note)))].sort((a, b) => a.stop - b.stop);
  };

  const say = (...sentences) => {
    says = sentences.filter(Boolean);
    app.tell("notes");
  };
  const change = (own, ...sentences) => {
    book().own = own;
    const kept = rt0.keep(key(), JSON.parse(rt0.notesFile(app.run, own)));
    say(...sentences, !kept && ["notes_not_kept"]);
  };

  const add = () => {
    const own = rt0.noted(app.run, book().own, app.run.moment(app.at), draft);
    if (!own) return say([draft.trim() ? "notes_full" : "notes_empty"]);
    draft = "";
    change(own, ["notes_added"]);
  };

  const remove = (note) => change(book().own.filter((each) => !same(note)(each)), ["notes_removed"]);

  const take = ({ error, notes, left, other }) => {
    if (error) return say([error]);
    const before = book().own.length;
    const own = notes.reduce((kept, { moment, text }) => rt0.noted(app.run, kept, moment, text) || kept, book().own);
    change(own, ["notes_taken", { n: own.length - before }], left && ["notes_left", { n: left }], other && ["notes_other"]);
  };
  const open = async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    take(file.size > rt0.NOTES_SIZE ? { error: "notes_large" } : rt0.notesIn(app.run, await file.text().catch(() => "")));
  };

  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([rt0.notesFile(app.run, all())], { type: "application/json" }));
    link.download = `notes-${app.run.data.program.replace(/[^\w.-]/g, "_")}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  const text = (note) => h("p", { class: "note", dir: "auto" }, note.text);

  rt0.panel("note", {
    wants: ["moment", "notes"],
    render: () => {
      const here = all().filter(({ stop }) => stop === app.at);
      return here.length ? [h("h2", {}, app.t("note_here")), ...here.map(text)] : null;
    },
  });

  const row = (note, i) =>
    h("li", {},
      h("a", { id: `note-go-${i}`, href: `#${encodeURI(note.moment)}` }, note.moment), " ",
      note.baked ? h("span", { class: "quiet" }, app.t("notes_baked"))
        : h("button", { id: `note-remove-${i}`, onclick: () => remove(note), "aria-label": app.t("notes_remove_of", { moment: note.moment }) }, app.t("notes_remove")),
      text(note));

  rt0.panel("notebook", {
    wants: ["moment", "notes"],
    render: () => {
      const notes = all();
      return [
        h("h2", {}, app.t("notebook")),
        h("label", { for: "note-text" }, app.t("notes_new", { moment: app.run.moment(app.at) })),
        h("textarea", { id: "note-text", rows: 2, maxlength: 2000, value: draft, oninput: (event) => (draft = event.target.value) }),
        h("div", { class: "buttons" },
          h("button", { id: "note-add", onclick: add }, app.t("notes_add")),
          h("button", { id: "note-save", onclick: save, disabled: !notes.length }, app.t("notes_save")),
          h("label", { class: "file" }, app.t("notes_open"), " ", h("input", { id: "note-open", type: "file", accept: ".json,application/json", onchange: open }))),
        h("p", { id: "note-says", role: "status" }, says.map(([key, places]) => `${app.t(key, places)} `)),
        h("ul", { class: "notes" }, notes.map(row)),
      ];
    },
  });
})();
