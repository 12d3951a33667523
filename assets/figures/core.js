/* Shared core of the course's interactive figures: reading attributes, grids of numbers, keys, mounting.
 *
 * A figure is an element <div class="course-figure" data-figure="NAME" data-...>fallback text</div>. A figure's script calls
 * CourseFigures.register(NAME, mount); once the page is read, mount(root) replaces the fallback text of every such element.
 * When mount throws (an attribute cannot be read), the fallback stays and the reason is shown beneath it.
 *
 * Load this file first, then controls.js, then the figures. No dependencies, no build step, no network.
 */
(function () {
  "use strict";
  if (window.CourseFigures) return; // a page may load this file twice
  const CF = (window.CourseFigures = {});
  const makers = new Map();
  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  let serial = 0;

  // ---- small tools ------------------------------------------------------------------------------------------------

  /** Make an element; null and false attributes are left out, functions become listeners. */
  CF.el = function (tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (typeof value === "function") node.addEventListener(name, value);
      else node.setAttribute(name, value === true ? "" : String(value));
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };
  const el = CF.el;

  CF.uniqueId = (prefix) => `${prefix}-${++serial}`;

  /** A number as a reader writes it: at most `digits` decimals and a true minus sign. */
  CF.format = function (value, digits = 3) {
    const rounded = Number(value.toFixed(digits)) + 0; // + 0 turns -0 into 0
    return String(rounded === 0 ? 0 : rounded).replace("-", "\u2212");
  };

  /** The same inside a product: negative numbers get parentheses. */
  CF.factor = (value) => (value < 0 ? `(${CF.format(value)})` : CF.format(value));

  /** A finite number, or null when the text is not one. */
  CF.parseNumber = function (text) {
    const cleaned = text.trim().replace("\u2212", "-");
    return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(cleaned) ? Number(cleaned) : null;
  };

  /** "1 2; 3 4" -> [[1, 2], [3, 4]]; throws when a row is ragged or an entry is not a number. */
  CF.parseMatrix = function (text, name) {
    const rows = (text || "").split(";").map((row) => row.trim().split(/[\s,]+/).map(CF.parseNumber));
    const bad = rows.some((row) => row.length !== rows[0].length || row.includes(null));
    if (bad) throw new Error(`${name}: expected rows of numbers of equal length, as in "1 2; 3 4", got "${text}"`);
    return rows;
  };

  /** "2" -> [2, 2]; "3 2" -> [3, 2] (down, across). */
  CF.parsePair = function (text, name, fallback) {
    if (text === undefined) return [fallback, fallback];
    const parts = text.trim().split(/[\s,]+/).map(Number);
    const bad = parts.length > 2 || parts.some((part) => !Number.isInteger(part));
    if (bad) throw new Error(`${name}: expected one or two whole numbers, got "${text}"`);
    return parts.length === 1 ? [parts[0], parts[0]] : parts;
  };

  /** Throw when a size or a step lies outside its limits, { name: [lowest, highest] }. */
  CF.checkLimits = function (settings, limits) {
    for (const [name, [low, high]] of Object.entries(limits)) {
      const value = settings[name];
      const sizes = Array.isArray(value[0]) ? [value.length, value[0].length] : value;
      const bad = sizes.some((size) => size < low || size > high);
      if (bad) throw new Error(`data-${name}: expected ${low} to ${high} down and across, got ${sizes.join(" and ")}`);
    }
  };

  /** The matrix cut or zero-filled to rows x cols. */
  CF.resized = (matrix, rows, cols) =>
    Array.from({ length: rows }, (_, r) => Array.from({ length: cols }, (_, c) => (matrix[r] || [])[c] ?? 0));

  CF.zeros = (rows, cols) => CF.resized([], rows, cols);
  CF.copy = (matrix) => matrix.map((row) => row.slice());

  // ---- arithmetic that several figures need ------------------------------------------------------------------------

  /** floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1; below 1 when no window fits. */
  CF.outputSize = function (size, kernel, stride, padding, dilation) {
    return Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
  };

  /** The kernel turned by 180 degrees. */
  CF.rotated = (kernel) => kernel.map((row) => row.slice().reverse()).reverse();

  /** The input in a frame of zeros. */
  CF.padded = function (input, [down, across]) {
    const width = input[0].length + 2 * across;
    const blank = () => Array.from({ length: down }, () => new Array(width).fill(0));
    const side = new Array(across).fill(0);
    return [...blank(), ...input.map((row) => [...side, ...row, ...side]), ...blank()]; // (H + 2 P_h, W + 2 P_w)
  };

  // ---- grid -------------------------------------------------------------------------------------------------------

  /** A grid of numbers with one Tab stop (roving tabindex).
   *
   * options: label; name ("Input", begins each cell's label); kind (class suffix: input, kernel, output, used);
   * values (matrix, null = empty cell); editable(r, c) and selectable(r, c) say which cells take focus; origin [r, c] is
   * subtracted from the indices in labels, so that padded grids count from the image's own corner;
   * walk says that arrow keys move among selectable cells;
   * onEdit(r, c, value), onInvalid(cell name, text or null, value kept), onSelect(r, c).
   */
  CF.Grid = class {
    constructor(options) {
      const never = () => false;
      Object.assign(this, { editable: never, selectable: never, origin: [0, 0], active: null }, options);
      this.cells = this.values.map((row, r) => row.map((value, c) => this.makeCell(r, c, value)));
      const interactive = this.cells.flat().some((cell) => cell.target);
      const rows = this.cells.map((row) => el("div", { role: "row", class: "cf-row" }, ...row.map((cell) => cell.node)));
      for (const cell of this.cells.flat()) cell.node.setAttribute("role", interactive ? "gridcell" : "cell");
      const table = el("div", { role: interactive ? "grid" : "table", "aria-label": this.label, class: "cf-grid" }, ...rows);
      if (interactive) table.addEventListener("keydown", (event) => this.onKey(event));
      this.overlay = el("div", { class: "cf-overlay", "aria-hidden": "true", hidden: true });
      this.node = el("div", { class: `cf-gridbox cf-kind-${this.kind}` }, table, this.overlay);
      this.node.style.setProperty("--cf-cols", this.values[0].length);
    }

    makeCell(r, c, value) {
      const shown = el("span", { class: "cf-value" });
      const tap = el("span", { class: "cf-tap", "aria-hidden": "true" });
      const node = el("div", { class: "cf-cell" });
      const cell = { node, shown, tap, target: null, name: this.cellName(r, c) };
      if (this.editable(r, c)) {
        cell.target = el("input", {
          type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", class: "cf-value",
          "aria-label": cell.name, tabindex: "-1",
          input: () => this.read(r, c), focus: (event) => event.target.select(),
        });
        cell.target.addEventListener("focus", () => {
          this.setActive(r, c);
          if (this.onSelect) this.onSelect(r, c);
        });
        cell.shown = cell.target;
      } else if (this.selectable(r, c)) {
        cell.target = node;
        node.setAttribute("tabindex", "-1");
        node.addEventListener("focus", () => this.onSelect(r, c));
        node.addEventListener("click", () => node.focus());
      }
      if (cell.target && !this.active) this.active = [r, c];
      if (cell.target && this.active[0] === r && this.active[1] === c) cell.target.setAttribute("tabindex", "0");
      node.append(cell.shown, tap);
      this.write(cell, value);
      return cell;
    }

    cellName(r, c) {
      return `${this.name} row ${r - this.origin[0]}, column ${c - this.origin[1]}`;
    }

    /** Show a value; null empties the cell. */
    write(cell, value) {
      cell.value = value;
      if (cell.target === cell.node) cell.node.setAttribute("aria-label", `${cell.name}: ${value === null ? "empty" : CF.format(value)}`);
      if (cell.shown.tagName === "INPUT") cell.shown.value = CF.format(value);
      else cell.shown.textContent = value === null ? "" : CF.format(value, 2);
      this.fitText(cell);
    }

    fitText(cell) {
      const { length } = cell.shown.value ?? cell.shown.textContent;
      cell.node.classList.toggle("cf-wide", length === 3);
      cell.node.classList.toggle("cf-long", length > 3);
    }

    setAll(values) {
      this.cells.forEach((row, r) => row.forEach((cell, c) => cell.value !== values[r][c] && this.write(cell, values[r][c])));
    }

    /** Put the number that is in use back into every cell whose entry is none. */
    mend() {
      for (const cell of this.cells.flat().filter(({ target }) => target?.getAttribute("aria-invalid") === "true")) {
        this.write(cell, cell.value);
        cell.target.removeAttribute("aria-invalid");
        this.onInvalid(cell.name, null);
      }
    }

    /** Set a class on the cells where test(r, c) holds, and take it off the others. */
    mark(name, test) {
      this.cells.forEach((row, r) => row.forEach((cell, c) => cell.node.classList.toggle(name, Boolean(test(r, c)))));
    }

    /** Small text in the corner of each cell: what the cell is multiplied with. */
    setTaps(text) {
      this.cells.forEach((row, r) => row.forEach((cell, c) => { cell.tap.textContent = text(r, c); }));
    }

    /** Name every selectable cell, and make the chosen one the Tab stop. */
    select(chosen, name) {
      this.cells.forEach((row, r) => row.forEach((cell, c) => {
        cell.node.setAttribute("aria-label", name(r, c));
        cell.node.setAttribute("aria-selected", String(chosen(r, c)));
        if (chosen(r, c)) this.setActive(r, c);
      }));
    }

    /** Take over what the reader typed, or flag it. */
    read(r, c) {
      const cell = this.cells[r][c];
      const value = CF.parseNumber(cell.target.value);
      if (value === null) {
        cell.target.setAttribute("aria-invalid", "true");
        this.onInvalid(cell.name, cell.target.value, cell.value);
        return;
      }
      cell.target.removeAttribute("aria-invalid");
      this.onInvalid(cell.name, null);
      cell.value = value;
      this.fitText(cell);
      this.onEdit(r, c, value);
    }

    setActive(r, c) {
      const [oldR, oldC] = this.active;
      this.cells[oldR][oldC].target.setAttribute("tabindex", "-1");
      this.cells[r][c].target.setAttribute("tabindex", "0");
      this.active = [r, c];
    }

    focus(r, c) {
      this.cells[r][c].target.focus();
    }

    /** Arrow keys walk the cells as in a spreadsheet, unless the figure steps itself; Escape takes back an entry. */
    onKey(event) {
      const [r, c] = this.active;
      const { target } = this.cells[r][c];
      const entry = target.tagName === "INPUT";
      if (!(entry || this.walk) || event.ctrlKey || event.metaKey || event.altKey) return;
      const stops = this.cells[r].map((cell, index) => (cell.target ? index : -1)).filter((index) => index >= 0);
      const goal = { Home: [r, stops[0]], End: [r, stops[stops.length - 1]], Enter: [r + 1, c] }[event.key];
      const [dr, dc] = MOVES[event.key] || [0, 0];
      const [toR, toC] = goal || [r + dr, c + dc];
      if (event.key === "Escape" && entry) {
        this.write(this.cells[r][c], this.cells[r][c].value);
        this.read(r, c);
        target.select();
      } else if (!goal && !MOVES[event.key]) {
        return;
      } else if (this.cells[toR] && this.cells[toR][toC] && this.cells[toR][toC].target) {
        this.focus(toR, toC);
      }
      event.preventDefault();
    }

    /** Slide the outlined window to a rectangle of cells; null hides it. */
    outline(rectangle) {
      this.overlay.hidden = !rectangle;
      if (!rectangle) return;
      const names = ["--cf-top", "--cf-left", "--cf-height", "--cf-width"];
      names.forEach((name, index) => this.overlay.style.setProperty(name, rectangle[index]));
    }
  };

  /** Inside a figure the arrow keys belong to the figure: the theme's page turning must not see them. */
  CF.keepKeys = function (root, onKey) {
    root.addEventListener("keydown", (event) => {
      if (!(event.key in MOVES) && event.key !== "Home" && event.key !== "End") return;
      event.stopPropagation();
      const modified = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey;
      const typing = event.target.matches("input:not([type=checkbox]), select");
      if (!modified && !typing && !event.defaultPrevented && onKey(event.key)) event.preventDefault();
    });
  };

  // ---- mounting ---------------------------------------------------------------------------------------------------

  /** Make an element a named figure. */
  CF.dress = function (root, label) {
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", label);
  };

  CF.mountAll = function (scope = document) {
    for (const root of scope.querySelectorAll(".course-figure[data-figure]:not([data-mounted])")) {
      const mount = makers.get(root.dataset.figure);
      if (!mount) continue;
      root.dataset.mounted = "true";
      try {
        mount(root);
      } catch (error) {
        root.append(el("p", { class: "cf-message", role: "alert" }, `This figure cannot be drawn. ${error.message}`));
      }
    }
  };

  CF.register = function (name, mount) {
    if (makers.has(name)) return;
    makers.set(name, mount);
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => CF.mountAll());
    else CF.mountAll();
  };
})();
