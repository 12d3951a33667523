/* What the sliding window looks like: CourseFigures.SlidingWindowView draws a figure's state and calls its methods back.
 *
 * The figure (sliding_window.js) holds the state: s (settings), result (from compute), position, count, seen, controls,
 * showUnread, and timer while it plays.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const { el, format, factor } = CF;

  CF.SlidingWindowView = class {
    constructor(figure) {
      this.figure = figure;
      this.messages = new CF.Messages();
      this.live = CF.liveRegion();
      this.stage = el("div", { class: "cf-stage" });
      this.sum = el("div", { class: "cf-sum", "data-part": "sum" });
      this.sizes = el("div", { class: "cf-sizes", "data-part": "sizes" });
      this.notes = el("p", { class: "cf-note", "data-part": "notes" });
      this.settings = el("div", { class: "cf-settings" });
      this.fillBox = CF.checkbox({ label: "fill in all", checked: false, onChange: () => this.draw() });
      this.transport = new CF.Transport(figure);
      this.transport.node.append(this.fillBox);
      figure.root.replaceChildren(this.stage, this.transport.node, this.sum, this.messages.node, this.settings, this.sizes,
        this.notes, this.live);
    }

    set filled(all) {
      this.fillBox.firstChild.checked = all;
    }

    get filled() {
      return this.fillBox.firstChild.checked;
    }

    // ---- settings, made anew by a reset -------------------------------------------------------------------------------

    buildSettings() {
      const { figure } = this;
      const { s } = figure;
      const fields = CF.geometryFields({ s, controls: figure.controls, limits: CF.slidingWindow.LIMITS,
        messages: this.messages, change: (name, value) => figure.change(name, value) });
      const groups = [this.buildMode(), ...fields].filter(Boolean);
      this.resetButton ||= CF.textButton("Reset", () => {
        figure.reset();
        this.resetButton.focus(); // rebuilding the settings took it off the page for a moment
      });
      this.settings.replaceChildren(...groups, ...(groups.length ? [this.resetButton] : []));
    }

    buildMode() {
      if (!this.figure.controls.has("mode")) return null;
      const names = { "cross-correlation": "cross-correlation", convolution: "convolution (kernel flipped)" };
      const select = el("select", { "aria-label": "Operation", change: () => this.figure.change("mode", select.value) },
        ...Object.entries(names).map(([value, text]) => el("option", { value }, text)));
      select.value = this.figure.s.mode;
      return el("fieldset", { class: "cf-group" }, el("legend", {}, "Operation"), select);
    }

    // ---- grids, made anew when a window moves or changes its size -----------------------------------------------------

    drawGrids() {
      const { s, result } = this.figure;
      this.messages.drop("cell "); // new grids hold valid numbers only
      this.messages.set("fit", result.message);
      const flipped = s.mode === "convolution";
      this.inputGrid = this.makeInputGrid();
      this.kernelGrid = this.makeKernelGrid("kernel", "Kernel", s.kernel);
      this.usedGrid = flipped ? this.makeKernelGrid("used", "Flipped kernel", result.used) : null;
      this.outputGrid = result.fits ? this.makeOutputGrid() : null;
      const kernels = el("div", { class: "cf-kernels" }, CF.panel("Kernel K", s.kernel, this.kernelGrid));
      if (flipped) kernels.append(CF.panel("K turned by 180\u00b0", result.used, this.usedGrid));
      const output = result.fits ? CF.panel("Output Y", result.output, this.outputGrid)
        : el("p", { class: "cf-nofit" }, "no output");
      this.stage.replaceChildren(CF.panel("Input X", s.input, this.inputGrid),
        CF.unit(flipped ? "\u2217" : "\u22c6", kernels), CF.unit("=", output));
      this.drawSizes();
    }

    makeInputGrid() {
      const { figure } = this;
      const { size, padded } = figure.result;
      const [top, left] = figure.s.padding;
      const inside = (r, c) => r >= top && r < top + size[0] && c >= left && c < left + size[1];
      const grid = new CF.Grid({
        kind: "input", label: "Input X" + (top + left ? " with its zero padding" : ""), name: "Input",
        values: padded, origin: [top, left],
        editable: (r, c) => figure.controls.has("input") && inside(r, c),
        onEdit: (r, c, value) => figure.edit("input", r - top, c - left, value),
        onInvalid: (...entry) => this.messages.setCell(...entry),
      });
      grid.mark("cf-pad", (r, c) => !inside(r, c));
      return grid;
    }

    makeKernelGrid(kind, name, values) {
      return new CF.Grid({
        kind, label: kind === "kernel" ? "Kernel K" : "Kernel K turned by 180 degrees", name, values,
        editable: () => kind === "kernel" && this.figure.controls.has("kernel"),
        onEdit: (r, c, value) => this.figure.edit("kernel", r, c, value),
        onInvalid: (...entry) => this.messages.setCell(...entry),
      });
    }

    makeOutputGrid() {
      const { figure } = this;
      return new CF.Grid({
        kind: "output", label: "Output Y", name: "Output", values: figure.result.output.map((row) => row.map(() => null)),
        selectable: () => true, onSelect: (r, c) => figure.select(r, c),
      });
    }

    drawSizes() {
      const { size, taps, out, fits } = this.figure.result;
      const { stride, padding, dilation } = this.figure.s;
      const line = (name, axis) => {
        const numbers = `\u230a(${size[axis]} + 2\u00b7${padding[axis]} \u2212 ${dilation[axis]}\u00b7(${taps[axis]} \u2212 1) ` +
          `\u2212 1) / ${stride[axis]}\u230b + 1 = `;
        const value = format(out[axis]) + (fits || out[axis] > 0 ? "" : ": none");
        return el("span", { class: "cf-formula" }, `${name}: ${numbers}`, el("strong", {}, value));
      };
      this.sizes.replaceChildren(
        el("span", { class: "cf-formula" }, "Output size: \u230a(H + 2P \u2212 D\u00b7(K \u2212 1) \u2212 1) / S\u230b + 1"),
        line("rows", 0), line("columns", 1));
    }

    // ---- one position -------------------------------------------------------------------------------------------------

    draw() {
      const { figure } = this;
      const { result } = figure;
      const window = result.fits ? CF.slidingWindow.terms(result, ...figure.place()) : [];
      if (this.usedGrid) this.usedGrid.setAll(result.used);
      this.drawInput(window);
      if (result.fits) this.drawOutput();
      this.drawSum(window);
      this.drawNotes();
      this.transport.draw();
    }

    drawInput(window) {
      const { s, result, showUnread } = this.figure;
      const taps = new Map(window.map((term) => [`${term.row} ${term.col}`, `\u00d7${format(term.k, 2)}`]));
      const [top, left] = s.padding;
      const unread = new Set(showUnread ? result.unread.map(([r, c]) => `${r + top} ${c + left}`) : []);
      this.inputGrid.mark("cf-covered", (r, c) => taps.has(`${r} ${c}`));
      this.inputGrid.mark("cf-unread", (r, c) => unread.has(`${r} ${c}`));
      this.inputGrid.setTaps((r, c) => taps.get(`${r} ${c}`) || "");
      this.inputGrid.outline(window.length ? [window[0].row, window[0].col, ...result.span] : null);
    }

    drawOutput() {
      const { result, seen, position } = this.figure;
      const across = result.out[1];
      const shown = (r, c) => this.filled || seen.has(r * across + c);
      this.outputGrid.setAll(result.output.map((row, r) => row.map((value, c) => (shown(r, c) ? value : null))));
      this.outputGrid.select((r, c) => r * across + c === position,
        (r, c) => `row ${r}, column ${c}: ${shown(r, c) ? format(result.output[r][c]) : "not yet computed"}`);
    }

    drawSum(window) {
      const { result, position, count, timer } = this.figure;
      if (!window.length) {
        this.sum.replaceChildren();
        this.live.textContent = result.message;
        return;
      }
      const [i, j] = this.figure.place();
      const value = result.output[i][j];
      const across = result.taps[1];
      const rows = result.used.map((_, u) => window.slice(u * across, (u + 1) * across).map((term) => [term.x, term.k]));
      this.sum.replaceChildren(...CF.sumOfProducts(`Y[${i}, ${j}]`, rows, value));
      const spoken = window.map((term) => `${factor(term.x)} \u00d7 ${factor(term.k)}`).join(" + ");
      const head = `Output row ${i}, column ${j}, ${position + 1} of ${count}: `;
      this.live.textContent = head + (timer ? format(value) : `${spoken} = ${format(value)}`); // short while it plays
    }

    drawNotes() {
      const { s, result, controls, showUnread } = this.figure;
      const notes = [];
      if (s.mode === "convolution") {
        notes.push("Convolution: the kernel is turned by 180\u00b0 (flipped along both axes), and the turned kernel slides.");
      } else if (controls.has("mode")) {
        notes.push("Cross-correlation: the kernel slides as it stands. Deep-learning libraries call this a convolution.");
      }
      const total = result.size[0] * result.size[1];
      if (showUnread && result.fits) {
        notes.push(result.unread.length ? `No window reads ${result.unread.length} of the input's ${total} values (struck out).`
          : "Every input value is read by at least one window.");
      }
      this.notes.textContent = notes.join(" ");
      this.notes.hidden = !notes.length;
    }
  };
})();
