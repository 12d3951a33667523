/* The gradients of a convolution layer, free of the page: CourseFigures.gradientFlow.compute and three traces.
 *
 * The layer is Y = X (star) K, a cross-correlation with stride S and padding P; G is the upstream gradient dL/dY.
 *   dL/dX  G dilated with S - 1 zeros, framed with K - 1 zeros, correlated with K turned by 180 degrees: a full convolution
 *   dL/dK  X correlated with the dilated G
 * settings: { input, kernel, upstream: matrices; stride, padding: [down, across] }
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const LIMITS = { input: [1, 7], kernel: [1, 4], stride: [1, 3], padding: [0, 3] };

  function correlate(x, k) {
    const [rows, cols] = [x.length - k.length + 1, x[0].length - k[0].length + 1];
    return CF.zeros(rows, cols).map((row, r) => row.map((_, c) =>
      k.reduce((sum, line, u) => sum + line.reduce((part, w, v) => part + w * x[r + u][c + v], 0), 0)));
  }

  /** G with stride - 1 zeros between its entries and, behind them, the rows and columns that the stride dropped. */
  function dilate(g, [down, across], [rows, cols]) {
    const wide = CF.zeros(rows, cols); // (H + 2 P_h - K_h + 1, W + 2 P_w - K_w + 1)
    g.forEach((row, i) => row.forEach((value, j) => { wide[i * down][j * across] = value; }));
    return wide;
  }

  function compute(settings) {
    const { input, kernel, upstream, stride, padding } = settings;
    const taps = [kernel.length, kernel[0].length];
    const size = [input.length, input[0].length];
    const padded = CF.padded(input, padding);
    const out = size.map((n, axis) => CF.outputSize(n, taps[axis], stride[axis], padding[axis], 1));
    const result = { settings, size, taps, out, padded, fits: Math.min(...out) > 0 };
    if (!result.fits) {
      const message = `No window fits: the kernel is ${taps.join(" \u00d7 ")}, the padded input only ` +
        `${padded.length} \u00d7 ${padded[0].length}. Enlarge the input or the padding, or choose a smaller kernel.`;
      return { ...result, message };
    }
    const dilated = dilate(upstream, stride, [padded.length - taps[0] + 1, padded[0].length - taps[1] + 1]);
    result.framed = CF.padded(dilated, [taps[0] - 1, taps[1] - 1]);
    result.rotated = CF.rotated(kernel);
    result.gradPadded = correlate(result.framed, result.rotated); // (H + 2 P_h, W + 2 P_w)
    result.gradInput = result.gradPadded.slice(padding[0], padding[0] + size[0])
      .map((row) => row.slice(padding[1], padding[1] + size[1])); // (H, W): the padding is no input
    result.gradKernel = correlate(padded, dilated); // (K_h, K_w)
    return result;
  }

  /** Every meeting of a weight with an input: output (i, j), weight (u, v), padded input (row, col). */
  function meetings(result) {
    const { kernel, upstream, stride, padding } = result.settings;
    return upstream.flatMap((line, i) => line.flatMap((g, j) => kernel.flatMap((weights, u) => weights.map((k, v) => {
      const [row, col] = [i * stride[0] + u, j * stride[1] + v];
      const [r, c] = [row - padding[0], col - padding[1]];
      const inside = r >= 0 && c >= 0 && r < result.size[0] && c < result.size[1];
      return { i, j, u, v, row, col, r, c, inside, g, k, x: result.padded[row][col] };
    }))));
  }

  /** The meetings that concern one cell of the output, the input or the kernel. */
  function trace(result, kind, r, c) {
    const concerns = {
      output: (m) => m.i === r && m.j === c,
      input: (m) => m.r === r && m.c === c,
      kernel: (m) => m.u === r && m.v === c,
    };
    return meetings(result).filter(concerns[kind]);
  }

  CF.gradientFlow = { compute, trace, LIMITS };
})();
