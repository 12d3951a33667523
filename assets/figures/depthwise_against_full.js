/* Depthwise against full: which weights one output number reads, and what a full, a grouped and a separable convolution cost.
 *
 * Embed (raw HTML in a markdown cell, best inside an {interactive} directive; keep it free of blank lines):
 *
 *   <div class="course-figure" data-figure="depthwise-against-full" data-preset="small">The numbers, for readers without JavaScript.</div>
 *
 * attribute      meaning                                                            default
 * data-preset    small | wide | mobilenet | convnext                                none
 * data-in        input channels, 1 to 1024                                          4, or the preset's
 * data-out       output channels, 1 to 1024                                         6
 * data-kernel    rows and columns of a kernel, 1 to 11                              3
 * data-rows      rows of the output, 1 to 512                                       8
 * data-columns   columns of the output, 1 to 512                                    8
 * data-groups    groups of the convolution on the left; 1 is the full one           1
 * data-channel   the output channel whose weights stand out, counted from 0         0
 * data-label     the figure's name for screen readers                               Depthwise against full
 *
 * Keys, while the figure has the focus: up and down choose the output channel, left and right the groups, among those that divide.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const { whole } = CF.fields;

  class DepthwiseAgainstFull extends CF.Figure {
    static label = "Depthwise against full";

    static fields = {
      in: whole(1, 1024, 4), out: whole(1, 1024, 6), kernel: whole(1, 11, 3), rows: whole(1, 512, 8), columns: whole(1, 512, 8),
      groups: whole(1, 1024, 1), channel: whole(0, 1023, 0),
    };

    static presets = {
      small: { title: "4 to 6 channels", in: "4", out: "6", kernel: "3", rows: "8", columns: "8" },
      wide: { title: "64 to 128 channels at 56 \u00d7 56", in: "64", out: "128", kernel: "3", rows: "56", columns: "56" },
      mobilenet: { title: "MobileNet: 512 to 512 at 14 \u00d7 14", in: "512", out: "512", kernel: "3", rows: "14", columns: "14" },
      convnext: { title: "7 \u00d7 7 as in ConvNeXt, 96 to 96 at 56 \u00d7 56", in: "96", out: "96", kernel: "7", rows: "56", columns: "56" },
    };

    keys = {
      ArrowUp: () => this.choose(this.channel - 1),
      ArrowDown: () => this.choose(this.channel + 1),
      ArrowLeft: () => this.stepGroups(-1),
      ArrowRight: () => this.stepGroups(1),
    };

    compute(state) {
      return CF.depthwise.compute(state);
    }

    build() {
      this.view = new CF.DepthwiseView(this);
    }

    draw() {
      this.messages.set("groups", this.result.message);
      this.view.draw();
    }

    spoken() {
      return this.view.spoken();
    }

    /** The chosen output channel, which a smaller layer may not have. */
    get channel() {
      return Math.min(this.state.channel, this.state.out - 1);
    }

    choose(channel) {
      this.set({ channel: Math.max(0, Math.min(channel, this.state.out - 1)) });
    }

    /** To the next number of groups that divides both numbers of channels. */
    stepGroups(by) {
      const { groups } = this.state;
      const possible = CF.depthwise.divisors(this.state);
      const next = by > 0 ? possible.find((g) => g > groups) : possible.findLast((g) => g < groups);
      this.set({ groups: next ?? possible.at(by > 0 ? -1 : 0) });
    }
  }

  CF.Figure.register("depthwise-against-full", DepthwiseAgainstFull);
})();
