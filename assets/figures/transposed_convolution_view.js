/* What the transposed convolution looks like: writing windows on the left, sliding over inserted zeros on the right. */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const { el, format } = CF;
  const NAMES = { input: "Input", kernel: "Kernel" };
  const range = (first, last) => (first === last ? `${first}` : `${first} to ${last}`);
  const shapeOf = (matrix) => `${matrix.length}\u2009\u00d7\u2009${matrix[0].length}`;

  CF.TransposedView = class {
    constructor(figure) {
      this.figure = figure;
      this.transport = new CF.Transport(figure);
      this.holders = {}; // what each grid stands in; a grid is made anew when its shape changes
      this.grids = {};
      const side = (name, ...parts) => el("div", { class: "cf-way", "data-part": name }, ...parts);
      this.sums = { scatter: el("div", { class: "cf-sum" }), gather: el("div", { class: "cf-sum" }) };
      this.story = el("p", { class: "cf-story", "data-part": "story" });
      this.size = el("p", { class: "cf-note", "data-part": "size" });
      const head = (text) => el("div", { class: "cf-head" }, text);
      figure.body.append(this.buildControls(),
        el("div", { class: "cf-given" }, this.holder("input", "X"), this.holder("kernel", "K"), this.transport.node, this.story),
        el("div", { class: "cf-ways" },
          side("scatter", head("Y: each input number writes"), this.holder("output", "Y"), this.sums.scatter),
          side("gather", head("The same by inserting zeros: D \u2217 K"),
            el("div", { class: "cf-pair" }, this.holder("dilated", "D in its frame"), this.holder("turned", "K, turned")), this.sums.gather)),
        this.size);
    }

    get editable() {
      return [this.grids.input, this.grids.kernel];
    }

    holder(name, title) {
      const parts = { shape: el("span", { class: "cf-shape" }), body: el("div", {}) };
      this.holders[name] = parts;
      return el("div", { class: "cf-panel", "data-part": name }, el("div", { class: "cf-title" }, title, parts.shape), parts.body);
    }

    buildControls() {
      const { figure } = this;
      const side = (name, label, most) => figure.number({ label, name: `${NAMES[name]} rows and columns`, get: () => figure.state[name].length,
        take: (n) => figure.resize(name, n), range: { min: 1, max: most, step: 1 } });
      const number = (field, label, name) => figure.number({ field, label, name });
      const { min } = figure.fields.padding;
      const padding = figure.number({ field: "padding", label: "p", name: "Padding", range: { min, step: 1, get max() { return Math.min(figure.state.kernel.length, figure.state.kernel[0].length) - 1; } } });
      return el("div", { class: "cf-editor" }, side("input", "H", 4), side("kernel", "K", 5), number("stride", "s", "Stride"), padding,
        figure.choice({ label: "output shows", name: "The output shows", field: "shown", options: { values: "its numbers", overlaps: "overlaps" } }));
    }

    /** The grid of a name with these values, made anew when it has another shape. */
    grid(name, values, options) {
      const { shape, body } = this.holders[name];
      const old = this.grids[name];
      const same = old && old.cells.length === values.length && old.cells[0].length === values[0].length;
      if (!same) {
        this.grids[name] = new CF.Grid({ kind: name, label: name, name, values, ...options });
        body.replaceChildren(this.grids[name].node);
        shape.textContent = shapeOf(values);
      }
      this.grids[name].setAll(values);
      return this.grids[name];
    }

    draw() {
      const { figure } = this;
      const { state, result } = figure;
      this.drawGiven(state, result);
      this.transport.draw(Boolean(figure.timer));
      for (const name of ["scatter", "gather"]) this.sums[name].parentNode.hidden = !result.fits;
      this.story.textContent = this.told();
      this.drawSize(state, result);
      if (!result.fits) return;
      this.drawOutput(state, result);
      this.drawZeros(state, result);
      this.drawSums(result);
    }

    // ---- the grids ----------------------------------------------------------------------------------------------------

    drawGiven(state, result) {
      const { figure } = this;
      for (const name of ["input", "kernel"]) {
        this.grid(name, state[name], { label: NAMES[name], name: NAMES[name], editable: () => true,
          onEdit: (r, c, value) => figure.edit(name, r, c, value), onInvalid: (...entry) => figure.messages.setCell(...entry),
          onSelect: name === "input" ? (r, c) => this.choose(r * state.input[0].length + c) : null });
      }
      const width = state.input[0].length;
      this.grids.input.mark("cf-covered", (r, c) => r * width + c === result.pixel);
      this.grids.input.mark("cf-later", (r, c) => r * width + c > result.pixel);
    }

    /** The reader put the cursor into an input cell. */
    choose(pixel) {
      if (pixel !== this.figure.position) this.figure.go(pixel);
    }

    drawOutput({ shown, kernel }, { written, counts, corner, place, value }) {
      const { figure } = this;
      const overlaps = shown === "overlaps";
      const grid = this.grid("output", overlaps ? counts : written, { label: "Output", name: "Output", selectable: () => true, walk: true,
        onSelect: (row, column) => (row !== figure.result.place[0] || column !== figure.result.place[1]) && figure.set({ row, column }) });
      const most = Math.max(...counts.flat());
      const [top, left] = corner;
      const into = (r, c) => kernel[r - top]?.[c - left];
      grid.cells.forEach((row, r) => row.forEach(({ node }, c) => {
        node.classList.toggle("cf-heat", overlaps);
        node.style.setProperty("--cf-heat", most ? counts[r][c] / most : 0);
      }));
      grid.mark("cf-nothing", (r, c) => overlaps && counts[r][c] === 0);
      grid.setTaps((r, c) => (overlaps || into(r, c) === undefined ? "" : `+${format(value * into(r, c), 2)}`.replace("+\u2212", "\u2212")));
      grid.select((r, c) => r === place[0] && c === place[1],
        (r, c) => `Output row ${r}, column ${c}: ${overlaps ? `${counts[r][c]} windows` : format(written[r][c])}`);
      const edge = [0, 1].map((axis) => [Math.max(0, corner[axis]), Math.min([written.length, written[0].length][axis], corner[axis] + [kernel.length, kernel[0].length][axis])]);
      const empty = edge.some(([from, to]) => to <= from);
      grid.outline(empty ? null : [edge[0][0], edge[1][0], edge[0][1] - edge[0][0], edge[1][1] - edge[1][0]]);
    }

    drawZeros({ kernel }, { dilated, own, turned, place }) {
      const grid = this.grid("dilated", dilated, { label: "Input with inserted zeros", name: "Zeros" });
      const under = (r, c) => turned[r - place[0]]?.[c - place[1]];
      grid.mark("cf-pad", (r, c) => !own[r][c]);
      grid.mark("cf-covered", (r, c) => own[r][c] && under(r, c) !== undefined);
      grid.setTaps((r, c) => (under(r, c) === undefined ? "" : format(under(r, c), 2)));
      grid.outline([...place, kernel.length, kernel[0].length]);
      this.grid("turned", turned, { kind: "used", label: "Turned kernel", name: "Turned kernel" });
    }

    // ---- the arithmetic -----------------------------------------------------------------------------------------------

    drawSums({ place, terms, pixel, gather, gathered, written }) {
      const [r, c] = place;
      const done = terms.filter((term) => term.pixel <= pixel);
      const waiting = terms.length - done.length;
      const name = `Y(${r}, ${c})`;
      const windows = terms.length === 1 ? "1 window writes" : `${terms.length || "no"} windows write`;
      const later = waiting ? `, ${waiting} still to come` : "";
      const sum = done.length ? CF.sumOfProducts(waiting ? `${name} so far` : name, [done.map(({ x, w }) => [x, w])], written[r][c])
        : [el("span", { class: "cf-lhs" }, `${name}${waiting ? " so far" : ""}`), el("span", { class: "cf-total" }, "= ", el("strong", {}, "0"))];
      this.sums.scatter.replaceChildren(...sum, el("span", { class: "cf-windows" }, `${windows} here${later}`));
      const parts = CF.sumOfProducts(name, gather.map((row) => row.map(({ x, w }) => [x, w])), gathered);
      const flat = gather.flat();
      parts[1].querySelectorAll(".cf-term").forEach((node, index) => node.classList.toggle("cf-inserted", !flat[index].own));
      const zeros = flat.filter(({ own }) => !own).length;
      this.sums.gather.replaceChildren(...parts, el("span", { class: "cf-windows" }, `${flat.length} products, ${zeros} of them with inserted zeros`));
    }

    drawSize({ input, kernel, stride, padding }, { fits, size, counts }) {
      const counted = fits ? counts.flat() : [0];
      const [least, most] = [Math.min(...counted), Math.max(...counted)];
      const how = least === most ? `${most} for every number` : `${least} to ${most} for a number`;
      const divides = [kernel.length, kernel[0].length].every((K) => K % stride === 0) ? "s divides K" : "s does not divide K";
      this.size.textContent = `Rows: s\u2009(H \u2212 1) + K \u2212 2p = ${stride} \u00b7 ${input.length - 1} + ${kernel.length} \u2212 2 \u00b7 ${padding} = ${format(size[0])}.` +
        (fits ? ` Windows that write: ${how}; ${divides}.` : "");
    }

    told() {
      const { state, result } = this.figure;
      if (!result.fits) return "";
      const { source, corner, value } = result;
      const [rows, columns] = [state.kernel.length, state.kernel[0].length].map((K, axis) => {
        const [first, last] = [Math.max(0, corner[axis]), Math.min(result.size[axis], corner[axis] + K) - 1];
        return last < first ? null : range(first, last);
      });
      const where = rows && columns ? `rows ${rows}, columns ${columns}` : "rows and columns that are cut off";
      return `X(${source.join(", ")}) = ${format(value)}: add ${format(value)} \u00b7 K at ${where}.`;
    }

    spoken() {
      const { result } = this.figure;
      if (!result.fits) return result.message;
      const { place: [r, c], written, gathered, terms } = result;
      const sum = written[r][c] === gathered ? `${format(gathered)} both ways` : `${format(written[r][c])} so far, ${format(gathered)} with inserted zeros`;
      return `${this.told()} Output row ${r}, column ${c}: ${sum}; ${terms.length} ${terms.length === 1 ? "window writes" : "windows write"} there.`;
    }
  };
})();
