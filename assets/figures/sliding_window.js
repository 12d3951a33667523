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
 * Needs figures.css and, loaded before it, core.js, controls.js, sliding_window_compute.js, sliding_window_view.js; the book does so.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const STEP_MS = 1100;
  const MODES = ["cross-correlation", "convolution"];

  function readSettings(data) {
    const settings = {
      input: CF.parseMatrix(data.input, "data-input"),
      kernel: CF.parseMatrix(data.kernel, "data-kernel"),
      stride: CF.parsePair(data.stride, "data-stride", 1),
      padding: CF.parsePair(data.padding, "data-padding", 0),
      dilation: CF.parsePair(data.dilation, "data-dilation", 1),
      mode: data.mode || MODES[0],
    };
    CF.checkLimits(settings, CF.slidingWindow.LIMITS);
    if (!MODES.includes(settings.mode)) throw new Error(`data-mode: expected ${MODES.join(" or ")}, got "${settings.mode}"`);
    return settings;
  }

  class SlidingWindow extends CF.Stepper {
    constructor(root) {
      super(STEP_MS);
      this.root = root;
      this.initial = readSettings(root.dataset);
      this.controls = new Set((root.dataset.controls || "").split(/\s+/));
      const flag = (value) => value !== undefined && value !== "false";
      this.showUnread = flag(root.dataset.showUnread);
      this.startFilled = flag(root.dataset.fill);
      CF.dress(root, root.dataset.label || "Sliding window");
      this.view = new CF.SlidingWindowView(this);
      this.reset();
      this.view.live.textContent = ""; // nothing to announce before the reader acts
      CF.keepKeys(root, (key) => this.onKey(key));
    }

    reset() {
      this.s = { ...this.initial, input: CF.copy(this.initial.input), kernel: CF.copy(this.initial.kernel) };
      this.view.messages.clear();
      this.view.filled = this.startFilled;
      this.view.buildSettings();
      this.restart();
    }

    /** Take over a setting that moves or resizes the windows. */
    change(name, value) {
      this.s[name] = value;
      this.restart();
    }

    /** Compute and draw from the first position. */
    restart() {
      this.pause();
      this.position = 0;
      this.seen = new Set([0]);
      this.result = CF.slidingWindow.compute(this.s);
      this.view.drawGrids();
      this.view.draw();
    }

    /** Take over one number of the input or the kernel; the position stays. */
    edit(name, r, c, value) {
      this.s[name][r][c] = value;
      this.result = CF.slidingWindow.compute(this.s);
      this.view.draw();
    }

    // ---- stepping -----------------------------------------------------------------------------------------------------

    shape() {
      return this.result.out;
    }

    go(position) {
      this.seen.add(position);
      super.go(position);
    }

    select(r, c) {
      const position = r * this.result.out[1] + c;
      if (position === this.position) return;
      this.pause();
      this.go(position);
    }

    onKey(key) {
      const handled = super.onKey(key);
      const grid = this.view.outputGrid;
      if (handled && grid.node.contains(document.activeElement)) grid.focus(...this.place());
      return handled;
    }
  }

  CF.register("sliding-window", (root) => new SlidingWindow(root));
})();
