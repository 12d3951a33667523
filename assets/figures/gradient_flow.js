/* Backpropagation through a convolution: a reader picks an output cell and sees who receives its gradient, or an input or a
 * weight and sees where its gradient comes from.
 *
 * Embed (raw HTML in a markdown cell; keep it free of blank lines):
 *
 *   <div class="course-figure" data-figure="gradient-flow" data-input="0 1 2 1; 3 0 1 2; 1 2 0 1; 2 1 1 0"
 *        data-kernel="0 1 2; 2 2 0; 0 1 2" data-upstream="1 -2; 3 1"
 *        data-controls="input kernel upstream stride padding">What the figure shows, for readers without JavaScript.</div>
 *
 * attribute          meaning                                                                     default
 * data-input         rows separated by ";", numbers by blanks; 1 to 7 rows and columns           required
 * data-kernel        the same, 1 to 4 rows and columns                                           required
 * data-upstream      the gradient dL/dY that arrives, in the output's shape                      all ones
 * data-stride        one number, or "down across"; 1 to 3                                        1
 * data-padding       one number, or "down across"; 0 to 3                                        0
 * data-trace         output | input | kernel: what is picked at first, cell (0, 0)               output
 * data-controls      what the reader may change: input kernel upstream stride padding            nothing
 * data-label         the figure's name for screen readers                                        Gradient flow
 *
 * Needs figures.css and, loaded before it, core.js, controls.js, gradient_flow_compute.js, gradient_flow_view.js; the book does so.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const KINDS = ["output", "input", "kernel"];
  const STEP_MS = 1600;

  function readSettings(data) {
    const settings = {
      input: CF.parseMatrix(data.input, "data-input"),
      kernel: CF.parseMatrix(data.kernel, "data-kernel"),
      stride: CF.parsePair(data.stride, "data-stride", 1),
      padding: CF.parsePair(data.padding, "data-padding", 0),
    };
    CF.checkLimits(settings, CF.gradientFlow.LIMITS);
    const shape = outputShape(settings);
    settings.upstream = data.upstream ? CF.parseMatrix(data.upstream, "data-upstream") : ones([], shape);
    const got = [settings.upstream.length, settings.upstream[0].length];
    if (String(got) !== String(shape)) throw new Error(`data-upstream: expected the output's shape ${shape}, got ${got}`);
    return settings;
  }

  const outputShape = ({ input, kernel, stride, padding }) =>
    [CF.outputSize(input.length, kernel.length, stride[0], padding[0], 1),
      CF.outputSize(input[0].length, kernel[0].length, stride[1], padding[1], 1)].map((n) => Math.max(n, 0));

  /** The matrix in another shape, with ones where it had nothing. */
  const ones = (matrix, [rows, cols]) =>
    Array.from({ length: rows }, (_, r) => Array.from({ length: cols }, (_, c) => (matrix[r] || [])[c] ?? 1));

  class GradientFlow extends CF.Stepper {
    constructor(root) {
      super(STEP_MS);
      this.root = root;
      this.initial = readSettings(root.dataset);
      this.firstKind = root.dataset.trace || "output";
      if (!KINDS.includes(this.firstKind)) throw new Error(`data-trace: expected ${KINDS.join(", ")}, got "${this.firstKind}"`);
      this.controls = new Set((root.dataset.controls || "").split(/\s+/).filter(Boolean));
      CF.dress(root, root.dataset.label || "Gradient flow");
      this.view = new CF.GradientFlowView(this);
      this.reset();
      this.view.live.textContent = ""; // nothing to announce before the reader acts
      CF.keepKeys(root, (key) => this.onKey(key));
    }

    reset() {
      const copies = ["input", "kernel", "upstream"].map((name) => [name, CF.copy(this.initial[name])]);
      this.s = { ...this.initial, ...Object.fromEntries(copies) };
      this.kind = this.firstKind;
      this.view.messages.clear();
      this.view.buildSettings();
      this.restart();
    }

    /** Take over a setting that changes shapes; the upstream gradient follows the output's shape. */
    change(name, value) {
      this.s[name] = value;
      const shape = outputShape(this.s);
      if (Math.min(...shape) > 0) this.s.upstream = ones(this.s.upstream, shape);
      this.restart();
    }

    restart() {
      this.pause();
      this.position = 0;
      this.result = CF.gradientFlow.compute(this.s);
      this.view.drawGrids();
      this.view.draw();
    }

    /** Take over one number; what is picked stays. */
    edit(name, r, c, value) {
      this.s[name][r][c] = value;
      this.result = CF.gradientFlow.compute(this.s);
      this.view.draw();
    }

    // ---- picking and stepping -----------------------------------------------------------------------------------------

    /** Rows and columns of what is picked from. */
    shape(kind = this.kind) {
      const { out, size, taps } = this.result;
      return { output: out, input: size, kernel: taps }[kind];
    }

    pick(kind, r, c) {
      const position = r * this.shape(kind)[1] + c;
      if (kind === this.kind && position === this.position) return;
      this.pause();
      this.kind = kind;
      this.position = position;
      this.view.draw();
    }

    trace(kind) {
      this.pause();
      this.kind = kind;
      this.position = 0;
      this.view.draw();
    }
  }

  CF.register("gradient-flow", (root) => new GradientFlow(root));
})();
