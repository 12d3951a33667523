/* The arithmetic of a sliding window, free of the page: CourseFigures.slidingWindow.compute and .terms.
 *
 * settings: { input, kernel: matrices; stride, padding, dilation: [down, across]; mode: "cross-correlation" | "convolution" }
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const { outputSize, rotated, padded } = CF;

  const LIMITS = { input: [1, 8], kernel: [1, 5], stride: [1, 4], padding: [0, 4], dilation: [1, 3] }; // sizes and steps

  /** The products of the window at output (i, j), kernel rows first: [{ row, col, x, k, product }], rows in the padded input. */
  function terms(result, i, j) {
    const { stride, dilation } = result.settings;
    return result.used.flatMap((kernelRow, u) => kernelRow.map((k, v) => {
      const row = i * stride[0] + u * dilation[0];
      const col = j * stride[1] + v * dilation[1];
      const x = result.padded[row][col];
      return { row, col, u, v, x, k, product: x * k };
    }));
  }

  /** Everything the figure draws; `fits` is false, with a message, when no window lies inside the padded input. */
  function compute(settings) {
    const { input, kernel, stride, padding, dilation, mode } = settings;
    const size = [input.length, input[0].length];
    const taps = [kernel.length, kernel[0].length];
    const span = taps.map((k, axis) => dilation[axis] * (k - 1) + 1);
    const out = size.map((n, axis) => outputSize(n, taps[axis], stride[axis], padding[axis], dilation[axis]));
    const full = padded(input, padding);
    const result = { settings, size, taps, span, out, padded: full, used: mode === "convolution" ? rotated(kernel) : kernel };
    result.fits = span[0] <= full.length && span[1] <= full[0].length;
    if (!result.fits) {
      const message = `No window fits: the kernel spans ${span.join(" \u00d7 ")} cells, the padded input has only ` +
        `${full.length} \u00d7 ${full[0].length}. Enlarge the input or the padding, or choose a smaller kernel or dilation.`;
      return { ...result, message, output: [], unread: [] };
    }
    const read = full.map((row) => row.map(() => false));
    result.output = Array.from({ length: out[0] }, (_, i) => Array.from({ length: out[1] }, (_, j) => {
      const window = terms(result, i, j);
      for (const { row, col } of window) read[row][col] = true;
      return window.reduce((sum, term) => sum + term.product, 0);
    }));
    result.unread = input.flatMap((row, r) => row.map((_, c) => [r, c]))
      .filter(([r, c]) => !read[r + padding[0]][c + padding[1]]);
    return result;
  }

  CF.slidingWindow = { compute, terms, LIMITS };
})();
