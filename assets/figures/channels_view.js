/* What a layer with channels looks like: CourseFigures.ChannelsView draws a figure's state and calls its methods back.
 *
 * The figure (channels.js) holds the state: s (settings), result (from compute), position, count, seen, controls, timer.
 * Each channel is a column: the padded channel, the filter's slice that meets it, and the sum of their products.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const { el, format, factor } = CF;

  CF.ChannelsView = class {
    constructor(figure) {
      this.figure = figure;
      this.messages = new CF.Messages();
      this.live = CF.liveRegion();
      this.columns = el("div", { class: "cf-channels" });
      this.sum = el("div", { class: "cf-sum cf-meeting", "data-part": "sum" });
      this.outputs = el("div", { class: "cf-stage" });
      this.settings = el("div", { class: "cf-settings" });
      this.fillBox = CF.checkbox({ label: "fill in all", checked: false, onChange: () => this.draw() });
      this.transport = new CF.Transport(figure);
      this.transport.node.append(this.fillBox);
      figure.root.replaceChildren(this.columns, this.sum, this.outputs, this.transport.node, this.messages.node, this.settings,
        this.live);
    }

    set filled(all) {
      this.fillBox.firstChild.checked = all;
    }

    get filled() {
      return this.fillBox.firstChild.checked;
    }

    buildSettings() {
      const { figure } = this;
      const steps = new Set(["stride", "padding"].filter((name) => figure.controls.has(name)));
      const fields = CF.geometryFields({ s: figure.s, controls: steps, limits: CF.channels.LIMITS, messages: this.messages,
        change: (name, value) => figure.change(name, value) });
      if (figure.controls.has("bias")) fields.unshift(this.biasField());
      this.resetButton ||= CF.textButton("Reset", () => {
        figure.reset();
        this.resetButton.focus(); // rebuilding the settings took it off the page for a moment
      });
      this.settings.replaceChildren(...fields, ...(figure.controls.size ? [this.resetButton] : []));
    }

    biasField() {
      const { figure } = this;
      const [min, max] = CF.channels.LIMITS.bias;
      return CF.pairField({ title: "Bias", labels: figure.s.bias.map((_, o) => `filter ${o}`), values: figure.s.bias, min, max,
        onInvalid: (name, message) => this.messages.set(name, message),
        onPair: (values) => figure.edit((s) => { s.bias = values; }) });
    }

    // ---- grids, made anew when the stride or the padding changes ----------------------------------------------------

    drawGrids() {
      const { s, result } = this.figure;
      this.messages.drop("cell "); // new grids hold valid numbers only
      this.messages.set("fit", result.message);
      this.inputGrids = s.input.map((_, c) => this.makeInput(c));
      this.sliceGrids = s.input.map((_, c) => this.makeSlice(c));
      this.parts = s.input.map(() => el("div", { class: "cf-part", "data-part": "channel" }));
      this.sliceTitles = s.names.map(() => el("div", { class: "cf-title" }));
      this.columns.style.setProperty("--cf-across", s.input.length * result.padded[0][0].length);
      this.columns.style.setProperty("--cf-beside", result.padded[0][0].length + result.taps[1]);
      this.columns.replaceChildren(...s.names.map((name, c) => el("div", { class: "cf-channel" },
        CF.panel(name, result.padded[c], this.inputGrids[c]),
        el("div", { class: "cf-panel" }, this.sliceTitles[c], this.sliceGrids[c].node), this.parts[c])));
      this.outputGrids = result.fits ? s.filters.map((_, o) => this.makeOutput(o)) : [];
      this.outputs.replaceChildren(...this.outputGrids.map((grid, o) => CF.panel(`Output channel ${o}`, result.output[o], grid)));
    }

    makeInput(c) {
      const { figure } = this;
      const { size, padded } = figure.result;
      const [top, left] = figure.s.padding;
      const inside = (r, k) => r >= top && r < top + size[0] && k >= left && k < left + size[1];
      const grid = new CF.Grid({
        kind: "input", label: `Input, ${figure.s.names[c]}` + (top + left ? ", with its zero padding" : ""), name: figure.s.names[c],
        values: padded[c], origin: [top, left], editable: (r, k) => figure.controls.has("input") && inside(r, k),
        onEdit: (r, k, value) => figure.edit((s) => { s.input[c][r - top][k - left] = value; }),
        onInvalid: (...entry) => this.messages.setCell(...entry),
      });
      grid.mark("cf-pad", (r, k) => !inside(r, k));
      return grid;
    }

    makeSlice(c) {
      const { figure } = this;
      return new CF.Grid({
        kind: "kernel", label: `Slice for ${figure.s.names[c]}`, name: `Slice for ${figure.s.names[c]},`,
        values: figure.s.filters[0][c], editable: () => figure.controls.has("filters"),
        onEdit: (u, v, value) => figure.edit((s) => { s.filters[figure.spot()[0]][c][u][v] = value; }),
        onInvalid: (...entry) => this.messages.setCell(...entry),
      });
    }

    makeOutput(o) {
      const { figure } = this;
      return new CF.Grid({
        kind: "output", label: `Output channel ${o}`, name: `Output channel ${o},`,
        values: figure.result.output[o].map((row) => row.map(() => null)),
        selectable: () => true, onSelect: (r, c) => figure.select(o, r, c),
      });
    }

    // ---- one position -----------------------------------------------------------------------------------------------

    draw() {
      const { figure } = this;
      const { s, result } = figure;
      const [o, i, j] = result.fits ? figure.spot() : [0, 0, 0];
      const window = result.fits ? CF.channels.windowAt(result, o, i, j) : null;
      this.sliceGrids.forEach((grid, c) => grid.setAll(s.filters[o][c]));
      this.sliceTitles.forEach((title) => { title.textContent = `slice of filter ${o}`; });
      this.drawWindow(window);
      if (window) this.drawOutputs(o, i, j);
      this.drawSum(window, o, i, j);
      this.transport.draw();
    }

    drawWindow(window) {
      const { s, result } = this.figure;
      const [height, width] = result.taps;
      this.inputGrids.forEach((grid, c) => {
        const covered = (r, k) => window && r >= window.top && r < window.top + height && k >= window.left && k < window.left + width;
        grid.mark("cf-covered", covered);
        grid.outline(window && [window.top, window.left, height, width]);
        const part = window ? CF.sumOfProducts(s.names[c], window.parts[c].pairs, window.parts[c].sum) : [];
        this.parts[c].replaceChildren(...part);
      });
    }

    drawOutputs(o, i, j) {
      const { figure } = this;
      const { output } = figure.result;
      this.outputGrids.forEach((grid, p) => {
        const shown = (r, c) => this.filled || figure.seen.has(figure.index(p, r, c));
        grid.setAll(output[p].map((row, r) => row.map((value, c) => (shown(r, c) ? value : null))));
        grid.select((r, c) => p === o && r === i && c === j,
          (r, c) => `channel ${p}, row ${r}, column ${c}: ${shown(r, c) ? format(output[p][r][c]) : "not yet computed"}`);
      });
    }

    /** "Y[0, 1, 1] = 2 + (-1) + 3 + 1 = 5": one sum per channel, and the bias. */
    drawSum(window, o, i, j) {
      const { s, result, position, count, timer } = this.figure;
      if (!window) {
        this.sum.replaceChildren();
        this.live.textContent = result.message;
        return;
      }
      const addends = [...window.parts.map((part, c) => [s.names[c], part.sum]), ["bias", window.bias]];
      const nodes = addends.map(([name, value], index) => el("span", { class: "cf-addend" }, index ? "+ " : "",
        el("strong", {}, factor(value)), " ", el("span", { class: "cf-shape" }, name)));
      this.sum.replaceChildren(el("span", { class: "cf-lhs" }, `Y[${o}, ${i}, ${j}] = `), ...nodes,
        el("span", { class: "cf-total" }, "= ", el("strong", {}, format(window.total))));
      const spoken = addends.map(([name, value]) => `${name} ${format(value)}`).join(", ");
      const head = `Filter ${o}, row ${i}, column ${j}, ${position + 1} of ${count}: `;
      this.live.textContent = head + (timer ? "" : `${spoken}, `) + `output = ${format(window.total)}`; // short while it plays
    }
  };
})();
