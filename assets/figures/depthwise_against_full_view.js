/* What depthwise against full looks like: three tables of kernels, the weights behind one output number, and what it all costs.
 *
 * A table has one column per input and one row per output channel. Up to 8 channels every kernel is drawn with its weights;
 * beyond, what is not zero is drawn as areas.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const { el, svg, exact } = CF;
  const EACH = 8; // channels that are drawn one by one
  const by = (a, b) => `${a}\u2009\u00d7\u2009${b}`;
  const sub = (which) => el("span", {}, "C", el("sub", {}, which));
  const percent = (part) => `${CF.format(100 * part, part < 0.1 ? 2 : 1)}\u2009%`;

  CF.DepthwiseView = class {
    constructor(figure) {
      this.figure = figure;
      this.panels = ["full", "depthwise", "pointwise"].map((name) => {
        const panel = { title: el("div", { class: "cf-title" }), drawing: el("div", { class: "cf-kernelmap" }), read: el("p", { class: "cf-read" }) };
        panel.node = el("div", { class: "cf-panel", "data-part": name }, panel.title, panel.drawing, panel.read);
        return panel;
      });
      const sign = (text) => el("span", { class: "cf-sign" }, text);
      const [full, depthwise, pointwise] = this.panels.map(({ node }) => node);
      const separable = el("div", { class: "cf-separable" }, depthwise, sign("then"), pointwise);
      this.ratio = el("p", { class: "cf-ratio", "data-part": "ratio" });
      this.table = el("div", { class: "cf-costs", role: "region", tabindex: 0, "aria-label": "The cost as a table" });
      const note = el("p", { class: "cf-note" }, "A column for each input channel, a row for each output channel. Stride 1, padding that keeps the size, no biases.");
      figure.body.append(this.buildControls(), el("div", { class: "cf-against" }, full, sign("or"), separable), this.table, this.ratio, note);
    }

    buildControls() {
      const { figure } = this;
      const number = (field, label, name) => figure.number({ field, label, name });
      const { min } = figure.fields.channel;
      const channel = figure.number({ label: "channel", name: "Output channel", get: () => figure.channel,
        take: (value) => figure.choose(value), range: { min, step: 1, get max() { return figure.state.out - 1; } } });
      channel.classList.add("cf-pick");
      return el("div", { class: "cf-editor" }, number("in", sub("in"), "Input channels"), number("out", sub("out"), "Output channels"),
        number("kernel", "K", "Kernel"), number("rows", "H", "Output rows"), number("columns", "W", "Output columns"),
        number("groups", "groups", "Groups"), channel);
    }

    draw() {
      this.drawPanels();
      this.drawTable();
      this.drawRatio();
    }

    // ---- the kernels --------------------------------------------------------------------------------------------------

    drawPanels() {
      const { figure } = this;
      const { in: from, out: to, kernel, groups } = figure.state;
      const { full, grouped, fits } = figure.result;
      const o = figure.channel;
      const [left, middle, right] = this.panels;
      const name = groups > 1 ? `${groups} groups` : "full";
      this.fill(left, { title: `${name}: ${by(to, groups > 1 && fits ? from / groups : from)} kernels`, rows: to, columns: from, groups, taps: kernel, row: o,
        read: fits ? `${groups > 1 ? from / groups : from} \u00b7 ${kernel}\u00b2 = ${exact((grouped || full).reads)} weights` : "impossible", fits });
      this.fill(middle, { title: `depthwise: ${from} kernels`, rows: from, columns: from, groups: from, taps: kernel, row: null,
        read: `all ${from} \u00b7 ${kernel}\u00b2 = ${exact(from * kernel ** 2)}`, fits: true });
      this.fill(right, { title: `1\u2009\u00d7\u20091: ${by(to, from)}`, rows: to, columns: from, groups: 1, taps: 1, row: o,
        read: `one row = ${exact(from)}`, fits: true });
    }

    fill(panel, { title, rows, columns, groups, taps, row, read, fits }) {
      panel.title.textContent = title;
      panel.read.textContent = `reads ${read}`;
      panel.read.hidden = false;
      const each = rows <= EACH && columns <= EACH;
      const draw = each ? this.drawEach : this.drawAreas;
      const [width, height] = each ? [columns * 22, rows * 22] : [150, Math.max(60, Math.min(176, (150 * rows) / columns))];
      const what = row === null ? "every kernel" : `row ${row}`;
      const label = `Table of ${rows} by ${columns} kernels; ${fits ? `${groups > 1 ? `${groups} blocks on the diagonal hold weights; ` : ""}marked: ${what}` : "impossible groups"}`;
      panel.drawing.replaceChildren(svg("svg", { viewBox: `-2 -2 ${width + 4} ${height + 4}`, width: width + 4, height: height + 4, role: "img", "aria-label": label },
        ...(fits ? draw.call(this, { rows, columns, groups, taps, row, width, height })
          : [svg("rect", { class: "cf-impossible", x: 0, y: 0, width, height })])));
    }

    /** One square per kernel, ruled into its weights. */
    drawEach({ rows, columns, groups, taps, row }) {
      const { figure } = this;
      const size = 20;
      const cells = [];
      for (let o = 0; o < rows; o += 1) {
        for (let c = 0; c < columns; c += 1) {
          const holds = CF.depthwise.reads({ in: columns, out: rows }, groups, o, c);
          const chosen = holds && (row === null || row === o);
          const at = { x: c * 22, y: o * 22 };
          const rules = holds && taps > 1 && taps < 8 ? this.rule(at, size, taps) : null;
          cells.push(svg("g", { class: `cf-tile${holds ? "" : " cf-zero"}${chosen ? " cf-chosen" : ""}`,
            click: row === null ? null : () => figure.choose(o) },
          svg("title", {}, holds ? `input channel ${c} to channel ${o}: ${taps * taps} weights` : `input channel ${c} to channel ${o}: no weights`),
          svg("rect", { ...at, width: size, height: size }), rules));
        }
      }
      return cells;
    }

    rule({ x, y }, size, taps) {
      const places = Array.from({ length: taps - 1 }, (_, index) => ((index + 1) * size) / taps);
      return svg("path", { d: places.map((p) => `M${(x + p).toFixed(1)} ${y}v${size}M${x} ${(y + p).toFixed(1)}h${size}`).join("") });
    }

    /** What holds weights as blocks along the diagonal, and the chosen row across its block. */
    drawAreas({ rows, columns, groups, row, width, height }) {
      const { figure } = this;
      const [wide, high] = [width / groups, height / groups];
      const blocks = Array.from({ length: groups }, (_, g) => `M${(g * wide).toFixed(2)} ${(g * high).toFixed(2)}h${wide.toFixed(3)}v${high.toFixed(3)}h${(-wide).toFixed(3)}z`);
      const pick = (event) => {
        const frame = event.currentTarget.getBoundingClientRect();
        figure.choose(Math.floor(((event.clientY - frame.top) / frame.height) * rows));
      };
      const chosen = row === null ? svg("path", { class: "cf-area cf-chosen", d: blocks.join("") })
        : this.areaRow({ rows, columns, groups, row, width, height });
      return [svg("rect", { class: "cf-void", x: 0, y: 0, width, height, click: row === null ? null : pick }),
        svg("path", { class: "cf-area", d: blocks.join("") }), chosen];
    }

    areaRow({ rows, groups, row, width, height }) {
      const wide = width / groups;
      const group = Math.floor((row * groups) / rows);
      const high = Math.max(2, height / rows);
      return svg("rect", { class: "cf-area cf-chosen", x: group * wide, y: Math.min(height - high, (row * height) / rows), width: Math.max(2, wide), height: high });
    }

    // ---- the costs ----------------------------------------------------------------------------------------------------

    drawTable() {
      const { state, result } = this.figure;
      const rows = [["full", result.full], ["depthwise", result.depthwise], ["1\u2009\u00d7\u20091", result.pointwise], ["depthwise + 1\u2009\u00d7\u20091", result.separable]];
      if (state.groups > 1) rows.splice(1, 0, [`${state.groups} groups`, result.grouped]);
      const both = (long, short) => [el("span", { class: "cf-exact" }, long), el("span", { class: "cf-short" }, short)];
      const head = [[], both("one output reads", "reads"), ["weights"], both("multiply-adds", "mult-adds"), ["of full"]];
      const body = rows.map(([name, cost]) => el("tr", { class: cost === result.separable ? "cf-chosen" : null },
        el("th", { scope: "row" }, name), ...this.costCells(cost)));
      this.table.replaceChildren(el("table", { class: "cf-table" },
        el("thead", {}, el("tr", {}, ...head.map((nodes) => (nodes.length ? el("th", { scope: "col" }, ...nodes) : el("td", {}))))), el("tbody", {}, ...body)));
    }

    costCells(cost) {
      if (!cost) return ["\u2013", "\u2013", "\u2013", "impossible"].map((text) => el("td", {}, text));
      const part = cost.weights / this.figure.result.full.weights;
      const bar = el("span", { class: "cf-part-bar", "aria-hidden": "true" });
      bar.style.setProperty("--part", Math.min(1, part));
      return [...[cost.reads, cost.weights, cost.macs].map((count) => el("td", {}, ...CF.count(count))),
        el("td", {}, bar, el("span", { class: "cf-part-number" }, percent(part)))];
    }

    drawRatio() {
      const { state, result } = this.figure;
      const { ratio } = result;
      const factor = ratio <= 1 ? `${CF.format(1 / ratio, 2)} times fewer` : `${CF.format(ratio, 2)} times more`;
      const whole = (...nodes) => el("span", { class: "cf-addend" }, ...nodes);
      const sum = (a, b) => whole("1\u2009/\u2009", a, " + 1\u2009/\u2009", b, " = ");
      const equal = Math.abs(1 / ratio - 1) < 0.005 ? "as many" : factor;
      this.ratio.replaceChildren(whole("separable / full = "), sum(sub("out"), "K\u00b2"), sum(state.out, state.kernel ** 2),
        whole(el("strong", {}, CF.format(ratio, 4)), ": "), whole(`${equal} weights and multiply-adds`));
    }

    spoken() {
      const { state, result, channel } = this.figure;
      if (!result.fits) return result.message;
      const left = state.groups > 1 ? `in ${state.groups} groups` : "in the full convolution";
      return `Output channel ${channel}: one number reads ${exact((result.grouped || result.full).reads)} weights ${left}, ` +
        `${exact(result.separable.reads)} in depthwise and 1 by 1. Weights ${exact((result.grouped || result.full).weights)} against ${exact(result.separable.weights)}, ` +
        `ratio to full ${CF.format(result.ratio, 4)}.`;
    }
  };
})();
