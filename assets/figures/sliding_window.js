/* The sliding window: a reader steps a kernel over an input and sees every product and sum.
 *
 * Embed (raw HTML in a markdown cell; keep it free of blank lines):
 *
 *   <div class="course-figure" data-figure="sliding-window"
 *        data-input="3 3 2 1 0; 0 0 1 3 1; 3 1 2 2 3; 2 0 0 2 2; 2 0 0 0 1" data-kernel="0 1 2; 2 2 0; 0 1 2"
 *        data-controls="input kernel stride padding mode">What the figure shows, for readers without JavaScript.</div>
 *
 * attribute          meaning                                                                     default
 * data-input         rows separated by ";", numbers by blanks; 1 to 8 rows and columns           required
 * data-kernel        the same, 1 to 5 rows and columns                                           required
 * data-stride        one number, or "down across"; 1 to 4                                        1
 * data-padding       one number, or "down across"; 0 to 4                                        0
 * data-dilation      one number, or "down across"; 1 to 3                                        1
 * data-mode          cross-correlation | convolution                                             cross-correlation
 * data-controls      what the reader may change: input kernel stride padding dilation mode       nothing
 * data-show-unread   mark the input values that no window reads ("false" switches it off)        off
 * data-fill          start with the whole output filled in                                       off
 * data-label         the figure's name for screen readers                                        Sliding window
 *
 * Needs core.js and sliding_window_compute.js, loaded first, and figures.css.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const { el, format, factor } = CF;
  const LIMITS = { input: [1, 8], kernel: [1, 5], stride: [1, 4], padding: [0, 4], dilation: [1, 3] };
  const STEP_MS = 1100;

  function readSettings(data) {
    const settings = {
      input: CF.parseMatrix(data.input, "data-input"),
      kernel: CF.parseMatrix(data.kernel, "data-kernel"),
      stride: CF.parsePair(data.stride, "data-stride", 1),
      padding: CF.parsePair(data.padding, "data-padding", 0),
      dilation: CF.parsePair(data.dilation, "data-dilation", 1),
      mode: data.mode || "cross-correlation",
    };
    for (const [name, [low, high]] of Object.entries(LIMITS)) {
      const value = settings[name];
      const sizes = name === "input" || name === "kernel" ? [value.length, value[0].length] : value;
      if (sizes.some((size) => size < low || size > high)) throw new Error(`data-${name}: expected ${low} to ${high}.`);
    }
    if (!["cross-correlation", "convolution"].includes(settings.mode)) throw new Error(`data-mode: got "${settings.mode}".`);
    return settings;
  }

  class SlidingWindow {
    constructor(root) {
      this.root = root;
      this.initial = readSettings(root.dataset);
      this.controls = new Set((root.dataset.controls || "").split(/\s+/));
      const flag = (value) => value !== undefined && value !== "false";
      this.showUnread = flag(root.dataset.showUnread);
      this.startFilled = flag(root.dataset.fill);
      this.build();
      this.reset();
      this.live.textContent = ""; // nothing to announce before the reader acts
      CF.keepKeys(root, (key) => this.onKey(key));
    }

    // ---- the frame, made once ---------------------------------------------------------------------------------------

    build() {
      this.messages = new CF.Messages();
      this.live = el("p", { class: "cf-hidden", "aria-live": "polite", "aria-atomic": "true", "data-part": "live" });
      this.stage = el("div", { class: "cf-stage" });
      this.sum = el("div", { class: "cf-sum", "data-part": "sum" });
      this.sizes = el("p", { class: "cf-sizes", "data-part": "sizes" });
      this.notes = el("p", { class: "cf-note", "data-part": "notes" });
      this.settingsBox = el("div", { class: "cf-settings" });
      this.root.replaceChildren(this.stage, this.buildTransport(), this.sum, this.messages.node, this.settingsBox,
        this.sizes, this.notes, this.live);
      this.root.setAttribute("role", "group");
      this.root.setAttribute("aria-label", this.root.dataset.label || "Sliding window");
      this.root.classList.add("cf-ready");
    }

    buildTransport() {
      const button = (icon, label, onPress, text) => CF.iconButton({ icon, label, onPress, text });
      this.buttons = {
        first: button("first", "First position", () => this.go(0)),
        previous: button("previous", "Previous position", () => this.go(this.position - 1)),
        play: button("play", "Play or pause", () => (this.timer ? this.pause() : this.play()), "Play"),
        next: button("next", "Next position", () => this.go(this.position + 1)),
        last: button("last", "Last position", () => this.go(this.count - 1)),
      };
      this.where = el("span", { class: "cf-where" });
      this.fillBox = CF.checkbox({ label: "fill in all", checked: this.startFilled, onChange: () => this.draw() });
      return el("div", { class: "cf-transport" }, ...Object.values(this.buttons), this.where, this.fillBox);
    }

    buildSettings() {
      const onInvalid = (name, message) => this.messages.set(name, message);
      const pair = (name, title, labels, values, onPair) => {
        const [min, max] = LIMITS[name];
        return this.controls.has(name) ? CF.pairField({ title, labels, values, min, max, onInvalid, onPair }) : null;
      };
      const shape = (name, title) => pair(name, title, ["rows", "columns"], [this.s[name].length, this.s[name][0].length],
        ([rows, cols]) => this.change(name, CF.resized(this.s[name], rows, cols)));
      const steps = (name, title) =>
        pair(name, title, ["down", "across"], this.s[name], (value) => this.change(name, value));
      const groups = [this.buildMode(), steps("stride", "Stride"), steps("padding", "Padding"), steps("dilation", "Dilation"),
        shape("input", "Input size"), shape("kernel", "Kernel size")].filter(Boolean);
      this.settingsBox.replaceChildren(...groups, ...(groups.length ? [this.resetButton()] : []));
    }

    buildMode() {
      if (!this.controls.has("mode")) return null;
      const options = [["cross-correlation", "cross-correlation"], ["convolution", "convolution (kernel flipped)"]];
      const select = el("select", { "aria-label": "Operation", change: () => this.change("mode", select.value) },
        ...options.map(([value, text]) => el("option", { value }, text)));
      select.value = this.s.mode;
      return el("fieldset", { class: "cf-group" }, el("legend", {}, "Operation"), select);
    }

    resetButton() {
      this.resetNode = this.resetNode || el("button", { type: "button", class: "cf-button cf-reset", click: () => {
        this.reset();
        this.resetNode.focus();
      } }, "Reset");
      return this.resetNode;
    }

    // ---- changes ----------------------------------------------------------------------------------------------------

    reset() {
      this.pause();
      this.s = { ...this.initial, input: CF.copy(this.initial.input), kernel: CF.copy(this.initial.kernel) };
      this.position = 0;
      this.seen = new Set([0]);
      this.fillBox.firstChild.checked = this.startFilled;
      this.messages.clear();
      this.buildSettings();
      this.drawGrids();
    }

    /** Take over a setting that moves or resizes windows: the grids are drawn anew from the first position. */
    change(name, value) {
      this.pause();
      this.s[name] = value;
      this.position = 0;
      this.seen = new Set([0]);
      this.drawGrids();
    }

    edit(name, r, c, value) {
      this.s[name][r][c] = value;
      this.messages.set(`cell ${name} ${r} ${c}`, null);
      this.result = CF.slidingWindow.compute(this.s);
      if (this.usedGrid) this.result.used.forEach((row, i) => row.forEach((k, j) => this.usedGrid.set(i, j, k)));
      this.draw();
    }

    go(position) {
      if (!this.result.fits) return;
      this.position = Math.min(Math.max(position, 0), this.count - 1);
      this.seen.add(this.position);
      this.draw();
    }

    onKey(key) {
      if (!this.result.fits) return false;
      const across = this.result.out[1];
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across };
      const goal = { Home: 0, End: this.count - 1 }[key] ?? this.position + step[key];
      this.pause();
      if (goal >= 0 && goal < this.count) this.go(goal);
      if (this.outputGrid.node.contains(document.activeElement)) this.outputGrid.focus(...this.place());
      return true;
    }

    play() {
      if (!this.result.fits) return;
      if (this.position === this.count - 1) this.go(0);
      this.timer = setInterval(() => {
        this.go(this.position + 1);
        if (this.position === this.count - 1) this.pause();
      }, STEP_MS);
      this.showPlaying();
    }

    pause() {
      clearInterval(this.timer);
      this.timer = null;
      this.showPlaying();
    }

    showPlaying() {
      CF.setIcon(this.buttons.play, this.timer ? "pause" : "play");
      this.buttons.play.querySelector(".cf-buttontext").textContent = this.timer ? "Pause" : "Play";
    }

    // ---- drawing ----------------------------------------------------------------------------------------------------

    place() {
      const across = this.result.out[1];
      return [Math.floor(this.position / across), this.position % across];
    }

    drawGrids() {
      this.result = CF.slidingWindow.compute(this.s);
      this.count = this.result.fits ? this.result.out[0] * this.result.out[1] : 0;
      this.messages.drop("cell "); // new grids hold valid numbers only
      this.messages.set("fit", this.result.message);
      const flipped = this.s.mode === "convolution";
      this.inputGrid = this.makeInputGrid();
      this.kernelGrid = this.makeValueGrid("kernel", "Kernel", this.s.kernel);
      this.usedGrid = flipped ? this.makeValueGrid("used", "Flipped kernel", this.result.used) : null;
      this.outputGrid = this.result.fits ? this.makeOutputGrid() : null;
      const sign = (text) => el("span", { class: "cf-sign", "aria-hidden": "true" }, text);
      const kernels = el("div", { class: "cf-kernels" }, this.panel("Kernel K", this.s.kernel, this.kernelGrid));
      if (flipped) kernels.append(this.panel("K turned by 180\u00b0: this slides", this.result.used, this.usedGrid));
      const output = this.outputGrid ? this.panel("Output Y", this.result.output, this.outputGrid)
        : el("p", { class: "cf-nofit" }, "no output");
      this.stage.replaceChildren(this.panel("Input X", this.s.input, this.inputGrid), sign(flipped ? "\u2217" : "\u22c6"),
        kernels, sign("="), output);
      this.drawSizes();
      this.draw();
    }

    panel(title, matrix, grid) {
      const shape = el("span", { class: "cf-shape" }, ` ${matrix.length} \u00d7 ${matrix[0].length}`);
      return el("div", { class: "cf-panel" }, el("div", { class: "cf-title" }, title, shape), grid.node);
    }

    makeInputGrid() {
      const [top, left] = this.s.padding;
      const inside = (r, c) => r >= top && r < top + this.result.size[0] && c >= left && c < left + this.result.size[1];
      const grid = new CF.Grid({
        kind: "input", label: "Input X" + (top + left ? " with its zero padding" : ""), name: "Input",
        values: this.result.padded, origin: [top, left],
        editable: (r, c) => this.controls.has("input") && inside(r, c),
        onEdit: (r, c, value) => this.edit("input", r - top, c - left, value),
        onInvalid: (...entry) => this.flag("input", grid, ...entry),
      });
      grid.cells.forEach((row, r) => row.forEach((cell, c) => cell.node.classList.toggle("cf-pad", !inside(r, c))));
      return grid;
    }

    makeValueGrid(kind, name, values) {
      const grid = new CF.Grid({
        kind, label: kind === "kernel" ? "Kernel K" : "Kernel K turned by 180 degrees", name, values,
        editable: () => kind === "kernel" && this.controls.has("kernel"),
        onEdit: (r, c, value) => this.edit("kernel", r, c, value),
        onInvalid: (...entry) => this.flag("kernel", grid, ...entry),
      });
      return grid;
    }

    makeOutputGrid() {
      return new CF.Grid({
        kind: "output", label: "Output Y", name: "Output", values: this.result.output.map((row) => row.map(() => null)),
        selectable: () => true, onSelect: (r, c) => this.select(r, c),
      });
    }

    select(r, c) {
      const position = r * this.result.out[1] + c;
      if (position === this.position) return;
      this.pause();
      this.go(position);
    }

    flag(name, grid, cellName, text, kept) {
      const [r, c] = grid.active.map((index, axis) => index - grid.origin[axis]);
      const typed = text.trim() === "" ? "empty" : `"${text}"`;
      this.messages.set(`cell ${name} ${r} ${c}`, `${cellName} is ${typed}: expected a number. ${format(kept)} stays in use.`);
    }

    drawSizes() {
      const { size, taps, out, fits } = this.result;
      const { stride, padding, dilation } = this.s;
      const line = (name, axis) => `${name}: \u230a(${size[axis]} + 2\u00b7${padding[axis]} \u2212 ${dilation[axis]}\u00b7(${taps[axis]} ` +
        `\u2212 1) \u2212 1) / ${stride[axis]}\u230b + 1 = ${fits ? out[axis] : format(out[axis]) + (out[axis] < 1 ? ", so none" : "")}`;
      this.sizes.replaceChildren(
        el("span", { class: "cf-formula" }, "Output size \u230a(H + 2P \u2212 D(K \u2212 1) \u2212 1) / S\u230b + 1"),
        el("span", { class: "cf-formula" }, line("rows", 0)), el("span", { class: "cf-formula" }, line("columns", 1)));
    }

    draw() {
      const fits = this.result.fits;
      const window = fits ? CF.slidingWindow.terms(this.result, ...this.place()) : [];
      this.drawInput(window);
      if (fits) this.drawOutput();
      this.drawSum(window);
      this.drawNotes();
      this.where.textContent = fits ? `${this.position + 1} of ${this.count}` : "";
      const dead = { first: this.position === 0, previous: this.position === 0, play: false,
        next: this.position === this.count - 1, last: this.position === this.count - 1 };
      for (const [name, button] of Object.entries(this.buttons)) {
        button.setAttribute("aria-disabled", String(!fits || dead[name]));
      }
    }

    drawInput(window) {
      const taps = new Map(window.map((term) => [`${term.row} ${term.col}`, term.k]));
      const [top, left] = this.s.padding;
      const unread = new Set(this.showUnread ? this.result.unread.map(([r, c]) => `${r + top} ${c + left}`) : []);
      this.inputGrid.cells.forEach((row, r) => row.forEach((cell, c) => {
        const k = taps.get(`${r} ${c}`);
        cell.node.classList.toggle("cf-covered", k !== undefined);
        cell.node.classList.toggle("cf-unread", unread.has(`${r} ${c}`));
        cell.tap.textContent = k === undefined ? "" : `\u00d7${format(k, 2)}`;
      }));
      const [i, j] = window.length ? this.place() : [0, 0];
      this.inputGrid.outline(window.length ? [i * this.s.stride[0], j * this.s.stride[1], ...this.result.span] : null);
    }

    drawOutput() {
      const all = this.fillBox.firstChild.checked;
      const [i, j] = this.place();
      this.result.output.forEach((row, r) => row.forEach((value, c) => {
        const shown = all || this.seen.has(r * row.length + c);
        const { node } = this.outputGrid.cells[r][c];
        this.outputGrid.set(r, c, shown ? value : null);
        node.setAttribute("aria-label", `row ${r}, column ${c}: ${shown ? format(value) : "not yet computed"}`);
        node.setAttribute("aria-selected", String(r === i && c === j));
      }));
      this.outputGrid.setActive(i, j);
    }

    drawSum(window) {
      if (!window.length) {
        this.sum.replaceChildren();
        this.live.textContent = this.result.message;
        return;
      }
      const [i, j] = this.place();
      const value = this.result.output[i][j];
      const part = (term, index) => el("span", { class: "cf-term" }, index ? "+ " : "",
        el("span", { class: "cf-x" }, factor(term.x)), "\u00b7", el("span", { class: "cf-k" }, factor(term.k)), " ");
      const across = this.result.taps[1];
      const rows = this.result.used.map((_, u) => el("span", { class: "cf-terms" },
        ...window.slice(u * across, (u + 1) * across).map((term, v) => part(term, u + v))));
      this.sum.replaceChildren(el("span", { class: "cf-lhs" }, `Y[${i}, ${j}] = `), el("span", { class: "cf-rhs" }, ...rows),
        el("span", { class: "cf-total" }, "= ", el("strong", {}, format(value))));
      const spoken = window.map((term) => `${factor(term.x)} \u00d7 ${factor(term.k)}`).join(" + ");
      const head = `Output row ${i}, column ${j}, ${this.position + 1} of ${this.count}: `;
      this.live.textContent = head + (this.timer ? format(value) : `${spoken} = ${format(value)}`);
    }

    drawNotes() {
      const notes = [];
      if (this.s.mode === "convolution") {
        notes.push("Convolution: the kernel is turned by 180\u00b0 before it slides, so X\u2009\u2217\u2009K is not X\u2009\u22c6\u2009K unless K is its own half turn.");
      } else if (this.controls.has("mode")) {
        notes.push("Cross-correlation: the kernel slides as it stands. Deep-learning libraries call this a convolution.");
      }
      const count = this.result.unread.length;
      if (this.showUnread && this.result.fits) {
        notes.push(count ? `No window reads ${count} of the input's ${this.result.size[0] * this.result.size[1]} values (struck out).`
          : "Every input value is read by at least one window.");
      }
      this.notes.textContent = notes.join(" ");
      this.notes.hidden = !notes.length;
    }
  }

  CF.register("sliding-window", (root) => new SlidingWindow(root));
})();
