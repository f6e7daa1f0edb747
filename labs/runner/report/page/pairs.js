// Two runs beside each other: which stop of the other run belongs to a stop, what the two did there, and in what they
// differ. Fields and values come with numbers that both runs share (report/against.py).

(() => {
  rt0.Pairs = class {
    constructor(film, runs) {
      this.pairs = film.pairs;
      this.alike = film.alike;
      this.runs = runs;
      this._kinds = new Set(film.alike.kinds);
      this._of = [0, 1].map((side) => new Map(this.pairs.map((pair, k) => [pair[side], k])));
      this._path = [0, 1].map((side) => {
        const found = new Map();
        film.alike.paths[side].forEach((field, i) => field >= 0 && found.set(field, runs[side].data.paths[i]));
        return found;
      });
      this._class = [0, 1].map((side) => new Map(runs[side].data.values.map((value, i) => [JSON.stringify(value), film.alike.values[side][i]])));
      this._names = runs.map((run) => new Set(run.data.stops.map(({ stage, kind }) => `${stage} ${kind}`)));
      this._walk();
    }

    // The number of the pair in which a stop of a run is.
    pair(side, n) {
      return this._of[side].get(n);
    }

    // The other run's stop that belongs to this one; null if there is none.
    partner(side, n) {
      return this.pairs[this.pair(side, n)][1 - side];
    }

    // The last stop of the other run, up to here, that belongs to one of this run: where it stands meanwhile.
    standing(side, n) {
      for (let at = n; at >= 0; at--) if (this.partner(side, at) !== null) return this.partner(side, at);
      return null;
    }

    // Why a stop has no partner, as the key of its sentence: unwatched (the recorder did not look there), left (it left out
    // stops around here), over (the recording had ended), elsewhere (the other run stops there another time), never.
    why(side, n) {
      const { stage, kind } = this.runs[side].stop(n);
      const other = this.runs[1 - side];
      if (other.data.unwatched.includes(`${stage} ${kind}`)) return "pairs_unwatched";
      const standing = this.standing(side, n);
      const next = standing === null ? 0 : standing + 1;
      if (other.data.left.includes(next)) return "pairs_left";
      if (other.data.truncated && next >= other.length) return "pairs_over";
      return this._names[1 - side].has(`${stage} ${kind}`) ? "pairs_elsewhere" : "pairs_never";
    }

    // What the two did up to this pair since the last one: [{field, names, values, before, mark}, ...], of the fields that
    // either changed. The mark: same, differs, or only (one of the two records no such field).
    changes(k) {
      const previous = this._previous(k);
      const [i, j] = this.pairs[k];
      const moved = ({ before, values }) => !before || JSON.stringify(before) !== JSON.stringify(values); // and not back again
      return this._changed[k].map((field) => this._row(field, [i, j], previous)).filter(moved);
    }

    // All fields that are not the same at this pair, those first that both have.
    differing(k) {
      const rows = this.alike.names.map((_, field) => this._row(field, this.pairs[k], null));
      return [...rows.filter(({ mark }) => mark === "differs"), ...rows.filter(({ mark, values }) => mark === "only" && values.some((value) => value !== null))];
    }

    // Why a field may differ at this stop: the written reason in all languages, or null. Field -1 is the stop itself.
    reason(k, field) {
      const side = this.pairs[k][0] === null ? 1 : 0;
      const { stage, kind } = this.runs[side].stop(this.pairs[k][side]);
      const found = this.alike.reasons.find(({ fields, stages }) => fields.includes(field) && (!stages || stages.includes(`${stage} ${kind}`)));
      return found ? found.text : null;
    }

    // Whether nothing is known to be different at this pair.
    same(k) {
      return this._same[k];
    }

    // The run's next stop (or the one before, with step -1) at which the two differ; null if there is none.
    next(side, n, step) {
      for (let at = n + step; at >= 0 && at < this.runs[side].length; at += step) if (!this._same[this.pair(side, at)]) return at;
      return null;
    }

    // The last pair that both runs had passed: threads of two runs take turns differently.
    _previous(k) {
      const [i, j] = this.pairs[k];
      while (--k >= 0) {
        const [one, other] = this.pairs[k];
        if (one !== null && other !== null && one < i && other < j) return this.pairs[k];
      }
      return null;
    }

    _number(side, field, value) {
      const number = this._class[side].get(JSON.stringify(value));
      return this._kinds.has(field) ? Number(number > 0) : number;
    }

    _row(field, stops, previous) {
      const names = [0, 1].map((side) => this._path[side].get(field));
      const values = [0, 1].map((side) => (names[side] === undefined || stops[side] === null ? null : this.runs[side].value(stops[side], names[side])));
      const before = previous && [0, 1].map((side) => (names[side] === undefined ? null : this.runs[side].value(previous[side], names[side])));
      const alike = (both) => this._number(0, field, both[0]) === this._number(1, field, both[1]);
      const mark = names.includes(undefined) ? "only" : alike(values) && (!before || alike(before)) ? "same" : "differs";
      return { field, names, values, before, mark };
    }

    // Goes through both runs once: which fields each pair changed, and whether it was the same on both sides.
    _walk() {
      const fields = [0, 1].map((side) => this.alike.paths[side]);
      let changed = new Set();
      this._changed = [];
      this._same = [];
      const at = [-1, -1];
      this.pairs.forEach((pair, k) => {
        for (const side of [0, 1])
          while (pair[side] !== null && at[side] < pair[side]) {
            const { delta } = this.runs[side].stop(++at[side]);
            for (let i = 0; i < delta.length; i += 2) if (fields[side][delta[i]] >= 0) changed.add(fields[side][delta[i]]);
          }
        const whole = pair[0] !== null && pair[1] !== null;
        this._changed.push(whole ? [...changed].sort((a, b) => a - b) : []);
        const rows = this._changed[k].length ? this.changes(k) : [];
        const side = pair[0] === null ? 1 : 0;
        const known = whole || ["pairs_elsewhere", "pairs_never"].includes(this.why(side, pair[side]));
        this._same.push(whole ? rows.every((row) => row.mark === "same" || (row.mark === "only" && !row.before)) : !known);
        if (whole) changed = new Set();
      });
    }
  };
})();
