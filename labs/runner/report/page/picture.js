// What the pictures share: words in a language, widths of text without a browser, how a value reads, and the file that a
// picture becomes. A picture is rt0.pictures[name](film, side, stop, {language, width, alone}) -> tree of one <svg>;
// alone: it is to stand by itself, in a text or on a slide, so that nothing in it may change from run to run.

rt0.pictures = rt0.pictures || {};

(() => {
  const h = rt0.h;
  const runs = new WeakMap();

  // The run of a film as the pictures walk through it.
  rt0.runOf = (film, side) => {
    const data = film.runs[side];
    if (!runs.has(data)) runs.set(data, new rt0.Run(data));
    return runs.get(data);
  };

  // How many columns of a fixed-width font a text takes, and the text cut to fit.
  const columns = (c) => (/[\u1100-\u115f\u2e80-\uffe6]/u.test(c) && c < "\ufb00" ? 2 : 1);
  rt0.columns = (text) => [...String(text)].reduce((sum, c) => sum + columns(c), 0);
  rt0.fit = (text, most) => {
    const all = String(text);
    if (rt0.columns(all) <= most) return all;
    let cut = "";
    let wide = 1;
    for (const c of all) {
      wide += columns(c);
      if (wide > most) break;
      cut += c;
    }
    return `${cut}…`;
  };

  // A function as a learner says it: without the C++ compiler's signs, and without runtime.
  rt0.functionOf = (frame) =>
    String(frame).replace(/ \(.*$/, "").replace(/^_Z\d+([A-Za-z]\w*?)I.*$/, "$1").replace(/^_Z\d*/, "").replace(/^runtime\./, "").replace(/\.abi0$/, "");

  rt0.count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

  rt0.text = (x, y, words, className, more = {}) => h("text", { x, y, class: className, ...more }, String(words));

  // Which run and moment a picture that stands alone is of.
  rt0.caption = (run, n) => rt0.fit(`${run.data.program} (${run.data.runtime}), ${run.moment(n)}`, 100);

  // The whole <svg>; `told` is what a picture says to who cannot see it.
  rt0.svg = (width, height, { title, told, name }, ...children) =>
    h("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: `picture ${name}`, role: "img" },
      h("title", {}, title), h("desc", {}, told.join("\n")), ...children);

  // A picture that stands alone: with its name space, styles and paper.
  rt0.alone = (tree, style) => {
    const [, , width, height] = tree.attributes.viewBox.split(" ");
    const first = tree.children.filter((child) => ["title", "desc"].includes(child.name));
    const rest = tree.children.filter((child) => !first.includes(child));
    if (!first.length) first.push(h("title", {}, tree.attributes["aria-label"]), h("desc", {}, tree.attributes["aria-label"]));
    return h("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, ...tree.attributes }, first, h("style", {}, style),
      h("rect", { width, height, fill: "#ffffff" }), rest);
  };

  // A number that can be another one in the next run of the same program: a time, a counter of the machine's.
  rt0.unstable = (value) => typeof value === "number" && Math.abs(value) > 65535;
})();
