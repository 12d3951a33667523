/* Controls and texts that the course's figures share: number fields, buttons, messages, stepping, sums of products. */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const { el, format, factor } = CF;

  /** A labelled whole number within [min, max]; onValue gets a valid number, onInvalid the message or null. */
  CF.numberField = function ({ label, name, value, min, max, onValue, onInvalid }) {
    const input = el("input", { type: "number", min, max, step: 1, value, class: "cf-number", "aria-label": name });
    input.addEventListener("input", () => {
      const typed = input.valueAsNumber;
      const valid = Number.isInteger(typed) && typed >= min && typed <= max;
      input.setAttribute("aria-invalid", String(!valid));
      onInvalid(name, valid ? null : `${name}: expected a whole number from ${min} to ${max}.`);
      if (valid) onValue(typed);
    });
    return el("label", { class: "cf-field" }, el("span", {}, label), input);
  };

  /** Two number fields under one heading, for instance stride down and across. onPair gets the new pair. */
  CF.pairField = function ({ title, labels, values, min, max, onPair, onInvalid }) {
    const pair = values.slice();
    const fields = labels.map((label, index) =>
      CF.numberField({
        label, name: `${title} ${label}`, value: values[index], min, max, onInvalid,
        onValue: (value) => { pair[index] = value; onPair(pair.slice()); },
      }));
    return el("fieldset", { class: "cf-group" }, el("legend", {}, title), ...fields);
  };

  /** The fields for those of stride, padding, dilation, input and kernel size that `controls` names. */
  CF.geometryFields = function ({ s, controls, limits, messages, change }) {
    const onInvalid = (name, message) => messages.set(name, message);
    const pair = (name, title, labels, values, onPair) => {
      const [min, max] = limits[name];
      return CF.pairField({ title, labels, values, min, max, onInvalid, onPair });
    };
    const steps = (name) =>
      pair(name, name[0].toUpperCase() + name.slice(1), ["down", "across"], s[name], (value) => change(name, value));
    const shape = (name, title) => pair(name, title, ["rows", "columns"], [s[name].length, s[name][0].length],
      ([rows, cols]) => change(name, CF.resized(s[name], rows, cols)));
    const makers = { stride: steps, padding: steps, dilation: steps,
      input: () => shape("input", "Input size"), kernel: () => shape("kernel", "Kernel size") };
    return Object.keys(makers).filter((name) => controls.has(name)).map((name) => makers[name](name));
  };

  CF.checkbox = function ({ label, checked, onChange }) {
    const box = el("input", { type: "checkbox", change: () => onChange(box.checked) });
    box.checked = checked;
    return el("label", { class: "cf-check" }, box, el("span", {}, label));
  };

  const ICONS = {
    first: "M6 5v14M18.5 5l-9 7 9 7z", previous: "M15.5 5l-7 7 7 7", next: "M8.5 5l7 7-7 7", last: "M18 5v14M5.5 5l9 7-9 7z",
    play: "M7 4.5v15l12-7.5z", pause: "M8 5v14M16 5v14",
  };

  CF.setIcon = function (button, icon) {
    const path = `<path d="${ICONS[icon]}"/>`;
    button.querySelector("svg").innerHTML = path;
  };

  CF.iconButton = function ({ label, icon, onPress, text }) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [name, value] of [["viewBox", "0 0 24 24"], ["aria-hidden", "true"], ["focusable", "false"]]) {
      svg.setAttribute(name, value);
    }
    const button = el("button", { type: "button", class: "cf-button", "aria-label": text ? null : label, title: label });
    button.append(svg, ...(text ? [el("span", { class: "cf-buttontext" }, text)] : []));
    button.addEventListener("click", () => button.getAttribute("aria-disabled") !== "true" && onPress());
    CF.setIcon(button, icon);
    return button;
  };

  /** Messages by source; the reader sees all that still hold. */
  CF.Messages = class {
    constructor() {
      this.held = new Map();
      this.node = el("p", { class: "cf-message", role: "alert" });
    }

    /** Forget the messages whose source begins with `prefix`. */
    drop(prefix) {
      for (const source of [...this.held.keys()]) if (source.startsWith(prefix)) this.set(source, null);
    }

    set(source, message) {
      if (message) this.held.set(source, message);
      else this.held.delete(source);
      const text = [...this.held.values()].join(" ");
      if (this.node.textContent !== text) this.node.textContent = text;
    }

    /** A cell whose entry is no number keeps its last value; `text` null says that it is mended. */
    setCell(cellName, text, kept) {
      const typed = text === null || text.trim() === "" ? "empty" : `"${text}"`;
      const message = `${cellName} is ${typed}: expected a number. ${text === null ? "" : CF.format(kept)} stays in use.`;
      this.set(`cell ${cellName}`, text === null ? null : message);
    }

    clear() {
      this.held.clear();
      this.node.textContent = "";
    }
  };

  /** Buttons first, back, play or pause, next, last, and the position, for a Stepper. */
  CF.Transport = class {
    constructor(figure) {
      this.figure = figure;
      this.playing = false;
      const button = (icon, label, onPress, text) => CF.iconButton({ icon, label, onPress, text });
      this.buttons = {
        first: button("first", "First position", () => figure.go(0)),
        previous: button("previous", "Previous position", () => figure.go(figure.position - 1)),
        play: button("play", "Play or pause", () => figure.togglePlay(), "Play"),
        next: button("next", "Next position", () => figure.go(figure.position + 1)),
        last: button("last", "Last position", () => figure.go(figure.count - 1)),
      };
      this.where = el("span", { class: "cf-where" });
      this.node = el("div", { class: "cf-transport" }, ...Object.values(this.buttons), this.where);
    }

    draw(playing = this.playing) {
      const [position, count] = [this.figure.position, this.figure.count];
      const { first, previous, play, next, last } = this.buttons;
      const disable = (button, off) => button.setAttribute("aria-disabled", String(off || !count));
      for (const button of [first, previous]) disable(button, position === 0);
      for (const button of [next, last]) disable(button, position === count - 1);
      disable(play, false);
      this.where.textContent = count ? `${position + 1} of ${count}` : "";
      if (playing !== this.playing) {
        this.playing = playing;
        CF.setIcon(play, playing ? "pause" : "play");
        play.querySelector(".cf-buttontext").textContent = playing ? "Pause" : "Play";
      }
    }
  };

  /** What steps through the cells of a grid: a figure extends it with shape(), result, and a view that draws. */
  CF.Stepper = class {
    constructor(stepMs) {
      this.stepMs = stepMs;
      this.position = 0;
      this.timer = null;
    }

    get count() {
      const [rows, cols] = this.shape();
      return this.result.fits ? rows * cols : 0;
    }

    /** Row and column of the present position. */
    place() {
      const across = this.shape()[1];
      return [Math.floor(this.position / across), this.position % across];
    }

    go(position) {
      if (position < 0 || position >= this.count) return;
      this.position = position;
      this.view.draw();
    }

    onKey(key) {
      if (!this.count) return false;
      const across = this.shape()[1];
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across };
      this.pause();
      this.go({ Home: 0, End: this.count - 1 }[key] ?? this.position + step[key]);
      return true;
    }

    togglePlay() {
      if (this.timer) this.pause();
      else this.play();
    }

    play() {
      if (this.position === this.count - 1) this.go(0);
      this.timer = setInterval(() => {
        this.go(this.position + 1);
        if (this.position === this.count - 1) this.pause();
      }, this.stepMs);
      this.view.transport.draw(true);
    }

    pause() {
      clearInterval(this.timer);
      this.timer = null;
      if (this.result) this.view.transport.draw(false);
    }
  };

  CF.textButton = (text, onPress) => el("button", { type: "button", class: "cf-button", click: onPress }, text);

  CF.liveRegion = () =>
    el("p", { class: "cf-hidden", "aria-live": "polite", "aria-atomic": "true", "data-part": "live" });

  /** A grid under its title and shape. */
  CF.panel = function (title, matrix, grid) {
    const shape = el("span", { class: "cf-shape" }, `${matrix.length} \u00d7 ${matrix[0].length}`);
    return el("div", { class: "cf-panel" }, el("div", { class: "cf-title" }, title, " ", shape), grid.node);
  };

  /** An operator and what stands behind it, kept on one line. */
  CF.unit = (sign, node) =>
    el("div", { class: "cf-unit" }, el("span", { class: "cf-sign", "aria-hidden": "true" }, sign), node);

  /** "name = a\u00b7b + c\u00b7d = total", one line for each row of pairs; without a total the products stand side by side. */
  CF.sumOfProducts = function (name, rows, total, classes = ["cf-x", "cf-k"]) {
    const part = (value, index) => el("span", { class: classes[index] }, factor(value));
    let plus = "";
    const term = ([first, second]) => {
      const node = el("span", { class: "cf-term" }, plus, part(first, 0), "\u00b7", part(second, 1), " ");
      if (total !== null) plus = "+ ";
      return node;
    };
    const lines = rows.map((row) => el("span", { class: "cf-terms" }, ...row.map(term)));
    const end = total === null ? [] : [el("span", { class: "cf-total" }, "= ", el("strong", {}, format(total)))];
    const sign = total === null ? ": " : " = ";
    return [el("span", { class: "cf-lhs" }, name + sign), el("span", { class: "cf-rhs" }, ...lines), ...end];
  };
})();
