/* The arithmetic of a layer with channels, free of the page: CourseFigures.channels.compute and .windowAt.
 *
 * settings: { input: one matrix per channel; filters: per filter one slice (matrix) per channel; bias: one number per
 * filter; stride, padding: [down, across] }. Each channel meets its own slice, and the sums are added to the bias.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const LIMITS = { input: [1, 7], slice: [1, 4], stride: [1, 3], padding: [0, 2], bias: [-9, 9] }; // sizes, steps, values
  const MOST = { channels: 4, filters: 4 };

  /** The window of output (i, j): per channel { pairs: rows of [x, w], sum }, and their total with the bias. */
  function windowAt(result, o, i, j) {
    const { filters, bias, stride } = result.settings;
    const [top, left] = [i * stride[0], j * stride[1]];
    const parts = result.padded.map((channel, c) => {
      const pairs = filters[o][c].map((row, u) => row.map((w, v) => [channel[top + u][left + v], w]));
      return { pairs, sum: pairs.flat().reduce((sum, [x, w]) => sum + x * w, 0) };
    });
    return { top, left, parts, bias: bias[o], total: parts.reduce((sum, part) => sum + part.sum, bias[o]) };
  }

  /** Everything the figure draws; `fits` is false, with a message, when no window lies inside the padded input. */
  function compute(settings) {
    const { input, filters, stride, padding } = settings;
    const size = [input[0].length, input[0][0].length];
    const taps = [filters[0][0].length, filters[0][0][0].length];
    const padded = input.map((channel) => CF.padded(channel, padding)); // (C_in, H + 2 P_h, W + 2 P_w)
    const out = size.map((n, axis) => CF.outputSize(n, taps[axis], stride[axis], padding[axis], 1));
    const result = { settings, size, taps, padded, out, output: [], fits: Math.min(...out) > 0 };
    if (!result.fits) {
      return { ...result, message: `No window fits: a slice is ${taps.join(" \u00d7 ")}, a padded channel only ` +
        `${padded[0].length} \u00d7 ${padded[0][0].length}. Enlarge the padding.` };
    }
    result.output = filters.map((_, o) => CF.zeros(...out).map((row, i) => row.map((_, j) => windowAt(result, o, i, j).total)));
    return result;
  }

  CF.channels = { compute, windowAt, LIMITS, MOST };
})();
