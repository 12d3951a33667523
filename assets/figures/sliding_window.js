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
    for (const [name, [low, high]] of Object.entries(CF.slidingWindow.LIMITS)) {
      const value = settings[name];
      const sizes = Array.isArray(value[0]) ? [value.length, value[0].length] : value;
      const bad = sizes.some((size) => size < low || size > high);
      if (bad) throw new Error(`data-${name}: expected ${low} to ${high} down and across, got ${sizes.join(" and ")}`);
    }
    if (!MODES.includes(settings.mode)) throw new Error(`data-mode: expected ${MODES.join(" or ")}, got "${settings.mode}"`);
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
      this.count = this.result.fits ? this.result.out[0] * this.result.out[1] : 0;
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

    /** The output cell [i, j] of the present position. */
    place() {
      const across = this.result.out[1];
      return [Math.floor(this.position / across), this.position % across];
    }

    go(position) {
      if (position < 0 || position >= this.count) return;
      this.position = position;
      this.seen.add(position);
      this.view.draw();
    }

    select(r, c) {
      const position = r * this.result.out[1] + c;
      if (position === this.position) return;
      this.pause();
      this.go(position);
    }

    onKey(key) {
      if (!this.count) return false;
      const across = this.result.out[1];
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across };
      this.pause();
      this.go({ Home: 0, End: this.count - 1 }[key] ?? this.position + step[key]);
      const grid = this.view.outputGrid;
      if (grid.node.contains(document.activeElement)) grid.focus(...this.place());
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
      }, STEP_MS);
      this.view.transport.draw(true);
    }

    pause() {
      clearInterval(this.timer);
      this.timer = null;
      this.view.transport.draw(false);
    }
  }

  CF.register("sliding-window", (root) => new SlidingWindow(root));
})();
