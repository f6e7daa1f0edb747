// What a browser keeps for this page, if it does: a page opened from a file, or a private window, may have no such place.

(() => {
  // What was kept under this key, or null: nothing, or nothing that could be read.
  rt0.kept = (key) => {
    try {
      return JSON.parse(globalThis.localStorage.getItem(key));
    } catch {
      return null;
    }
  };

  // Keeps a value if that is possible, and says whether it was.
  rt0.keep = (key, value) => {
    try {
      globalThis.localStorage.setItem(key, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  };
})();
