// A run: its stops, and the whole state at each. The film has the differences; here they are put together again.

(() => {
  rt0.Run = class {
    constructor(data) {
      this.data = data;
      this.length = data.stops.length;
      this._at = -1; // the stop of which _state is
      this._state = new Map();
      this._lives = null;
    }

    // The n-th stop, or undefined.
    stop(n) {
      return this.data.stops[n];
    }

    // The fields at a stop: Map of path -> value. It is this run's own and holds until the next call: copy what must stay.
    state(n) {
      if (n < this._at) {
        this._at = -1;
        this._state.clear();
      }
      while (this._at < n) {
        const delta = this.data.stops[++this._at].delta;
        for (let i = 0; i < delta.length; i += 2) this._state.set(this.data.paths[delta[i]], this.data.values[delta[i + 1]]);
      }
      return this._state;
    }

    // One field at a stop; null where nothing is known of it.
    value(n, path) {
      const life = this.life(path);
      let low = 0;
      let high = life.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (life[middle][0] <= n) low = middle + 1;
        else high = middle;
      }
      return low ? life[low - 1][1] : null;
    }

    // [[path, before, after], ...] of what the recorder calls changes at a stop.
    changes(n) {
      const found = [];
      const changed = this.data.stops[n].changed;
      for (let i = 0; i < changed.length; i += 3)
        found.push([this.data.paths[changed[i]], this.data.values[changed[i + 1]], this.data.values[changed[i + 2]]]);
      return found;
    }

    // Who wrote a field's value at a stop: {function, file, line, stage, pc, instruction}, or null if the trace does not say.
    writer(n, path) {
      const writers = this.data.stops[n].writers;
      return (writers && writers[this.data.paths.indexOf(path)]) || null;
    }

    // [[stop, value], ...] of a field: its first value, and each stop at which it was another.
    life(path) {
      return this.lives().get(path) || [];
    }

    // The same of all fields: Map of path -> life.
    lives() {
      if (!this._lives) {
        this._lives = new Map();
        this.data.stops.forEach(({ delta }, n) => {
          for (let i = 0; i < delta.length; i += 2) {
            const path = this.data.paths[delta[i]];
            if (!this._lives.has(path)) this._lives.set(path, []);
            this._lives.get(path).push([n, this.data.values[delta[i + 1]]]);
          }
        });
      }
      return this._lives;
    }

    // The lines of a backtrace, and the words from SP upwards, as the recorder wrote them.
    backtrace(n) {
      return this.data.stops[n].bt.map((i) => this.data.values[i]);
    }

    words(n) {
      return this.data.stops[n].words.map((i) => this.data.values[i]);
    }

    // The number of the stop that a moment names ("newproc1/entry", "newproc1/entry/2" for the second, "newproc1", "42");
    // -1 if there is none.
    named(moment) {
      const parts = moment.split("/");
      if (/^\d+$/.test(parts[0])) return Number(parts[0]) < this.length ? Number(parts[0]) : -1;
      let left = /^\d+$/.test(parts[parts.length - 1]) ? Number(parts.pop()) : 1;
      const [stage, kind] = [parts.length > 1 && KINDS.has(parts[parts.length - 1]) ? parts.slice(0, -1).join("/") : parts.join("/"),
        KINDS.has(parts[parts.length - 1]) ? parts[parts.length - 1] : null];
      return this.data.stops.findIndex((stop) => stop.stage === stage && (!kind || stop.kind === kind) && --left === 0);
    }

    // How a stop is called in a link: the shortest moment that names it.
    moment(n) {
      const { stage, kind } = this.data.stops[n];
      const number = this.data.stops.slice(0, n + 1).filter((stop) => stop.stage === stage && stop.kind === kind).length;
      return `${stage}/${kind}${number > 1 ? `/${number}` : ""}`;
    }
  };

  const KINDS = new Set(["entry", "return", "label", "insn"]);

  // A value as people read it.
  rt0.shown = (value) => {
    if (value === null || value === undefined) return "–";
    if (Array.isArray(value)) return `[${value.map(rt0.shown).join(" ")}]`;
    if (value === "") return '""';
    return typeof value === "string" ? value.replace(/^&runtime\./, "") : String(value);
  };
})();
