/* The base of an interactive figure: state that lives in the address, keys, announcements, presets, reset, full screen.
 * README.md beside this file shows a whole figure written on it.
 *
 * A figure is a class that extends CourseFigures.Figure and gives
 *   static label      the figure's name for screen readers, unless the author writes data-label
 *   static fields     { name: { read(text) -> value, write(value) -> text, fallback: text } }: the whole state, and how each
 *                     part of it is written in an attribute data-name and in the address; CF.fields makes the usual ones
 *   static presets    { name: { title, NAME: text, ... } }, optional; the entries are texts as in the attributes
 *   compute(state)    what is drawn; pure, in a file of its own, tested without the page
 *   build()           puts the view's nodes into this.body, once
 *   draw()            shows this.state and this.result
 *   spoken()          the sentence that a screen reader hears after an act of the reader
 *   keys              { ArrowLeft() {...}, ... }: what keys do while the figure has the focus
 *
 * and is registered with CF.Figure.register(NAME, class). What the reader does calls this.set({ name: value, ... }).
 *
 * The address: "#fig=ID&name=text&...&fig=ID2&...". Each fig= begins the part of one figure; ID is the name of the figure
 * on the page (its label in MyST), else data-figure, with -2, -3 ... from the second of a kind on. Only what differs from
 * the author's setting is written. A page opened with such an address scrolls to its first figure.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  if (CF.Figure) return; // a page may load this file twice
  const { el } = CF;
  const WRITE_AFTER_MS = 200; // browsers refuse an address that changes with every keystroke

  // ---- the address --------------------------------------------------------------------------------------------------

  const encode = (text) =>
    encodeURIComponent(text).replace(/%20/g, "+").replace(/%(3B|2C|2F|3A)/g, (code) => decodeURIComponent(code));

  CF.address = {
    /** "#fig=a&n=3&fig=b&k=5" -> Map { a: Map { n: "3" }, b: Map { k: "5" } }; an ordinary anchor gives an empty map. */
    read(hash) {
      const sections = new Map();
      let section = null;
      for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
        if (name === "fig") sections.set(text, (section = new Map()));
        else if (section) section.set(name, text);
      }
      return sections;
    },

    write(sections) {
      const parts = [...sections].flatMap(([id, entries]) => [["fig", id], ...entries]);
      return parts.map(([name, text]) => `${encode(name)}=${encode(text)}`).join("&");
    },
  };

  /** Put one figure's part into the address, or take it out; the history gets no new entry. */
  function store(id, entries) {
    const sections = CF.address.read(location.hash);
    if (!sections.size && !entries.length) return; // an ordinary anchor stays as it is
    if (entries.length) sections.set(id, new Map(entries));
    else sections.delete(id);
    const hash = CF.address.write(sections);
    history.replaceState(history.state, "", location.pathname + location.search + (hash ? `#${hash}` : ""));
  }

  // ---- the usual fields ---------------------------------------------------------------------------------------------

  const refuse = (expected, text) => { throw new Error(`expected ${expected}, got "${text}"`); };

  CF.fields = {
    whole: (min, max, fallback) => ({
      min, max, step: 1, fallback: String(fallback), write: String,
      read: (text) => (/^\d+$/.test(text.trim()) && Number(text) >= min && Number(text) <= max
        ? Number(text) : refuse(`a whole number from ${min} to ${max}`, text)),
    }),
    decimal: (min, max, step, fallback) => ({
      min, max, step, fallback: String(fallback), write: String,
      read: (text) => {
        const value = CF.parseNumber(text);
        return value !== null && value >= min && value <= max ? value : refuse(`a number from ${min} to ${max}`, text);
      },
    }),
    numbers: (shortest, longest, fallback) => ({
      fallback, write: (values) => values.join(" "),
      read: (text) => {
        const values = text.trim().split(/[\s,]+/).map(CF.parseNumber);
        const bad = values.includes(null) || values.length < shortest || values.length > longest;
        const many = shortest === longest ? `${shortest}` : `${shortest} to ${longest}`;
        return bad ? refuse(`${many} numbers`, text) : values;
      },
    }),
    choice: (names, fallback = names[0]) => ({
      fallback, write: String, read: (text) => (names.includes(text) ? text : refuse(names.join(" or "), text)),
    }),
  };

  // ---- the figure ---------------------------------------------------------------------------------------------------

  /** The figure's name in the address. */
  function nameOf(root) {
    const named = root.id || root.closest("figure[id]")?.id;
    if (named) return named;
    const kind = root.dataset.figure;
    const place = [...document.querySelectorAll(`[data-figure="${kind}"]`)].indexOf(root);
    return place > 0 ? `${kind}-${place + 1}` : kind;
  }

  CF.Figure = class {
    static register(name, figure) {
      CF.register(name, (root) => new figure(root).start());
    }

    constructor(root) {
      const { label, fields, presets = {} } = this.constructor;
      Object.assign(this, { root, fields, presets, id: nameOf(root), bound: [], keys: {} });
      this.initial = this.author(root.dataset);
      this.state = structuredClone(this.initial);
      CF.dress(root, root.dataset.label || label);
    }

    /** Build, take over the address, and listen. */
    start() {
      this.messages = new CF.Messages();
      this.live = CF.liveRegion();
      this.bar = el("div", { class: "cf-bar" });
      this.body = el("div", { class: "cf-body" });
      this.build();
      this.buildBar();
      const { root } = this;
      root.classList.add("cf-base");
      const asked = this.restore(); // throws nothing: what the address says wrongly is told in the figure
      root.replaceChildren(this.bar, this.body, this.messages.node, this.live);
      this.update();
      root.tabIndex = 0;
      root.addEventListener("keydown", (event) => this.onKeyDown(event));
      window.addEventListener("hashchange", () => this.restore() && (this.update(), this.show()));
      if (asked && CF.address.read(location.hash).keys().next().value === this.id) this.show();
    }

    show() {
      const instant = matchMedia("(prefers-reduced-motion: reduce)").matches;
      (this.root.closest("figure") || this.root).scrollIntoView({ block: "start", behavior: instant ? "instant" : "auto" });
    }

    // ---- state ------------------------------------------------------------------------------------------------------

    /** Read a text for each field; a preset's texts stand below those given beside it. */
    read(texts, name) {
      const { preset } = texts;
      if (preset !== undefined && !this.presets[preset]) {
        throw new Error(`${name("preset")}: expected ${Object.keys(this.presets).join(", ")}, got "${preset}"`);
      }
      const all = { ...(preset ? this.presets[preset] : {}), ...texts };
      return Object.fromEntries(Object.entries(this.fields).filter(([key]) => all[key] !== undefined).map(([key, field]) => {
        try {
          return [key, field.read(all[key])];
        } catch (error) {
          throw new Error(`${name(key)}: ${error.message}`);
        }
      }));
    }

    /** The author's state: attributes over a preset's texts over the fields' own. */
    author(data) {
      const fallback = Object.fromEntries(Object.entries(this.fields).map(([key, field]) => [key, field.fallback]));
      const given = Object.fromEntries([...Object.keys(this.fields), "preset"].filter((key) => key in data).map((key) => [key, data[key]]));
      return { ...this.read(fallback, (key) => key), ...this.read(given, (key) => `data-${key}`) };
    }

    /** Take over what the address says of this figure; whether it says anything. */
    restore() {
      const texts = CF.address.read(location.hash).get(this.id);
      if (!texts) return false;
      this.messages.set("address", null);
      try {
        this.state = { ...structuredClone(this.initial), ...this.read(Object.fromEntries(texts), (key) => key) };
      } catch (error) {
        this.messages.set("address", `The address asks for what cannot be shown. ${error.message}.`);
      }
      return true;
    }

    /** The preset that the state equals, or "". */
    get preset() {
      const same = ([key, text]) => key === "title" || this.fields[key].write(this.fields[key].read(text)) === this.text(key);
      const found = Object.entries(this.presets).find(([, preset]) => Object.entries(preset).every(same));
      return found ? found[0] : "";
    }

    text(key, state = this.state) {
      return this.fields[key].write(state[key]);
    }

    /** What the address has to say: a preset's name for what equals it, and each field that differs from the author's. */
    entries() {
      const changed = Object.keys(this.fields).filter((key) => this.text(key) !== this.text(key, this.initial));
      const { preset } = this;
      const covered = preset ? Object.keys(this.presets[preset]) : [];
      const named = covered.some((key) => changed.includes(key));
      const rest = changed.filter((key) => !named || !covered.includes(key)).map((key) => [key, this.text(key)]);
      return named ? [["preset", preset], ...rest] : rest;
    }

    /** Take over an act of the reader: draw, announce, and write the address. */
    set(changes) {
      Object.assign(this.state, changes);
      this.messages.set("address", null);
      this.update();
      this.live.textContent = this.spoken();
      clearTimeout(this.writing);
      this.writing = setTimeout(() => store(this.id, this.entries()), WRITE_AFTER_MS);
    }

    update() {
      this.result = this.compute(this.state);
      for (const refresh of this.bound) refresh();
      this.draw();
    }

    /** Forget entries that could not be taken; a figure with grids puts their numbers back as well. */
    mend() {
      this.messages.clear();
    }

    reset() {
      this.mend();
      this.set(structuredClone(this.initial));
    }

    usePreset(name) {
      this.mend();
      this.set({ ...structuredClone(this.initial), ...this.read({ preset: name }, (key) => key) });
    }

    // ---- what the reader works with -----------------------------------------------------------------------------------

    buildBar() {
      const names = Object.entries(this.presets);
      if (names.length) {
        const own = el("option", { value: "", hidden: true }, "your own");
        const select = el("select", { "aria-label": "Example", change: () => this.usePreset(select.value) }, own,
          ...names.map(([value, { title }]) => el("option", { value }, title)));
        this.bound.push(() => { select.value = this.preset; });
        this.bar.append(el("label", { class: "cf-field" }, el("span", {}, "Example"), select));
      }
      this.bar.append(CF.textButton("Reset", () => this.reset()));
      if (!document.fullscreenEnabled) return;
      const enlarge = CF.textButton("Enlarge", () =>
        (document.fullscreenElement === this.root ? document.exitFullscreen() : this.root.requestFullscreen()));
      this.root.addEventListener("fullscreenchange", () => {
        enlarge.textContent = document.fullscreenElement === this.root ? "Back" : "Enlarge";
      });
      enlarge.classList.add("cf-enlarge");
      this.bar.append(enlarge);
    }

    /** A number bound to a field of the state, or to get() and take(value); it says what it cannot take. */
    number({ label, name, field, get = () => this.state[field], take = (value) => this.set({ [field]: value }), range = this.fields[field] }) {
      const { step } = range; // its ends may move with the state
      const input = el("input", { type: "number", step, class: "cf-number", "aria-label": name, inputmode: step < 1 ? "decimal" : "numeric" });
      input.addEventListener("input", () => {
        const typed = input.valueAsNumber;
        const { min, max } = range;
        const fits = typed >= min && typed <= max && (step < 1 || Number.isInteger(typed)); // not for NaN
        input.setAttribute("aria-invalid", String(!fits));
        const kind = step < 1 ? "a number" : "a whole number";
        this.messages.set(name, fits ? null : `${name}: expected ${kind} from ${min} to ${max}; ${get()} stays in use.`);
        if (fits) take(typed);
      });
      this.bound.push(() => {
        Object.assign(input, { min: range.min, max: range.max });
        const value = get();
        if (value === undefined || input.valueAsNumber === value) return;
        input.value = value;
        input.setAttribute("aria-invalid", "false");
        this.messages.set(name, null);
      });
      return el("label", { class: "cf-field" }, el("span", {}, label), input);
    }

    /** A choice bound to a field of the state, or to get() and take(value). options: { value: text }. */
    choice({ label, name = label, options, field, get = () => this.state[field], take = (value) => this.set({ [field]: value }) }) {
      const select = el("select", { "aria-label": name, change: () => take(select.value) },
        ...Object.entries(options).map(([value, text]) => el("option", { value }, text)));
      this.bound.push(() => { select.value = get(); });
      return el("label", { class: "cf-field" }, el("span", {}, label), select);
    }

    /** Keys act where nothing is typed; those that the figure uses never reach the page or the theme. */
    onKeyDown(event) {
      const act = Object.hasOwn(this.keys, event.key) ? this.keys[event.key] : null;
      if (!act) return;
      event.stopPropagation();
      const modified = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey;
      const typing = event.target.matches("input:not([type=checkbox]), select, .cf-scroll");
      if (modified || typing || event.defaultPrevented) return;
      event.preventDefault();
      act();
    }
  };

  // ---- drawing ------------------------------------------------------------------------------------------------------

  /** An SVG element; as CF.el, functions become listeners. */
  CF.svg = function (tag, attributes = {}, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (typeof value === "function") node.addEventListener(name, value);
      else node.setAttribute(name, String(value));
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };

  /** Call draw(width) now and whenever the element's width changes. */
  CF.onWidth = function (node, draw) {
    let width = 0;
    new ResizeObserver(([entry]) => {
      const now = Math.floor(entry.contentRect.width);
      if (now && now !== width) draw((width = now));
    }).observe(node);
  };

  /** 61706 -> "61,706". */
  CF.exact = (count) => count.toLocaleString("en-GB");

  /** 15470264320 -> "15.5 G": three figures, for narrow places. */
  CF.short = function (count) {
    const [power, sign] = [[1e9, "G"], [1e6, "M"], [1e3, "k"]].find(([least]) => count >= least) || [1, ""];
    const value = Number((count / power).toPrecision(3));
    return value === 1000 && sign !== "G" ? CF.short(count * 1.001) : `${value}${sign && `\u00a0${sign}`}`;
  };

  /** Nodes for both, of which the style shows one. */
  CF.count = (count) => count < 10000 ? [CF.exact(count)]
    : [el("span", { class: "cf-exact" }, CF.exact(count)), el("span", { class: "cf-short" }, CF.short(count))];
})();
