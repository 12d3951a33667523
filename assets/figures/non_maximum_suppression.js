/* Non-maximum suppression: eight boxes on a drawn scene; each round keeps the highest score and suppresses what overlaps it.
 *
 * Embed (raw HTML in a markdown cell, best inside an {interactive} directive; keep it free of blank lines):
 *
 *   <div class="course-figure" data-figure="non-maximum-suppression" data-step="1">The numbers, for readers without JavaScript.</div>
 *
 * attribute       meaning                                                                    default
 * data-preset     each | all | low | high                                                    none
 * data-threshold  the largest IoU of two kept boxes, 0 to 1 in steps of 0.05                 0.5
 * data-within     class | all: whether only boxes of one class suppress each other           class
 * data-step       rounds that are over at first, 0 to 8; no more than there are              0
 * data-label      the figure's name for screen readers                                       Non-maximum suppression
 *
 * Keys, while the figure has the focus: left and right step through the rounds, up and down move the threshold, Home and End go
 * to the start and to the end.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const { whole, decimal, choice } = CF.fields;
  const STEP_MS = 1800;

  class NonMaximumSuppression extends CF.Figure {
    static label = "Non-maximum suppression";

    static fields = {
      threshold: decimal(0, 1, 0.05, 0.5), within: choice(["class", "all"]), step: whole(0, CF.suppression.SCENE.boxes.length, 0),
    };

    static presets = {
      each: { title: "each class by itself", threshold: "0.5", within: "class", step: "8" },
      all: { title: "over all classes: the inner circle is lost", threshold: "0.5", within: "all", step: "8" },
      low: { title: "threshold too low: a neighbour is lost", threshold: "0.25", within: "class", step: "8" },
      high: { title: "threshold too high: doubles stay", threshold: "0.75", within: "class", step: "8" },
    };

    keys = {
      ArrowLeft: () => this.go(this.position - 1),
      ArrowRight: () => this.go(this.position + 1),
      ArrowUp: () => this.move(1),
      ArrowDown: () => this.move(-1),
      Home: () => this.go(0),
      End: () => this.go(this.count - 1),
    };

    // What CF.Transport asks of a figure: the start and every round.
    get count() {
      return this.result.rounds.length + 1;
    }

    get position() {
      return Math.min(this.state.step, this.count - 1);
    }

    go(step) {
      this.pause();
      this.reach(step);
    }

    reach(step) {
      if (step >= 0 && step < this.count) this.set({ step });
    }

    /** The threshold, so many steps up. */
    move(by) {
      const { min, max, step } = this.fields.threshold;
      const next = Math.round(this.state.threshold / step) + by;
      this.set({ threshold: Math.max(min, Math.min(max, Number((next * step).toFixed(2)))) });
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

    mend() {
      this.pause();
      super.mend();
    }

    compute({ threshold, within }) {
      return CF.suppression.compute({ boxes: CF.suppression.SCENE.boxes, threshold, within });
    }

    build() {
      this.view = new CF.SuppressionView(this);
    }

    draw() {
      this.view.draw();
    }

    spoken() {
      return this.view.spoken();
    }
  }

  CF.Figure.register("non-maximum-suppression", NonMaximumSuppression);
})();
