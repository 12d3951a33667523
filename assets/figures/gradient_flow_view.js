/* What the gradient flow looks like: CourseFigures.GradientFlowView draws a figure's state and calls its methods back.
 *
 * The figure (gradient_flow.js) holds the state: s (settings), result (from compute), kind and position (what is picked).
 * Below, a "trace" is the list of meetings of one picked cell: output (i, j), weight (u, v), input (r, c).
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const { el, format, factor } = CF;
  const DX = "\u2202L/\u2202X";
  const DK = "\u2202L/\u2202K";
  const KINDS = {
    output: "an output cell: who receives its gradient?",
    input: "an input: where does its gradient come from?",
    kernel: "a weight: where does its gradient come from?",
  };

  CF.GradientFlowView = class {
    constructor(figure) {
      this.figure = figure;
      this.messages = new CF.Messages();
      this.live = CF.liveRegion();
      this.stage = el("div", { class: "cf-stages" });
      this.sum = el("div", { class: "cf-sum", "data-part": "sum" });
      this.text = el("p", { class: "cf-story", "data-part": "story" });
      this.settings = el("div", { class: "cf-settings" });
      this.kindSelect = el("select", { "aria-label": "Trace", change: () => figure.trace(this.kindSelect.value) },
        ...Object.entries(KINDS).map(([value, text]) => el("option", { value }, text)));
      const kinds = el("label", { class: "cf-field" }, el("span", {}, "Trace"), this.kindSelect);
      this.transport = new CF.Transport(figure);
      figure.root.replaceChildren(this.stage, kinds, this.transport.node, this.text, this.sum, this.messages.node,
        this.settings, this.live);
      kinds.classList.add("cf-kinds");
    }

    buildSettings() {
      const { figure } = this;
      const fields = CF.geometryFields({ s: figure.s, controls: figure.controls, limits: CF.gradientFlow.LIMITS,
        messages: this.messages, change: (name, value) => figure.change(name, value) });
      this.resetButton ||= CF.textButton("Reset", () => {
        figure.reset();
        this.resetButton.focus(); // rebuilding the settings took it off the page for a moment
      });
      this.settings.replaceChildren(...fields, ...(figure.controls.size ? [this.resetButton] : []));
    }

    // ---- grids --------------------------------------------------------------------------------------------------------

    drawGrids() {
      const { s, result } = this.figure;
      this.messages.drop("cell "); // new grids hold valid numbers only
      this.messages.set("fit", result.message);
      this.grids = { input: this.makeInput(), kernel: this.grid("kernel", "Kernel", s.kernel, "kernel") };
      const forward = [CF.panel("Input X", s.input, this.grids.input), CF.panel("Kernel K", s.kernel, this.grids.kernel)];
      const backward = [];
      if (result.fits) {
        Object.assign(this.grids, {
          output: this.grid("upstream", "Upstream gradient", s.upstream, "output"),
          gradInput: this.grid("gradinput", "Gradient of input", result.gradInput, "input", false),
          gradKernel: this.grid("gradkernel", "Gradient of kernel", result.gradKernel, "kernel", false),
          framed: new CF.Grid({ kind: "framed", label: "Upstream gradient, dilated and framed with zeros", name: "Framed",
            values: result.framed }),
        });
        const [top, left] = result.taps;
        this.grids.framed.mark("cf-pad", (r, c) => !this.isUpstream(r - top + 1, c - left + 1));
        forward.push(CF.panel("Upstream G = \u2202L/\u2202Y", s.upstream, this.grids.output));
        backward.push(CF.panel(DX, result.gradInput, this.grids.gradInput), CF.panel(DK, result.gradKernel, this.grids.gradKernel),
          CF.panel("G dilated and framed", result.framed, this.grids.framed));
      }
      const line = (nodes) => el("div", { class: "cf-stage" }, ...nodes);
      this.stage.replaceChildren(line(forward), ...(backward.length ? [line(backward)] : []));
    }

    /** Whether a cell of the dilated gradient holds an entry of G rather than a zero put between them. */
    isUpstream(r, c) {
      const { s, result } = this.figure;
      return r >= 0 && c >= 0 && r % s.stride[0] === 0 && c % s.stride[1] === 0 &&
        r / s.stride[0] < result.out[0] && c / s.stride[1] < result.out[1];
    }

    /** A grid whose cells pick `kind`; it is editable when the author allows it. */
    grid(style, name, values, kind, mayEdit = true, inside = () => true, origin = [0, 0]) {
      const { figure } = this;
      const setting = kind === "output" ? "upstream" : kind;
      const editable = mayEdit && figure.controls.has(setting);
      return new CF.Grid({
        kind: style, name, label: name, values, origin, walk: true,
        editable: (r, c) => editable && inside(r, c), selectable: (r, c) => figure.result.fits && inside(r, c),
        onSelect: (r, c) => figure.result.fits && figure.pick(kind, r - origin[0], c - origin[1]),
        onEdit: (r, c, value) => figure.edit(setting, r - origin[0], c - origin[1], value),
        onInvalid: (...entry) => this.messages.setCell(...entry),
      });
    }

    makeInput() {
      const { s, result } = this.figure;
      const [top, left] = s.padding;
      const inside = (r, c) => r >= top && r < top + result.size[0] && c >= left && c < left + result.size[1];
      const grid = this.grid("input", "Input", result.padded, "input", true, inside, s.padding);
      grid.mark("cf-pad", (r, c) => !inside(r, c));
      return grid;
    }

    // ---- one picked cell ----------------------------------------------------------------------------------------------

    draw() {
      const { figure } = this;
      const { result, kind } = figure;
      this.kindSelect.value = kind;
      this.stage.dataset.trace = kind;
      this.transport.draw();
      if (!result.fits) {
        this.sum.replaceChildren();
        this.text.textContent = "";
        this.live.textContent = result.message;
        return;
      }
      for (const name of ["gradInput", "gradKernel", "framed"]) this.grids[name].setAll(result[name]);
      const [r, c] = figure.place();
      const trace = CF.gradientFlow.trace(result, kind, r, c);
      this.drawMarks(trace, kind, r, c);
      ({ output: () => this.tellOutput(trace, r, c), input: () => this.tellInput(trace, r, c),
        kernel: () => this.tellKernel(trace, r, c) })[kind]();
    }

    drawMarks(trace, kind, r, c) {
      const { grids } = this;
      const { s, result } = this.figure;
      const at = (row, col) => `${row} ${col}`;
      const taps = { input: new Map(), kernel: new Map(), output: new Map(), gradInput: new Map(), gradKernel: new Map(),
        framed: new Map() };
      const sign = (value) => (value < 0 ? "" : "+") + format(value, 2);
      for (const m of trace) {
        taps.input.set(at(m.row, m.col), kind === "kernel" ? `\u00d7${format(m.g, 2)}` : "");
        taps.kernel.set(at(m.u, m.v), kind === "input" ? `\u00d7${format(m.g, 2)}` : "");
        taps.output.set(at(m.i, m.j), { output: "", input: `\u00d7${format(m.k, 2)}`, kernel: `\u00d7${format(m.x, 2)}` }[kind]);
        if (kind !== "kernel" && m.inside) taps.gradInput.set(at(m.r, m.c), kind === "output" ? sign(m.g * m.k) : "");
        if (kind === "output") {
          taps.framed.set(at(m.i * s.stride[0] + result.taps[0] - 1, m.j * s.stride[1] + result.taps[1] - 1), "");
        }
        if (kind !== "input") taps.gradKernel.set(at(m.u, m.v), kind === "output" ? sign(m.g * m.x) : "");
      }
      if (kind === "input") {
        const [top, left] = [r + s.padding[0], c + s.padding[1]];
        result.rotated.forEach((row, u) => row.forEach((k, v) => taps.framed.set(at(top + u, left + v), `\u00d7${format(k, 2)}`)));
        grids.framed.outline([top, left, ...result.taps]);
      } else {
        grids.framed.outline(null);
      }
      for (const [name, cells] of Object.entries(taps)) {
        grids[name].mark("cf-covered", (row, col) => cells.has(at(row, col)));
        grids[name].setTaps((row, col) => cells.get(at(row, col)) || "");
      }
      const homes = { output: ["output"], input: ["input", "gradInput"], kernel: ["kernel", "gradKernel"] };
      for (const [home, names] of Object.entries(homes)) {
        for (const name of names) {
          const [top, left] = grids[name].origin;
          grids[name].mark("cf-picked", (row, col) => home === kind && row - top === r && col - left === c);
          if (home === kind) grids[name].setActive(r + top, c + left);
        }
      }
    }

    say(story, sum, spoken) {
      this.text.textContent = story;
      this.sum.replaceChildren(...sum);
      this.live.textContent = spoken;
    }

    tellOutput(trace, i, j) {
      const { result } = this.figure;
      const { g } = trace[0];
      const lost = trace.filter((m) => !m.inside).length;
      const rows = (second) => result.settings.kernel.map((_, u) => trace.filter((m) => m.u === u).map((m) => [m.g, m[second]]));
      const block = (title, second, css) =>
        el("div", { class: "cf-block" }, ...CF.sumOfProducts(title, rows(second), null, ["cf-g", css]));
      const dropped = lost ? ` ${lost} of its products fall on padding and are dropped.` : "";
      const story = `G[${i}, ${j}] = ${format(g)} flows to the ${trace.length - lost} inputs its window read, times the weight that read ` +
        `them, and to every weight, times the input it read.${dropped}`;
      const spoken = (name, second) => `${name} ${trace.map((m) => `${factor(m.g)} \u00d7 ${factor(m[second])}`).join(", ")}`;
      this.say(story, [block(`to ${DX}`, "k", "cf-k"), block(`to ${DK}`, "x", "cf-x")],
        `Output row ${i}, column ${j}. ${story} ${spoken("To the inputs:", "k")}. ${spoken("To the weights:", "x")}.`);
    }

    tellInput(trace, r, c) {
      const { gradInput, settings } = this.figure.result;
      const total = gradInput[r][c];
      const rows = settings.upstream.map((_, i) => trace.filter((m) => m.i === i).map((m) => [m.g, m.k])).filter((row) => row.length);
      const story = trace.length
        ? `X[${r}, ${c}] was read by ${this.plural(trace.length, "window")}: its gradient sums G times the weight that read it. ` +
          "The same number: K turned by 180\u00b0, laid on the dilated and framed G."
        : `X[${r}, ${c}] was read by no window: its gradient is 0.`;
      this.say(story, CF.sumOfProducts(`${DX}[${r}, ${c}]`, rows, total, ["cf-g", "cf-k"]),
        `Gradient of input row ${r}, column ${c}: ${this.spokenSum(trace, "g", "k")}${format(total)}`);
    }

    tellKernel(trace, u, v) {
      const { gradKernel, settings } = this.figure.result;
      const total = gradKernel[u][v];
      const rows = settings.upstream.map((_, i) => trace.filter((m) => m.i === i).map((m) => [m.x, m.g]));
      const story = `K[${u}, ${v}] took part in every output: its gradient sums, over the outputs, the input it read there times G. ` +
        `All weights together: X correlated with G${Math.max(...settings.stride) > 1 ? ", dilated by the stride" : ""}.`;
      this.say(story, CF.sumOfProducts(`${DK}[${u}, ${v}]`, rows, total, ["cf-x", "cf-g"]),
        `Gradient of kernel row ${u}, column ${v}: ${this.spokenSum(trace, "x", "g")}${format(total)}`);
    }

    plural(count, noun) {
      return `${count} ${noun}${count === 1 ? "" : "s"}`;
    }

    spokenSum(trace, first, second) {
      if (!trace.length) return "no window reads it = ";
      return `${trace.map((m) => `${factor(m[first])} \u00d7 ${factor(m[second])}`).join(" + ")} = `;
    }
  };
})();
