// Trees of elements: what a picture or a panel is before it is shown. A picture is a function from data to such a tree,
// so that the page (toDom) and a file (toText, run by node) have one drawing code. Text is only ever text.

globalThis.rt0 = globalThis.rt0 || {};

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

  // h("g", {class: "lane"}, child, [child, ...], "text", null): attributes that are null or false are left out; those
  // called on… are listeners, which only a page has.
  rt0.h = (name, attributes, ...children) => ({
    name,
    attributes: attributes || {},
    children: children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  });

  // A sentence in which `...` is code.
  rt0.marked = (text) => String(text).split("`").map((part, i) => (i % 2 ? rt0.h("code", {}, part) : part));

  const given = (tree) => Object.entries(tree.attributes).filter(([, value]) => value !== null && value !== undefined && value !== false);

  rt0.toDom = (tree, inside = false) => {
    if (typeof tree !== "object") return document.createTextNode(String(tree));
    const drawn = inside || tree.name === "svg";
    const element = drawn ? document.createElementNS(SVG, tree.name) : document.createElement(tree.name);
    for (const [name, value] of given(tree)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name === "value") element.value = value;
      else element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...tree.children.map((child) => rt0.toDom(child, drawn)));
    return element;
  };

  // What a terminal or a parser would take for something else is shown as its code.
  const safe = (text) =>
    String(text)
      .replace(/[&<>"']/g, (c) => ESCAPES[c])
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]/gu, (c) => `\\x${c.charCodeAt(0).toString(16)}`);

  rt0.toText = (tree) => {
    if (typeof tree !== "object") return safe(tree);
    const attributes = given(tree)
      .filter(([name]) => !name.startsWith("on"))
      .map(([name, value]) => ` ${name}="${value === true ? "" : safe(value)}"`)
      .join("");
    const children = tree.children.map(rt0.toText).join("");
    return children ? `<${tree.name}${attributes}>${children}</${tree.name}>` : `<${tree.name}${attributes}/>`;
  };
})();
