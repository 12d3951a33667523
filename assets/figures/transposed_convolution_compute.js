/* A transposed convolution two ways: CourseFigures.transposed, free of the page.
 *
 * settings: { input, kernel: matrices; stride; padding: rows and columns cut off on every side; pixel: how far the reader has
 * stepped through the input, row by row; row, column: the output number that is looked at }.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const cells = (matrix) => matrix.flatMap((values, r) => values.map((value, c) => [r, c, value]));

  /** Every product that reaches the output, in the order of writing: { pixel, j, k, x, w, r, c }; cut off where r, c lie outside. */
  function products({ input, kernel, stride, padding }) {
    return cells(input).flatMap(([j, k, x], pixel) =>
      cells(kernel).map(([l, m, w]) => ({ pixel, j, k, x, w, r: stride * j + l - padding, c: stride * k + m - padding })));
  }

  /** The input with stride - 1 zeros between neighbours, in a frame of zeros; and where the input's own numbers stand. */
  function insertZeros({ input, kernel, stride, padding }) {
    const frame = [kernel.length - 1 - padding, kernel[0].length - 1 - padding];
    const size = [input.length, input[0].length].map((n, axis) => stride * (n - 1) + 1 + 2 * frame[axis]);
    const dilated = CF.zeros(...size);
    const own = dilated.map((row) => row.map(() => false));
    for (const [j, k, x] of cells(input)) {
      const [r, c] = [stride * j + frame[0], stride * k + frame[1]];
      dilated[r][c] = x;
      own[r][c] = true;
    }
    return { dilated, own };
  }

  /** What is wrong with the settings, or null. */
  function refuse({ kernel, padding }, size) {
    const most = Math.min(kernel.length, kernel[0].length) - 1;
    if (padding > most) return `Padding ${padding} cuts off whole windows: expected at most K \u2212 1 = ${most}.`;
    return size.every((n) => n > 0) ? null : "Nothing is left of the output: choose less padding.";
  }

  function compute(settings) {
    const { input, kernel, stride, padding } = settings;
    const size = [0, 1].map((axis) => {
      const [n, K] = axis ? [input[0].length, kernel[0].length] : [input.length, kernel.length];
      return stride * (n - 1) + K - 2 * padding;
    });
    const message = refuse(settings, size);
    const pixel = Math.min(settings.pixel, input.length * input[0].length - 1);
    if (message) return { fits: false, message, size, pixel };
    const [written, output, counts] = [0, 1, 2].map(() => CF.zeros(...size));
    const place = [Math.min(settings.row, size[0] - 1), Math.min(settings.column, size[1] - 1)];
    const terms = [];
    for (const product of products(settings)) {
      const { r, c, x, w } = product;
      if (r < 0 || c < 0 || r >= size[0] || c >= size[1]) continue;
      output[r][c] += x * w;
      counts[r][c] += 1;
      if (product.pixel <= pixel) written[r][c] += x * w;
      if (r === place[0] && c === place[1]) terms.push(product);
    }
    const [j, k] = [Math.floor(pixel / input[0].length), pixel % input[0].length];
    const { dilated, own } = insertZeros(settings);
    const turned = CF.rotated(kernel);
    const gather = turned.map((row, l) => row.map((w, m) => {
      const [r, c] = [place[0] + l, place[1] + m];
      return { x: dilated[r][c], w, own: own[r][c] };
    }));
    const gathered = gather.flat().reduce((sum, { x, w }) => sum + x * w, 0);
    return { fits: true, message, size, pixel, source: [j, k], value: input[j][k], corner: [stride * j - padding, stride * k - padding],
      written, output, counts, place, terms, dilated, own, turned, gather, gathered };
  }

  /** The matrix with n rows and columns; new entries are 0, or what all entries are. */
  function resize(matrix, n) {
    const fill = matrix.flat().every((value) => value === matrix[0][0]) ? matrix[0][0] : 0;
    return Array.from({ length: n }, (_, r) => Array.from({ length: n }, (_, c) => (matrix[r] || [])[c] ?? fill));
  }

  CF.transposed = { compute, resize };
})();
