/* Non-maximum suppression round by round: CourseFigures.suppression, free of the page.
 *
 * A box is { box: [x1, y1, x2, y2], score, kind }; an object { box, kind }.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;

  /** What two boxes share, divided by what they cover together; 0 where both are empty. */
  function iou([a1, b1, a2, b2], [c1, d1, c2, d2]) {
    const shared = Math.max(0, Math.min(a2, c2) - Math.max(a1, c1)) * Math.max(0, Math.min(b2, d2) - Math.max(b1, d1));
    const together = (a2 - a1) * (b2 - b1) + (c2 - c1) * (d2 - d1) - shared;
    return together > 0 ? shared / together : 0;
  }

  /** Each round keeps the highest score that is left, and suppresses what overlaps it by more than the threshold.
   *
   * within: "class" compares boxes of one class only, "all" every box. Gives the order of the scores (of equal ones the earlier
   * first), the rounds { kept, compared: [{ index, iou, suppressed }] }, and each box's fate: { round, by, iou }, by null for kept.
   */
  function compute({ boxes, threshold, within }) {
    const order = boxes.map((_, index) => index).sort((a, b) => boxes[b].score - boxes[a].score || a - b);
    const fates = boxes.map(() => null);
    const rounds = [];
    for (const kept of order) {
      if (fates[kept]) continue;
      const round = rounds.length + 1;
      fates[kept] = { round, by: null, iou: null };
      const rivals = order.filter((index) => !fates[index] && (within === "all" || boxes[index].kind === boxes[kept].kind));
      const compared = rivals.map((index) => {
        const overlap = iou(boxes[kept].box, boxes[index].box);
        return { index, iou: overlap, suppressed: overlap > threshold };
      });
      for (const { index, iou: overlap } of compared.filter(({ suppressed }) => suppressed)) fates[index] = { round, by: kept, iou: overlap };
      rounds.push({ kept, compared });
    }
    return { order, rounds, fates };
  }

  /** How many objects have a kept box of their class with an IoU of at least one half, each box serving one object. */
  function judge({ boxes, objects, kept }) {
    const free = new Set(objects.keys());
    for (const index of kept) {
      const { box, kind } = boxes[index];
      const fits = [...free].filter((n) => objects[n].kind === kind && iou(objects[n].box, box) >= 0.5);
      const best = fits.sort((a, b) => iou(objects[b].box, box) - iou(objects[a].box, box))[0];
      free.delete(best);
    }
    const found = objects.length - free.size;
    return { found, missed: free.size, extra: kept.length - found };
  }

  const one = (box, score, kind) => ({ box, score, kind });
  /** Two circles side by side, and one in front of a square. */
  const SCENE = {
    width: 330, height: 190,
    objects: [
      { box: [35, 50, 125, 140], kind: "circle" }, { box: [73, 58, 157, 142], kind: "circle" },
      { box: [220, 40, 300, 120], kind: "square" }, { box: [226, 52, 298, 124], kind: "circle" },
    ],
    boxes: [
      one([36, 50, 126, 141], 0.95, "circle"), one([24, 42, 118, 136], 0.8, "circle"), one([74, 58, 158, 142], 0.88, "circle"),
      one([86, 50, 174, 146], 0.6, "circle"), one([220, 40, 300, 120], 0.92, "square"), one([204, 34, 290, 114], 0.55, "square"),
      one([226, 52, 298, 124], 0.74, "circle"), one([42, 72, 110, 148], 0.35, "circle"),
    ],
  };

  CF.suppression = { compute, iou, judge, SCENE };
})();
