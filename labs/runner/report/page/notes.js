// Notes on moments, as a file holds them: {"format": 1, "program", "runtime", "build", "notes": [{"moment", "text"}]}.
// A file may be anybody's: it is taken note by note, what does not fit is counted, and a text is only ever text.

(() => {
  const MOST = 200; // notes of one run
  const LONGEST = 2000; // characters of one note
  rt0.NOTES_SIZE = 1 << 20; // bytes of a file that is read

  // What would hide something or turn its order round is shown as its code.
  const HIDING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;
  rt0.plainNote = (text) => text.replaceAll("\r\n", "\n").replace(HIDING, (c) => `\\u${c.codePointAt(0).toString(16).padStart(4, "0")}`).trim();

  // A note as this run can show it, or null: {moment, stop, text}.
  const note = (run, each) => {
    if (!each || typeof each !== "object" || typeof each.moment !== "string" || typeof each.text !== "string") return null;
    const stop = each.moment.length <= 200 ? run.named(each.moment) : -1;
    const text = each.text.length <= LONGEST ? rt0.plainNote(each.text) : "";
    return stop < 0 || !text ? null : { moment: run.moment(stop), stop, text };
  };

  // These notes and one more, in the order of the run; the same note is not kept twice. null if there are too many.
  rt0.noted = (run, notes, moment, text) => {
    const one = note(run, { moment, text });
    if (!one || notes.length >= MOST) return null;
    if (notes.some((each) => each.stop === one.stop && each.text === one.text)) return notes;
    return [...notes, one].sort((a, b) => a.stop - b.stop);
  };

  // The notes in a file's data, for this run: {error} is a key of words if none is taken; else {notes, left, other}: how
  // many do not fit, and whether they were made with another recording than this.
  rt0.notesOf = (run, data) => {
    if (!data || typeof data !== "object" || data.format !== 1 || !Array.isArray(data.notes)) return { error: "notes_broken" };
    if (data.program !== run.data.program) return { error: "notes_program" };
    let notes = [];
    for (const each of data.notes.slice(0, MOST)) notes = rt0.noted(run, notes, each && each.moment, each && each.text) || notes;
    const fit = data.notes.slice(0, MOST).filter((each) => note(run, each)).length;
    if (!fit) return { error: "notes_none" };
    return { notes, left: data.notes.length - fit, other: data.runtime !== run.data.runtime || data.build !== run.data.build };
  };

  // The same from a file's text.
  rt0.notesIn = (run, text) => {
    try {
      return rt0.notesOf(run, JSON.parse(text));
    } catch {
      return { error: "notes_broken" };
    }
  };

  // The text of a file with these notes.
  rt0.notesFile = (run, notes) => {
    const { program, runtime, build } = run.data;
    return `${JSON.stringify({ format: 1, program, runtime, build, notes: notes.map(({ moment, text }) => ({ moment, text })) }, null, 1)}\n`;
  };
})();
