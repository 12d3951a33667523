/* Residual paths: numbers flow through a residual block and past it, gradients come back on both paths, and a chain of blocks
 * multiplies their derivatives.
 *
 * Embed (raw HTML in a markdown cell, best inside an {interactive} directive; keep it free of blank lines):
 *
 *   <div class="course-figure" data-figure="residual-paths" data-scale="0.5">The numbers, for readers without JavaScript.</div>
 *
 * attribute       meaning                                                              default
 * data-preset     block | identity | closed                                            none
 * data-input      x, four numbers                                                      1 2 0 1
 * data-first      w1, three numbers                                                    1 0 -1
 * data-second     w2, three numbers                                                    0.5 1 0.5
 * data-scale      alpha, by which w2 and the chain's weights are multiplied, -2 to 2   1
 * data-gradient   dL/dy, four numbers                                                  1 1 1 1
 * data-last       relu | none: what follows the sum                                    relu
 * data-step       how far the numbers have flowed at first, 0 to 12                    0
 * data-depth      blocks in the chain, 1 to 50                                         20
 * data-label      the figure's name for screen readers                                 Residual paths
 *
 * Keys, while the figure has the focus: left and right step, Home and End go to the start and to the end.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const { whole, decimal, numbers, choice } = CF.fields;
  const STEP_MS = 1800;
  const STEPS = 13; // the input, five steps forward, the gradient that arrives, six steps back

  class ResidualPaths extends CF.Figure {
    static label = "Residual paths";

    static fields = {
      input: numbers(4, 4, "1 2 0 1"), first: numbers(3, 3, "1 0 -1"), second: numbers(3, 3, "0.5 1 0.5"), scale: decimal(-2, 2, 0.1, 1),
      gradient: numbers(4, 4, "1 1 1 1"), last: choice(["relu", "none"]), step: whole(0, STEPS - 1, 0), depth: whole(1, CF.residual.MOST_BLOCKS, 20),
    };

    static presets = {
      block: { title: "an ordinary block", first: "1 0 -1", second: "0.5 1 0.5", scale: "1" },
      identity: { title: "\u03b1 = 0: the block is the identity", first: "1 0 -1", second: "0.5 1 0.5", scale: "0" },
      closed: { title: "every ReLU inside F is closed", first: "-1 0 -1", second: "0.5 1 0.5", scale: "1" },
    };

    keys = {
      ArrowLeft: () => this.go(this.position - 1),
      ArrowRight: () => this.go(this.position + 1),
      Home: () => this.go(0),
      End: () => this.go(STEPS - 1),
    };

    // What CF.Transport asks of a figure.
    count = STEPS;

    get position() {
      return this.state.step;
    }

    go(step) {
      this.pause();
      this.reach(step);
    }

    reach(step) {
      if (step >= 0 && step < STEPS) this.set({ step });
    }

    togglePlay() {
      if (this.timer) this.pause();
      else this.play();
    }

    play() {
      if (this.state.step === STEPS - 1) this.reach(0);
      this.timer = setInterval(() => {
        this.reach(this.state.step + 1);
        if (this.state.step === STEPS - 1) this.pause();
      }, STEP_MS);
      this.view.transport.draw(true);
    }

    pause() {
      clearInterval(this.timer);
      this.timer = null;
      this.view.transport.draw(false);
    }

    compute(state) {
      return CF.residual.compute(state);
    }

    build() {
      this.view = new CF.ResidualView(this);
    }

    draw() {
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

    /** Take over one number of a row; `name` is the field. */
    edit(name, index, value) {
      this.set({ [name]: this.state[name].with(index, value) });
    }
  }

  CF.Figure.register("residual-paths", ResidualPaths);
})();
