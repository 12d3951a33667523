/* What residual paths look like: the block with its numbers (left, downwards) and gradients (right, upwards), and the chain. */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const { el, svg, format, factor } = CF;
  const ROWS = ["x", "branch", "u", "a", "f", "s", "y"];
  const FORWARD = { x: 0, branch: 1, u: 1, a: 2, f: 3, s: 4, y: 5 }; // the step that shows a row's numbers
  const BACKWARD = { y: 6, s: 7, f: 8, a: 9, u: 10, branch: 11, x: 12 }; // and its gradient
  const NAMES = { x: "x", branch: "x", u: "u", a: "a", f: "F", s: "x + F", y: "y" };
    const w = (n) => ["w", el("sub", {}, n)];
  const superscript = (n) => String(n).replace(/./g, (c) => ({ "-": "\u207b", 1: "\u00b9", 2: "\u00b2", 3: "\u00b3" })[c] || String.fromCharCode(0x2070 + Number(c)));

  /** 0.00000213 -> "2.1 · 10⁻⁶". */
  function scientific(value) {
    if (value === 0 || (Math.abs(value) >= 0.01 && Math.abs(value) < 10000)) return format(value, 3);
    const power = Math.floor(Math.log10(Math.abs(value)));
    return `${format(value / 10 ** power, 1)}\u00a0\u00b7\u00a010${superscript(power)}`;
  }

  CF.ResidualView = class {
    constructor(figure) {
      this.figure = figure;
      this.transport = new CF.Transport(figure);
      this.editable = []; // the grids that the reader may change
      this.story = el("p", { class: "cf-story", "data-part": "story" });
      this.lengths = el("p", { class: "cf-lengths", "data-part": "lengths" });
      this.chain = el("div", { class: "cf-drawing", "data-part": "chain" });
      this.products = el("p", { class: "cf-products", "data-part": "products" });
      const block = el("div", { class: "cf-block-side" }, this.buildBlock(), this.transport.node);
      const rest = el("div", { class: "cf-chain-side" }, this.buildControls(), this.story, this.lengths,
        this.buildDepth(), this.chain, this.products);
      figure.body.append(el("div", { class: "cf-paths" }, block, rest));
      CF.onWidth(this.chain, () => this.drawChain());
    }

    // ---- the block ----------------------------------------------------------------------------------------------------

    buildBlock() {
      this.grids = {};
      const nodes = [el("div", { class: "cf-title cf-forward" }, "numbers \u2193"), el("div", { class: "cf-title cf-backward" }, "gradients \u2191")];
      this.arrows = {};
      ROWS.forEach((name, row) => {
        if (row) nodes.push(...this.arrowsAbove(name, 2 * row + 1));
        nodes.push(...this.vectors(name, 2 * row + 2));
      });
      this.rails = [el("div", { class: "cf-rail cf-rail-down" }, el("span", {}, "identity")), el("div", { class: "cf-rail cf-rail-up" }, el("span", {}, "identity"))];
      return el("div", { class: "cf-block-grid" }, ...nodes, ...this.rails);
    }

    /** A row's numbers and its gradient; what the reader may change are x and the gradient that arrives. */
    vectors(name, line) {
      const { figure } = this;
      const make = (kind, label, field, values) => new CF.Grid({
        kind, label, name: label, values: [values], editable: () => Boolean(field),
        onEdit: (r, c, value) => figure.edit(field, c, value), onInvalid: (...entry) => figure.messages.setCell(...entry),
      });
      const kind = { x: "input", branch: "input", s: "result", y: "result" }[name] || "inner";
      const shown = name === "branch" ? "x into F" : NAMES[name];
      const down = make(kind, `Numbers ${shown},`, name === "x" ? "input" : null, name === "x" ? figure.state.input : [null, null, null, null]);
      const up = make("upstream", `Gradient of ${shown},`, name === "y" ? "gradient" : null, name === "y" ? figure.state.gradient : [null, null, null, null]);
      this.grids[name] = { down, up };
      if (name === "x") this.editable.push(down);
      if (name === "y") this.editable.push(up);
      const letter = el("span", { class: "cf-letter" }, NAMES[name]);
      const nodes = [[letter, 2], [down.node, 3], [up.node, 4]];
      for (const [node, column] of nodes) Object.assign(node.style, { gridRow: line, gridColumn: column });
      return nodes.map(([node]) => node);
    }

    /** What happens between a row and the one above it: downwards to the left, upwards to the right. */
    arrowsAbove(name, line) {
      const texts = {
        branch: [["copy"], ["add both paths"]], u: [["\u22c6 ", ...w(1)], ["back through ", ...w(1)]], a: [["ReLU"], ["where u > 0"]],
        f: [["\u22c6 \u03b1", ...w(2)], ["back through \u03b1", ...w(2)]], s: [["add x"], ["copy to both paths"]], y: [[el("span", {}, "ReLU")], [el("span", {}, "where x + F > 0")]],
      }[name];
      const down = el("span", { class: "cf-arrow cf-down" }, "\u2193 ", ...texts[0]);
      const up = el("span", { class: "cf-arrow cf-up" }, "\u2191 ", ...texts[1]);
      this.arrows[name] = { down, up };
      [down, up].forEach((node, index) => Object.assign(node.style, { gridRow: line, gridColumn: 3 + index }));
      return [down, up];
    }

    drawBlock() {
      const { state, result } = this.figure;
      for (const name of ROWS) {
        const { down, up } = this.grids[name];
        const [forward, backward] = [FORWARD[name] <= state.step, BACKWARD[name] <= state.step];
        down.setAll([name === "x" || forward ? result[name] : [null, null, null, null]]);
        up.setAll([name === "y" || backward ? result.g[name] : [null, null, null, null]]);
        down.mark("cf-covered", () => FORWARD[name] === state.step);
        up.mark("cf-covered", () => BACKWARD[name] === state.step || (state.step === 8 && name === "s"));
        if (!this.arrows[name]) continue;
        const above = ROWS[ROWS.indexOf(name) - 1];
        this.arrows[name].down.classList.toggle("cf-now", FORWARD[name] === state.step);
        this.arrows[name].up.classList.toggle("cf-now", BACKWARD[above] === state.step);
      }
      const [downwards, upwards] = this.arrows.y ? [this.arrows.y.down.lastChild, this.arrows.y.up.lastChild] : [];
      downwards.textContent = state.last === "relu" ? "ReLU" : "as it is";
      upwards.textContent = state.last === "relu" ? "where x + F > 0" : "as it is";
      this.rails[0].classList.toggle("cf-now", state.step === FORWARD.s);
      this.rails[1].classList.toggle("cf-now", state.step === 8 || state.step === 12);
    }

    // ---- controls -----------------------------------------------------------------------------------------------------

    buildControls() {
      const { figure } = this;
      const weights = (field, n) => {
        const grid = new CF.Grid({ kind: "kernel", label: `Kernel w${n}`, name: `Kernel w${n},`, values: [figure.state[field]], editable: () => true,
          onEdit: (r, c, value) => figure.edit(field, c, value), onInvalid: (...entry) => figure.messages.setCell(...entry) });
        this.editable.push(grid);
        figure.bound.push(() => grid.setAll([figure.state[field]]));
        return el("div", { class: "cf-together" }, el("span", { class: "cf-letter" }, ...w(n)), grid.node);
      };
      const { min, max, step } = figure.fields.scale;
      this.slider = el("input", { type: "range", min, max, step, "aria-label": "Scale of the weights of F",
        input: () => figure.set({ scale: this.slider.valueAsNumber }) });
      figure.bound.push(() => { this.slider.value = figure.state.scale; });
      const number = figure.number({ label: "", name: "Scale, as a number", field: "scale" });
      const last = CF.checkbox({ label: "last ReLU", checked: true, onChange: (on) => figure.set({ last: on ? "relu" : "none" }) });
      figure.bound.push(() => { last.firstChild.checked = figure.state.last === "relu"; });
      return el("div", { class: "cf-weights" }, weights("first", 1), weights("second", 2),
        el("div", { class: "cf-together cf-scale" }, el("span", { class: "cf-letter" }, "\u03b1"), this.slider, number, last));
    }

    buildDepth() {
      const { figure } = this;
      const { min, max, step } = figure.fields.depth;
      const slider = el("input", { type: "range", min, max, step, "aria-label": "Blocks in the chain", input: () => figure.set({ depth: slider.valueAsNumber }) });
      figure.bound.push(() => { slider.value = figure.state.depth; });
      const title = el("span", { class: "cf-title" }, "dh", el("sub", {}, "n"), " / dh", el("sub", {}, "0"), " of n blocks");
      return el("div", { class: "cf-together cf-scale" }, title, slider, figure.number({ label: "", name: "Blocks, as a number", field: "depth" }));
    }

    draw() {
      this.drawBlock();
      this.transport.draw();
      this.story.replaceChildren(...this.tale());
      this.drawLengths();
      this.drawChain();
      this.drawProducts();
    }

    // ---- words --------------------------------------------------------------------------------------------------------

    /** One number of the row worked out, where a kernel made it: "u[1] = 1·1 + 0·2 − 1·0". */
    worked(name, kernel, row, value, back) {
      const { state } = this.figure;
      const at = 1;
      const terms = kernel.map((weight, k) => `${factor(weight)}\u00b7${factor(row[back ? at - k + 1 : at + k - 1] ?? 0)}`).join(" + ");
      const scale = name.includes("\u03b1") ? `${factor(state.scale)} \u00b7 ` : "";
      return `${name.replace("\u03b1", "")}[1] = ${scale}${scale ? `(${terms})` : terms} = ${format(value[at])}`;
    }

    tale() {
      const { state, result } = this.figure;
      const { g } = result;
      const relu = state.last === "relu";
      const closed = (row) => row.filter((value) => value <= 0).length;
      const texts = [
        () => "x goes two ways: into F, and unchanged along the identity.",
        () => `The first kernel slides over x, one zero of padding per side: ${this.worked("u", state.first, result.x, result.u)}.`,
        () => `ReLU: ${closed(result.u)} of 4 numbers are not above 0 and become 0.`,
        () => `The second kernel, scaled by \u03b1: ${this.worked("F\u03b1", state.second, result.a, result.f)}.`,
        () => `The paths meet: (x + F)[1] = ${format(result.x[1])} + ${factor(result.f[1])} = ${format(result.s[1])}.`,
        () => (relu ? `ReLU: y. ${this.same() ? "The block gave x back: it is the identity here." : ""}` : `Nothing follows: y = x + F. ${this.same() ? "The block gave x back: it is the identity." : ""}`),
        () => "Now backwards: the gradient dL/dy arrives from the next layer.",
        () => (relu ? `Through the last ReLU passes what stands where x + F > 0: ${4 - closed(result.s)} of 4.` : "Nothing follows the sum: its gradient is what arrived."),
        () => "The sum hands its gradient, the same numbers, to both its addends: into F, and to x by the identity, times 1.",
        () => `Back through the second kernel: ${this.worked("da\u03b1", state.second, g.f, g.a, true)}.`,
        () => `Back through ReLU: only where u > 0, ${4 - closed(result.u)} of 4.`,
        () => `Back through the first kernel: ${this.worked("dx through F, dx", state.first, g.u, g.branch, true)}.`,
        () => `Both paths end at x and add up: dx[1] = ${format(g.s[1])} + ${factor(g.branch[1])} = ${format(g.x[1])}. The identity's part is what 1 is in 1 + F\u2032.`,
      ];
      return [texts[state.step]().trim()];
    }

    same() {
      const { x, y } = this.figure.result;
      return x.every((value, i) => Math.abs(value - y[i]) < 1e-12);
    }

    drawLengths() {
      const { lengths } = this.figure.result;
      const number = (value) => el("strong", {}, format(value, 2));
      this.lengths.replaceChildren("Length of the gradient: arrives ", number(lengths.arrives), ", leaves ", number(lengths.leaves),
        "; through F alone it would leave with ", number(lengths.branch), ".");
    }

    // ---- the chain ----------------------------------------------------------------------------------------------------

    drawChain() {
      const width = Math.floor(this.chain.clientWidth);
      const { chain } = this.figure.result || {};
      if (!width || !chain) return;
      const height = width < 420 ? 104 : 132;
      const [left, right, top, bottom] = [44, 8, 8, 22];
      const n = chain.residual.length - 1;
      const log = (value) => Math.log10(Math.abs(value));
      const all = [...chain.residual, ...chain.plain].filter((value) => value !== 0).map(log);
      const low = Math.min(-2, Math.floor(Math.min(...all)));
      const high = Math.max(1, Math.ceil(Math.max(...all)));
      const x = (i) => left + (i / n) * (width - left - right);
      const y = (power) => top + ((high - power) / (high - low)) * (height - top - bottom);
      const ticks = [...new Set([high, 0, Math.round(low / 2), low])].filter((power, _, list) => power === 0 || list.every((other) => other === power || Math.abs(y(other) - y(power)) > 13 || power < other));
      const lines = ticks.flatMap((power) => [svg("path", { class: "cf-tick", d: `M${left} ${y(power).toFixed(1)}H${width - right}` }),
        svg("text", { class: "cf-ticktext", x: left - 5, y: y(power) + 4, "text-anchor": "end" }, power ? `10${superscript(power)}` : "1")]);
      const curve = (values, css) => {
        const points = values.map((value, i) => (value === 0 ? null : `${x(i).toFixed(1)} ${y(log(value)).toFixed(1)}`)).filter(Boolean);
        return svg("path", { class: css, d: `M${points.join("L")}` });
      };
      const label = `Size of the derivative after each of ${n} blocks, on a logarithmic scale: with shortcuts ${scientific(chain.residual[n])}, without ${scientific(chain.plain[n])}`;
      this.chain.replaceChildren(svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label },
        ...lines, curve(chain.plain, "cf-curve cf-plain"), curve(chain.residual, "cf-curve"),
        svg("text", { class: "cf-ticktext", x: left, y: height - 6 }, "0"), svg("text", { class: "cf-ticktext", x: width - right, y: height - 6, "text-anchor": "end" }, `${n} blocks`)));
    }

    drawProducts() {
      const { state, result } = this.figure;
      const { residual, plain } = result.chain;
      const line = (css, text, value) => el("span", { class: "cf-product" }, el("span", { class: `cf-swatch ${css}`, "aria-hidden": "true" }), text, el("strong", {}, scientific(value)));
      this.products.replaceChildren(
        line("", "with shortcuts, \u220f (1 + F\u2032\u1d62) = ", residual[state.depth]),
        line("cf-plain", "without, \u220f F\u2032\u1d62 = ", plain[state.depth]),
        el("span", { class: "cf-note" }, "Each block is one number wide, F(h) = \u03b1v\u1d62h with a fixed v\u1d62 between \u22120.5 and 0.5."));
    }

    spoken() {
      const { state, result, position, timer, count } = this.figure;
      const { residual, plain } = result.chain;
      const name = ROWS.find((row) => (state.step > 5 ? BACKWARD : FORWARD)[row] === state.step && row !== "branch") || "branch";
      const row = state.step > 5 ? result.g[name] : result[name];
      const numbers = `${row.map((value) => format(value, 2)).join(", ")}`;
      const head = `Step ${position + 1} of ${count}: ${this.story.textContent} ${state.step > 5 ? "Gradient" : "Numbers"}: ${numbers}.`;
      return timer ? head : `${head} Chain of ${state.depth}: with shortcuts ${scientific(residual[state.depth])}, without ${scientific(plain[state.depth])}.`;
    }
  };
})();
