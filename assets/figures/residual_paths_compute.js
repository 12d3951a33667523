/* A residual block and a chain of them, forward and backward: CourseFigures.residual, free of the page.
 *
 * The block works on one row of numbers: u = w1 (star) x, a = ReLU(u), f = scale (w2 (star) a), s = x + f, y = ReLU(s) or s.
 * (star) is a cross-correlation with three weights and one zero of padding per side. L is the loss; g holds dL/d of each.
 * settings: { input, gradient: rows of equal length; first, second: three weights; scale; last: "relu" | "none"; depth }
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const MOST_BLOCKS = 50;

  const correlate = (row, w) => row.map((_, i) => w.reduce((sum, weight, k) => sum + weight * (row[i + k - 1] ?? 0), 0));
  /** The gradient of its input: each weight sends back what it was given. */
  const correlateBack = (grad, w) => grad.map((_, j) => w.reduce((sum, weight, k) => sum + weight * (grad[j - k + 1] ?? 0), 0));
  const relu = (row) => row.map((value) => Math.max(value, 0));
  const reluBack = (grad, row) => grad.map((value, i) => (row[i] > 0 ? value : 0));
  const add = (a, b) => a.map((value, i) => value + b[i]);
  const times = (row, factor) => row.map((value) => value * factor);
  const length = (row) => Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));

  /** The weights of the chain's blocks: fixed numbers, evenly spread between -0.5 and 0.5, none of them 0. */
  const slopes = Array.from({ length: MOST_BLOCKS }, (_, i) => Math.round(1000 * (((i + 1) * 0.6180339887) % 1) - 500) / 1000);

  /** Blocks h -> h + scale w h, one number wide, and h -> scale w h: dh_n / dh_0 after 0, 1, ..., depth blocks. */
  function chain({ scale, depth }) {
    const residual = [1];
    const plain = [1];
    for (const slope of slopes.slice(0, depth)) {
      residual.push(residual.at(-1) * (1 + scale * slope));
      plain.push(plain.at(-1) * scale * slope);
    }
    return { residual, plain, slopes: slopes.slice(0, depth) };
  }

  function compute(settings) {
    const { input: x, first, second, scale, gradient, last } = settings;
    const u = correlate(x, first);
    const a = relu(u);
    const f = times(correlate(a, second), scale);
    const s = add(x, f);
    const y = last === "relu" ? relu(s) : s;
    const gs = last === "relu" ? reluBack(gradient, s) : gradient;
    const ga = times(correlateBack(gs, second), scale);
    const gu = reluBack(ga, u);
    const branch = correlateBack(gu, first); // what comes back through F
    const g = { y: gradient, s: gs, f: gs, a: ga, u: gu, branch, x: add(gs, branch) };
    const lengths = { arrives: length(gradient), leaves: length(g.x), branch: length(branch) };
    return { x, branch: x, u, a, f, s, y, g, lengths, chain: chain(settings) };
  }

  CF.residual = { compute, MOST_BLOCKS };
})();
