/* A layer with several channels in and out: a reader steps its filters over a stack of channels and sees every sum.
 *
 * Embed (raw HTML in a markdown cell; keep it free of blank lines):
 *
 *   <div class="course-figure" data-figure="channels" data-input="0 1; 2 3 | 1 2; 3 4" data-filters="1 0; 0 1 | 0 1; 1 0 / 1 1; 1 1 | 0 0; 0 1"
 *        data-bias="1 0" data-controls="input filters bias stride padding">What the figure shows, for readers without JavaScript.</div>
 *
 * attribute          meaning                                                                     default
 * data-input         channels separated by "|", rows by ";", numbers by blanks; 1 to 4 channels  required
 * data-filters       filters separated by "/", their slices by "|": one slice per channel        required
 * data-bias          one number per filter                                                       zeros
 * data-names         one word per channel                                                        channel 0, channel 1, ...
 * data-stride        one number, or "down across"; 1 to 3                                        1
 * data-padding       one number, or "down across"; 0 to 2                                        0
 * data-controls      what the reader may change: input filters bias stride padding               nothing
 * data-label         the figure's name for screen readers                                        Channels
 *
 * Needs figures.css and, loaded before it, core.js, controls.js, channels_compute.js, channels_view.js; the book does so.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const STEP_MS = 1600;

  const shapeOf = (matrix) => [matrix.length, matrix[0].length];
  const readStack = (text, name) => (text || "").split("|").map((part) => CF.parseMatrix(part, name));

  /** Throw unless there are 1 to `most` of them, all of one size within the limits. */
  function checkStack(stack, name, most, limits) {
    if (stack.length > most) throw new Error(`${name}: expected at most ${most}, got ${stack.length}`);
    const sizes = new Set(stack.map((matrix) => String(shapeOf(matrix))));
    if (sizes.size > 1) throw new Error(`${name}: expected equal sizes, got ${[...sizes].join(" and ")}`);
    CF.checkLimits({ [name.slice(5)]: stack[0] }, { [name.slice(5)]: limits });
  }

  function readSettings(data) {
    const { LIMITS, MOST } = CF.channels;
    const input = readStack(data.input, "data-input");
    const filters = (data.filters || "").split("/").map((filter) => readStack(filter, "data-filters"));
    checkStack(input, "data-input", MOST.channels, LIMITS.input);
    checkStack(filters.flat(), "data-filters", MOST.filters * MOST.channels, LIMITS.slice);
    const wrong = filters.find((filter) => filter.length !== input.length);
    if (wrong) throw new Error(`data-filters: expected ${input.length} slices, one per channel, got ${wrong.length}`);
    const bias = data.bias ? CF.parseMatrix(data.bias, "data-bias")[0] : filters.map(() => 0);
    if (bias.length !== filters.length) throw new Error(`data-bias: expected ${filters.length} numbers, got ${bias.length}`);
    const names = data.names ? data.names.trim().split(/\s+/) : input.map((_, c) => `channel ${c}`);
    if (names.length !== input.length) throw new Error(`data-names: expected ${input.length} words, got ${names.length}`);
    const steps = { stride: CF.parsePair(data.stride, "data-stride", 1), padding: CF.parsePair(data.padding, "data-padding", 0) };
    CF.checkLimits(steps, { stride: LIMITS.stride, padding: LIMITS.padding });
    return { input, filters, bias, names, ...steps };
  }

  class Channels extends CF.Stepper {
    constructor(root) {
      super(STEP_MS);
      this.root = root;
      this.initial = readSettings(root.dataset);
      this.controls = new Set((root.dataset.controls || "").split(/\s+/).filter(Boolean));
      CF.dress(root, root.dataset.label || "Channels");
      this.view = new CF.ChannelsView(this);
      this.reset();
      this.view.live.textContent = ""; // nothing to announce before the reader acts
      CF.keepKeys(root, (key) => this.onKey(key));
    }

    reset() {
      const { input, filters, bias } = this.initial;
      this.s = { ...this.initial, input: input.map(CF.copy), filters: filters.map((filter) => filter.map(CF.copy)), bias: [...bias] };
      this.view.messages.clear();
      this.view.filled = false;
      this.view.buildSettings();
      this.restart();
    }

    /** Take over the stride or the padding. */
    change(name, value) {
      this.s[name] = value;
      this.restart();
    }

    restart() {
      this.pause();
      this.position = 0;
      this.seen = new Set([0]);
      this.result = CF.channels.compute(this.s);
      this.view.drawGrids();
      this.view.draw();
    }

    /** Take over a change of numbers; the position stays. */
    edit(take) {
      take(this.s);
      this.result = CF.channels.compute(this.s);
      this.view.draw();
    }

    // ---- stepping: all places of filter 0, then all of filter 1 -----------------------------------------------------

    shape() {
      const [rows, cols] = this.result.out;
      return [rows * this.s.filters.length, cols];
    }

    /** Filter, row and column of the present position. */
    spot() {
      const [row, col] = this.place();
      const rows = this.result.out[0];
      return [Math.floor(row / rows), row % rows, col];
    }

    go(position) {
      if (position >= 0 && position < this.count) this.seen.add(position);
      super.go(position);
    }

    index(o, r, c) {
      const [rows, cols] = this.result.out;
      return (o * rows + r) * cols + c;
    }

    select(o, r, c) {
      if (this.index(o, r, c) === this.position) return;
      this.pause();
      this.go(this.index(o, r, c));
    }

    onKey(key) {
      const handled = super.onKey(key);
      const inside = this.view.outputGrids.some((grid) => grid.node.contains(document.activeElement));
      if (handled && inside) {
        const [o, r, c] = this.spot();
        this.view.outputGrids[o].focus(r, c);
      }
      return handled;
    }
  }

  CF.register("channels", (root) => new Channels(root));
})();
