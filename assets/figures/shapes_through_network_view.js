/* What shapes through a network look like: boxes, the chosen layer's arithmetic and controls, and the table. */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const { el, svg, exact } = CF;
  const { KINDS, LIMITS, INPUT, span } = CF.shapes;
  const TALL = 96; // pixels of the largest map's height
  const DEPTH = [0.34, 0.2]; // how far a map's columns reach to the right and up, as a part of their length
  const times = (numbers) => numbers.join("\u2009\u00d7\u2009");
  const square = (pair) => (pair[0] === pair[1] ? String(pair[0]) : times(pair));

  /** A layer's name as a reader writes it: "conv 3 × 3, s 2, p 1". */
  function nameOf(layer, channels) {
    if (!layer) return "input";
    const { kind } = layer;
    const depthwise = kind === "conv" && layer.groups > 1 && layer.groups === channels && layer.channels === channels;
    const what = { conv: depthwise ? "depthwise" : "conv", maxpool: "max pool", avgpool: "average pool", gap: "global average" }[kind] || kind;
    if (!KINDS[kind].has.includes("kernel")) return what;
    const usual = { stride: kind === "conv" ? 1 : layer.kernel, padding: 0, dilation: 1, groups: 1 };
    const rest = Object.entries({ s: "stride", p: "padding", d: "dilation", g: "groups" })
      .filter(([, name]) => KINDS[kind].has.includes(name) && layer[name] !== usual[name] && !(depthwise && name === "groups"))
      .map(([letter, name]) => `, ${letter}\u00a0${layer[name]}`);
    return `${what} ${layer.kernel}\u2009\u00d7\u2009${layer.kernel}${rest.join("")}`;
  }

  CF.ShapesView = class {
    constructor(figure) {
      this.figure = figure;
      this.boxes = el("div", { class: "cf-drawing", "data-part": "boxes" });
      this.story = el("div", { class: "cf-arithmetic", "data-part": "arithmetic" });
      this.table = el("div", { class: "cf-scroll", role: "region", tabindex: 0, "aria-label": "The layers as a table" });
      this.key = el("p", { class: "cf-note" }, "Height and depth of a box: rows and columns, to one scale. Width: channels, on a logarithmic scale. " +
        "On the input: the field of a unit of the chosen layer.");
      figure.body.append(this.boxes, this.buildSteps(), this.buildEditor(), this.story, this.table, this.key);
      CF.onWidth(this.boxes, () => this.drawBoxes());
    }

    // ---- controls -----------------------------------------------------------------------------------------------------

    buildSteps() {
      const { figure } = this;
      const button = (icon, label, onPress) => CF.iconButton({ icon, label, onPress });
      this.steps = {
        previous: button("previous", "Previous layer", () => figure.choose(figure.at - 1)),
        next: button("next", "Next layer", () => figure.choose(figure.at + 1)),
      };
      this.where = el("span", { class: "cf-where" });
      this.edits = {
        add: CF.textButton("Add", () => figure.add()),
        remove: CF.textButton("Remove", () => figure.remove()),
        earlier: CF.textButton("Earlier", () => figure.move(-1)),
        later: CF.textButton("Later", () => figure.move(1)),
      };
      const kinds = Object.fromEntries(Object.entries(KINDS).map(([kind, { title }]) => [kind, title]));
      this.kind = figure.choice({ label: "", name: "Kind of layer", options: kinds, get: () => figure.chosen?.kind ?? "conv",
        take: (kind) => figure.changeKind(kind) });
      return el("div", { class: "cf-transport" }, el("div", { class: "cf-together" }, this.steps.previous, this.where, this.steps.next, this.kind),
        el("div", { class: "cf-together" }, ...Object.values(this.edits)));
    }

    buildEditor() {
      const { figure } = this;
      const of = (property, label, name) => {
        const [min, max] = LIMITS[property];
        return figure.number({ label, name, range: { min, max, step: 1 }, get: () => figure.chosen?.[property],
          take: (value) => figure.change({ [property]: value }) });
      };
      const norm = CF.checkbox({ label: "batch norm", checked: false, onChange: (on) => figure.change({ norm: on }) });
      figure.bound.push(() => { norm.firstChild.checked = Boolean(figure.chosen?.norm); });
      this.fields = {
        channels: of("channels", "channels", "Output channels"), units: of("units", "units", "Units"), kernel: of("kernel", "kernel", "Kernel"),
        stride: of("stride", "stride", "Stride"), padding: of("padding", "padding", "Padding"), dilation: of("dilation", "dilation", "Dilation"),
        groups: of("groups", "groups", "Groups"), norm,
      };
      this.sides = ["channels", "rows", "columns"].map((label, axis) => {
        const [min, max] = axis ? INPUT.side : INPUT.channels;
        return figure.number({ label, name: `Input ${label}`, range: { min, max, step: 1 }, get: () => figure.state.input[axis],
          take: (value) => figure.set({ input: figure.state.input.with(axis, value) }) });
      });
      this.empty = el("span", { class: "cf-note" }, "Nothing to set.");
      return el("div", { class: "cf-editor" }, ...this.sides, ...Object.values(this.fields), this.empty);
    }

    drawControls() {
      const { figure } = this;
      const { at, chosen } = figure;
      const last = figure.state.layers.length;
      for (const side of this.sides) side.hidden = at > 0;
      for (const [name, node] of Object.entries(this.fields)) {
        node.hidden = at === 0 || !KINDS[chosen.kind].has.includes(name);
      }
      this.kind.hidden = at === 0;
      this.empty.hidden = at === 0 || KINDS[chosen.kind].has.length > 0;
      const off = (button, when) => button.setAttribute("aria-disabled", String(when));
      off(this.steps.previous, at === 0);
      off(this.steps.next, at === last);
      off(this.edits.add, last >= CF.shapes.MOST_LAYERS);
      off(this.edits.remove, at === 0);
      off(this.edits.earlier, at < 2);
      off(this.edits.later, at === 0 || at === last);
      this.where.textContent = at ? `layer ${at} of ${last}` : "the input";
    }

    draw() {
      this.drawControls();
      this.drawBoxes();
      this.drawArithmetic();
      this.drawTable();
    }

    // ---- boxes --------------------------------------------------------------------------------------------------------

    /** Widths, heights and depths at full size; vectors are upright bars, what is impossible a small dashed box. */
    measure(rows) {
      const longest = Math.max(...rows.filter(({ out }) => out?.length === 3).flatMap(({ out }) => out.slice(1)));
      const unit = TALL / longest;
      const most = Math.log2(1 + Math.max(...rows.map(({ out }) => (out?.length === 1 ? out[0] : 1))));
      return rows.map(({ out }) => {
        if (!out) return { wide: 10, tall: 30, deep: 0 };
        if (out.length === 1) return { wide: 6, tall: Math.max(4, (TALL * Math.log2(1 + out[0])) / most), deep: 0 };
        return { wide: 1.5 * Math.log2(1 + out[0]), tall: Math.max(1.5, out[1] * unit), deep: Math.max(1.5, out[2] * unit) };
      });
    }

    drawBoxes() {
      const width = Math.floor(this.boxes.clientWidth);
      const { rows } = this.figure.result || {};
      if (!width || !rows) return;
      const sizes = this.measure(rows);
      const natural = sizes.reduce((sum, { wide, deep }) => sum + wide + deep * DEPTH[0], 0);
      const gap = Math.max(2, Math.min(26, (width - natural) / (rows.length + 1)));
      const scale = Math.min(1.2, (width - gap * (rows.length + 1)) / natural);
      const top = 24 + DEPTH[1] * TALL * scale;
      const middle = top + (TALL * scale) / 2;
      const height = top + TALL * scale + 22;
      const spare = width - natural * scale - gap * (rows.length - 1);
      let x = spare / 2;
      this.marks = rows.map((row, index) => {
        const { wide, tall, deep } = Object.fromEntries(Object.entries(sizes[index]).map(([name, n]) => [name, n * scale]));
        const box = { x, y: middle - tall / 2, wide, tall, dx: deep * DEPTH[0], dy: deep * DEPTH[1] };
        x += wide + box.dx + gap;
        return box;
      });
      const nodes = rows.map((row, index) => this.drawBox(row, index, this.marks[index], gap, height));
      const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": this.inWords() },
        ...nodes, this.drawField(), this.drawLabel(width));
      this.boxes.replaceChildren(picture);
    }

    drawBox(row, index, { x, y, wide, tall, dx, dy }, gap, height) {
      const { figure } = this;
      const kind = !row.out ? "none" : !row.layer ? "input" : row.out.length === 1 ? "vector" : row.layer.kind.endsWith("pool") || row.layer.kind === "gap" ? "pool" : "map";
      const path = (points) => `M${points.map((point) => point.map((n) => n.toFixed(1)).join(" ")).join("L")}Z`;
      const faces = dx < 0.1 ? [] : [
        svg("path", { class: "cf-side", d: path([[x + wide, y], [x + wide + dx, y - dy], [x + wide + dx, y + tall - dy], [x + wide, y + tall]]) }),
        svg("path", { class: "cf-top", d: path([[x, y], [x + dx, y - dy], [x + wide + dx, y - dy], [x + wide, y]]) }),
      ];
      const room = wide + dx + gap;
      const shown = room >= (index > 9 ? 16 : 11) || (room >= 7 && index % 5 === 0);
      const number = shown && index > 0 ? svg("text", { class: "cf-index", x: x + (wide + dx) / 2, y: height - 5 }, String(index)) : null;
      const title = row.out ? `${nameOf(row.layer, figure.result.rows[index - 1]?.out?.[0])}: ${times(row.out)}` : "not reached";
      return svg("g", { class: `cf-box cf-${kind}${index === figure.at ? " cf-chosen" : ""}`, "data-layer": index, click: () => figure.choose(index) },
        svg("title", {}, title), svg("rect", { class: "cf-hit", x: x - gap / 2, y: 0, width: room, height }),
        ...faces, svg("rect", { class: "cf-front", x, y, width: wide, height: tall }), number);
    }

    /** On the input's side, the pixels that one unit in the middle of the chosen layer sees. */
    drawField() {
      const { figure } = this;
      const row = figure.result.rows[figure.at];
      if (!row.out || figure.at === 0) return null;
      const { x, y, wide, tall, dx, dy } = this.marks[0];
      const [high, long] = row.field.map((size, axis) => Math.min(1, size / figure.state.input[axis + 1]) / 2);
      const at = (u, v) => `${(x + wide + u * dx).toFixed(1)} ${(y - u * dy + v * tall).toFixed(1)}`;
      const corners = [at(0.5 - long, 0.5 - high), at(0.5 + long, 0.5 - high), at(0.5 + long, 0.5 + high), at(0.5 - long, 0.5 + high)];
      return svg("path", { class: "cf-field-mark", d: `M${corners.join("L")}Z` });
    }

    /** The chosen layer's size, over its box. */
    drawLabel(width) {
      const { figure } = this;
      const { out } = figure.result.rows[figure.at];
      const { x, wide, dx } = this.marks[figure.at];
      const text = out ? times(out) : "impossible";
      const half = text.length * 3.7 + 2;
      const centre = Math.max(half, Math.min(width - half, x + (wide + dx) / 2));
      return svg("text", { class: "cf-boxlabel", x: centre, y: 14 }, text);
    }

    inWords() {
      const { rows } = this.figure.result;
      return `Feature maps: ${rows.map(({ out }) => (out ? times(out) : "impossible")).join(", then ")}.`;
    }

    // ---- the chosen layer's arithmetic --------------------------------------------------------------------------------

    drawArithmetic() {
      const { figure } = this;
      const { rows } = figure.result;
      const row = rows[figure.at];
      const before = rows[figure.at - 1];
      let lines = [];
      if (figure.at === 0) lines = [["output", `${times(row.out)}: channels, rows, columns`]];
      else if (!row.out) lines = [["output", row.message ? "none, see below" : "none: an earlier layer is impossible"]];
      else lines = [["output", this.sizeLine(row, before)], ...this.costLines(row, before), ["field", this.fieldLine(row, before)]];
      this.story.replaceChildren(...lines.flatMap(([name, text]) => [el("span", { class: "cf-lhs" }, name), el("span", {}, text)]));
    }

    sizeLine({ layer, out }, before) {
      if (layer.kind === "flatten") return before.out.length === 1 ? `${out[0]}, as it was` : `${times(before.out)} = ${exact(out[0])} numbers in a row`;
      if (layer.kind === "dense") return `${exact(out[0])} numbers`;
      if (layer.kind === "gap") return `one mean for each of ${out[0]} channels`;
      const dilation = layer.kind === "conv" ? layer.dilation : 1;
      const line = (n, size) => `\u230a(${n} + 2\u00b7${layer.padding} \u2212 ${dilation}\u00b7(${layer.kernel} \u2212 1) \u2212 1) / ${layer.stride}\u230b + 1 = ${size}`;
      const [, rows, columns] = out;
      const same = before.out[1] === before.out[2];
      return same ? `${line(before.out[1], rows)} rows and columns` : `${line(before.out[1], rows)} rows, ${line(before.out[2], columns)} columns`;
    }

    costLines({ layer, out, weights, offsets, params, macs }, before) {
      if (layer.kind === "dense") {
        return [["parameters", `${exact(before.out[0])} \u00b7 ${exact(layer.units)} weights + ${exact(offsets)} biases = ${exact(params)}`],
          ["multiply-adds", `one for each weight = ${exact(macs)}`]];
      }
      if (layer.kind !== "conv") return [["parameters", "none"], ["multiply-adds", "none: only means, maxima or copies"]];
      const reads = `${before.out[0] / layer.groups} \u00b7 ${layer.kernel}\u00b2`;
      const group = layer.groups > 1 ? ` (${before.out[0]} / ${layer.groups} channels in a group)` : "";
      const more = layer.norm ? `${exact(offsets)} of batch norm` : `${exact(offsets)} biases`;
      return [["parameters", `${layer.channels} \u00b7 ${reads} = ${exact(weights)} weights${group} + ${more} = ${exact(params)}`],
        ["multiply-adds", `${times(out)} outputs, ${reads} each = ${exact(macs)}`]];
    }

    fieldLine({ layer, field, jump, whole }, before) {
      if (layer.kind === "flatten") return `${square(field)} px, as before`;
      if (before.whole) return `${square(field)} px, as before: the whole map was read already`;
      if (whole) return `${square(field)} px, padding included: the windows of all units together`;
      const steps = square(before.jump);
      return `${square(before.field)} + (${span(layer)} \u2212 1) \u00b7 ${steps} = ${square(field)} px, padding included; ` +
        `jump ${steps} \u00b7 ${layer.stride} = ${square(jump)} px`;
    }

    // ---- the table ----------------------------------------------------------------------------------------------------

    drawTable() {
      const { figure } = this;
      const { rows, params, macs, broken } = figure.result;
      const both = (long, short) => [el("span", { class: "cf-exact" }, long), el("span", { class: "cf-short" }, short)];
      const head = [[[], "cf-no"], [["layer"]], [["output"]], [both("parameters", "params")], [both("multiply-adds", "mult-adds")],
        [["field"]], [["jump"], "cf-jump"]];
      const body = rows.map((row, index) => this.tableRow(row, index));
      const sum = broken === null ? [CF.count(params), CF.count(macs)] : [["\u2013"], ["\u2013"]];
      const foot = el("tr", {}, el("td", {}), el("th", { scope: "row" }, "total"), el("td", {}), el("td", { "data-part": "params" }, ...sum[0]),
        el("td", { "data-part": "macs" }, ...sum[1]), el("td", {}), el("td", { class: "cf-jump" }));
      const at = this.table.scrollTop;
      this.table.replaceChildren(el("table", { class: "cf-table" },
        el("thead", {}, el("tr", {}, ...head.map(([nodes, css]) => (nodes.length ? el("th", { scope: "col", class: css }, ...nodes) : el("td", { class: css }))))),
        el("tbody", {}, ...body), el("tfoot", {}, foot)));
      this.table.scrollTop = at;
      this.keepInSight(body[figure.at]);
    }

    tableRow(row, index) {
      const { figure } = this;
      const flat = row.out?.length === 1;
      const before = figure.result.rows[index - 1];
      const cells = row.out
        ? [[times(row.out)], CF.count(row.params), CF.count(row.macs), [square(row.field)], [flat || row.whole ? "\u2013" : square(row.jump)]]
        : [[row.message ? "impossible" : "not reached"], ["\u2013"], ["\u2013"], ["\u2013"], ["\u2013"]];
      const css = [null, null, null, null, "cf-jump"];
      return el("tr", { class: [index === figure.at && "cf-chosen", !row.out && "cf-none"].filter(Boolean).join(" ") || null,
        "aria-current": index === figure.at ? "true" : null, "data-layer": index, click: () => figure.choose(index) },
      el("td", { class: "cf-no" }, index ? String(index) : ""), el("th", { scope: "row" }, nameOf(row.layer, before?.out?.[0])),
      ...cells.map((nodes, column) => el("td", { class: css[column] }, ...nodes)));
    }

    /** Scroll the table, and not the page, until the row is seen between its head and its foot. */
    keepInSight(row) {
      const { table } = this;
      const [head, foot] = ["thead", "tfoot"].map((tag) => table.querySelector(tag).offsetHeight);
      const [top, bottom] = [row.offsetTop, row.offsetTop + row.offsetHeight];
      if (top - head < table.scrollTop) table.scrollTop = top - head;
      else if (bottom + foot > table.scrollTop + table.clientHeight) table.scrollTop = bottom + foot - table.clientHeight;
    }

    spoken() {
      const { figure } = this;
      const { rows, broken } = figure.result;
      const row = rows[figure.at];
      const name = figure.at ? `Layer ${figure.at} of ${rows.length - 1}, ${nameOf(row.layer, rows[figure.at - 1].out?.[0])}` : "Input";
      if (!row.out) return `${name}: impossible${broken === figure.at ? `. ${row.message}` : ", because an earlier layer is."}`;
      if (!figure.at) return `${name}: ${times(row.out)}.`;
      return `${name}: output ${times(row.out)}, ${exact(row.params)} parameters, ${exact(row.macs)} multiply-adds, field ${square(row.field)} pixels.`;
    }
  };
})();
