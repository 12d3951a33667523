/* What a full, a grouped and a depthwise separable convolution cost: CourseFigures.depthwise, free of the page.
 *
 * settings: { in, out: channels; kernel: K; rows, columns: H and W of the output, which stride 1 and enough padding make those
 * of the input; groups }. Biases are left out everywhere.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;

  /** Weights of a layer whose output channels each read `reads` weights; every output number costs as many multiply-adds. */
  const layer = (reads, channels, places) => ({ reads, weights: reads * channels, macs: reads * channels * places });

  function compute({ in: from, out: to, kernel, rows, columns, groups }) {
    const places = rows * columns;
    const taps = kernel ** 2;
    const full = layer(from * taps, to, places);
    const fits = from % groups === 0 && to % groups === 0;
    const grouped = fits ? layer((from / groups) * taps, to, places) : null;
    const depthwise = layer(taps, from, places);
    const pointwise = layer(from, to, places);
    const separable = {
      reads: from * taps + from, // behind one output number stand all depthwise kernels and one row of the 1 x 1
      weights: depthwise.weights + pointwise.weights,
      macs: depthwise.macs + pointwise.macs,
    };
    const wrong = [[from, "input"], [to, "output"]].filter(([count]) => count % groups).map(([count, what]) => `${count} ${what} channels`);
    const message = fits ? null : `${wrong.join(" and ")} cannot be divided into ${groups} groups.`;
    return { full, grouped, depthwise, pointwise, separable, ratio: separable.weights / full.weights, predicted: 1 / to + 1 / taps, fits, message };
  }

  /** Whether output channel o reads input channel c in so many groups. */
  const reads = ({ in: from, out: to }, groups, o, c) => Math.floor((o * groups) / to) === Math.floor((c * groups) / from);

  /** The numbers of groups that are possible, in order. */
  const divisors = ({ in: from, out: to }) =>
    Array.from({ length: Math.min(from, to) }, (_, index) => index + 1).filter((g) => from % g === 0 && to % g === 0);

  CF.depthwise = { compute, reads, divisors };
})();
