/* A transposed convolution two ways: every input number writes its multiple of the kernel; or zeros are inserted between the
 * input's numbers and a turned kernel slides over them. Both make the same output, number by number.
 *
 * Embed (raw HTML in a markdown cell, best inside an {interactive} directive; keep it free of blank lines):
 *
 *   <div class="course-figure" data-figure="transposed-convolution" data-pixel="1">The numbers, for readers without JavaScript.</div>
 *
 * attribute       meaning                                                                       default
 * data-preset     worked | overlap | uneven | even | bilinear                                   none
 * data-input      X, 1 to 4 rows and columns                                                    1 0; 2 3
 * data-kernel     K, 1 to 5 rows and columns                                                    0 1; 1 0
 * data-stride     1 to 3                                                                        2
 * data-padding    rows and columns cut off on every side, 0 to 4, less than the kernel has      0
 * data-pixel      the last input number that has been written, row by row from 0                3
 * data-row, data-column  the output number whose sums are shown                                 2, 3
 * data-shown      values | overlaps: what the output grid shows                                 values
 * data-label      the figure's name for screen readers                                          Transposed convolution
 *
 * Keys, while the figure has the focus: left and right step through the input, up and down through the output, Home and End go to
 * the first and the last input number.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const { whole, choice } = CF.fields;
  const STEP_MS = 1200;

  const matrix = (name, most, fallback) => ({
    fallback, write: (values) => values.map((row) => row.join(" ")).join("; "),
    read: (text) => {
      const values = CF.parseMatrix(text, name);
      if (Math.max(values.length, values[0].length) > most) throw new Error(`expected at most ${most} rows and columns, got "${text}"`);
      return values;
    },
  });
  const rows = (n, row) => Array(n).fill(row).join("; ");
  const ones = (n) => rows(n, Array(n).fill(1).join(" "));

  class TransposedConvolution extends CF.Figure {
    static label = "Transposed convolution";

    static fields = {
      input: matrix("input", 4, "1 0; 2 3"), kernel: matrix("kernel", 5, "0 1; 1 0"), stride: whole(1, 3, 2), padding: whole(0, 4, 0),
      pixel: whole(0, 15, 3), row: whole(0, 15, 2), column: whole(0, 15, 3), shown: choice(["values", "overlaps"]),
    };

    static presets = {
      worked: { title: "the worked example", input: "1 0; 2 3", kernel: "0 1; 1 0", stride: "2", padding: "0", pixel: "3", row: "2", column: "3", shown: "values" },
      overlap: { title: "windows that overlap", input: "1 0; 2 3", kernel: "1 2; 3 4", stride: "1", padding: "0", pixel: "3", row: "1", column: "1", shown: "values" },
      uneven: { title: "checkerboard: K = 3, s = 2", input: ones(4), kernel: ones(3), stride: "2", padding: "0", pixel: "15", row: "4", column: "4", shown: "overlaps" },
      even: { title: "even: K = 4, s = 2", input: ones(4), kernel: ones(4), stride: "2", padding: "1", pixel: "15", row: "4", column: "4", shown: "overlaps" },
      bilinear: { title: "bilinear, times 16", input: "0 0 0; 0 1 0; 0 0 0", kernel: "1 3 3 1; 3 9 9 3; 3 9 9 3; 1 3 3 1", stride: "2", padding: "1", pixel: "8", row: "2", column: "2", shown: "values" },
    };

    keys = {
      ArrowLeft: () => this.go(this.position - 1),
      ArrowRight: () => this.go(this.position + 1),
      ArrowUp: () => this.look(-1),
      ArrowDown: () => this.look(1),
      Home: () => this.go(0),
      End: () => this.go(this.count - 1),
    };

    // What CF.Transport asks of a figure.
    get count() {
      return this.state.input.length * this.state.input[0].length;
    }

    get position() {
      return Math.min(this.state.pixel, this.count - 1);
    }

    go(pixel) {
      this.pause();
      this.reach(pixel);
    }

    /** To an input number; the output number that is looked at moves along, to the same place of the window. */
    reach(pixel) {
      if (pixel < 0 || pixel >= this.count) return;
      const { fits, place, corner, size } = this.result;
      if (!fits) return this.set({ pixel });
      const [l, m] = place.map((n, axis) => n - corner[axis]);
      const { kernel, stride, padding, input } = this.state;
      const inside = l >= 0 && m >= 0 && l < kernel.length && m < kernel[0].length;
      const start = [Math.floor(pixel / input[0].length), pixel % input[0].length].map((n) => stride * n - padding);
      const [row, column] = start.map((n, axis) => Math.max(0, Math.min(size[axis] - 1, n + (inside ? [l, m][axis] : 0))));
      return this.set({ pixel, row, column });
    }

    /** To the output number before or after. */
    look(by) {
      const { fits, place, size } = this.result;
      if (!fits) return;
      const next = Math.max(0, Math.min(size[0] * size[1] - 1, place[0] * size[1] + place[1] + by));
      this.set({ row: Math.floor(next / size[1]), column: next % size[1] });
    }

    togglePlay() {
      if (this.timer) this.pause();
      else this.play();
    }

    play() {
      if (this.position === this.count - 1) this.reach(0);
      this.timer = setInterval(() => {
        this.reach(this.position + 1);
        if (this.position === this.count - 1) this.pause();
      }, STEP_MS);
      this.view.transport.draw(true);
    }

    pause() {
      clearInterval(this.timer);
      this.timer = null;
      this.view.transport.draw(false);
    }

    compute(state) {
      return CF.transposed.compute(state);
    }

    build() {
      this.view = new CF.TransposedView(this);
    }

    draw() {
      this.messages.set("settings", this.result.message);
      this.view.draw();
    }

    spoken() {
      return this.view.spoken();
    }

    mend() {
      this.pause();
      for (const grid of this.view.editable) grid.mend();
      super.mend();
    }

    /** Take over one number of the input or of the kernel. */
    edit(name, r, c, value) {
      this.set({ [name]: this.state[name].map((row, index) => (index === r ? row.with(c, value) : row)) });
    }

    /** So many rows and columns; what was the last step stays the last. */
    resize(name, n) {
      const last = this.position === this.count - 1;
      const changed = CF.transposed.resize(this.state[name], n);
      this.set({ [name]: changed, ...(name === "input" && last ? { pixel: n * n - 1 } : {}) });
    }
  }

  CF.Figure.register("transposed-convolution", TransposedConvolution);
})();
