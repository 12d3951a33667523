/* What non-maximum suppression looks like: the scene with its boxes, and a table of what became of each. */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const { el, svg } = CF;
  const { objects, boxes, width, height } = CF.suppression.SCENE;
  const MARKS = { circle: "\u25cb", square: "\u25a1" };
  const TAG = [20, 12]; // the size of a box's letter, in the scene's units
  const letter = (index) => String.fromCharCode(65 + index);
  const two = (value) => value.toFixed(2);
  /** An overlap beside a threshold: as many decimals as tell the two apart, at least two. */
  const apart = (value, threshold) => (two(value) === two(threshold) && value !== threshold ? value.toFixed(3) : two(value));

  /** A corner for every box's letter where no other letter stands. */
  function places() {
    const taken = [];
    const free = ([x, y]) => taken.every(([a, b]) => Math.abs(a - x) >= TAG[0] || Math.abs(b - y) >= TAG[1]);
    return boxes.map(({ box: [x1, y1, x2, y2] }) => {
      const corners = [[x1, y1 - TAG[1]], [x2 - TAG[0], y2], [x2 - TAG[0], y1 - TAG[1]], [x1, y2], [x1, y1]];
      const place = corners.find(free) || corners[0];
      taken.push(place);
      return place;
    });
  }

  CF.SuppressionView = class {
    constructor(figure) {
      this.figure = figure;
      this.transport = new CF.Transport(figure);
      this.tags = places();
      this.scene = el("div", { class: "cf-drawing cf-scene", "data-part": "scene" });
      this.story = el("p", { class: "cf-story", "data-part": "story" });
      this.verdict = el("p", { class: "cf-note", "data-part": "verdict" });
      this.table = el("div", { class: "cf-fates", "data-part": "fates" });
      const left = el("div", { class: "cf-scene-side" }, this.scene, this.transport.node);
      const right = el("div", { class: "cf-fate-side" }, this.story, this.table, this.verdict);
      figure.body.append(this.buildControls(), el("div", { class: "cf-suppression" }, left, right));
    }

    buildControls() {
      const { figure } = this;
      const { min, max, step } = figure.fields.threshold;
      const slider = el("input", { type: "range", min, max, step, "aria-label": "IoU threshold", input: () => figure.set({ threshold: slider.valueAsNumber }) });
      figure.bound.push(() => { slider.value = figure.state.threshold; });
      const number = figure.number({ label: "IoU threshold", name: "IoU threshold, as a number", field: "threshold" });
      const within = figure.choice({ label: "suppress", name: "Suppress", field: "within", options: { class: "within a class", all: "over all classes" } });
      return el("div", { class: "cf-editor" }, number, slider, within);
    }

    draw() {
      const { position, count } = this.figure;
      this.transport.draw(Boolean(this.figure.timer));
      this.transport.where.textContent = position ? `round ${position} of ${count - 1}` : "the start";
      this.drawScene();
      this.drawTable();
      this.story.textContent = this.told();
      this.verdict.textContent = this.judged();
    }

    /** What is known of a box after the rounds that are over: "waits", "kept" or "gone", and whether this round decided it. */
    known(index) {
      const { result, position } = this.figure;
      const fate = result.fates[index];
      if (fate.round > position) return { word: "waits", now: false, fate };
      return { word: fate.by === null ? "kept" : "gone", now: fate.round === position, fate };
    }

    // ---- the scene ----------------------------------------------------------------------------------------------------

    drawScene() {
      const shapes = objects.map(({ box: [x1, y1, x2, y2], kind }, n) => (kind === "circle"
        ? svg("circle", { class: `cf-object cf-object-${n}`, cx: (x1 + x2) / 2, cy: (y1 + y2) / 2, r: (x2 - x1) / 2 })
        : svg("rect", { class: `cf-object cf-object-${n}`, x: x1, y: y1, width: x2 - x1, height: y2 - y1 })));
      const rank = { gone: 0, waits: 1, kept: 2 };
      const drawn = boxes.map((_, index) => index).sort((a, b) => rank[this.known(a).word] - rank[this.known(b).word]);
      const label = boxes.map((_, index) => `${letter(index)} ${this.fateOf(index)}`).join(", ");
      this.scene.replaceChildren(svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Scene with boxes: ${label}` },
        ...shapes, ...drawn.map((index) => this.frame(index)), ...drawn.map((index) => this.tag(index))));
    }

    frame(index) {
      const { box: [x1, y1, x2, y2] } = boxes[index];
      return svg("rect", { class: `cf-edge ${this.look(index)}`, x: x1, y: y1, width: x2 - x1, height: y2 - y1, "data-box": letter(index) });
    }

    tag(index) {
      const [x, y] = this.tags[index];
      return svg("g", { class: `cf-label ${this.look(index)}` }, svg("rect", { x, y, width: TAG[0], height: TAG[1] }),
        svg("text", { x: x + TAG[0] / 2, y: y + TAG[1] - 2.6, "text-anchor": "middle" }, `${letter(index)} ${MARKS[boxes[index].kind]}`));
    }

    look(index) {
      const { word, now } = this.known(index);
      return `cf-${word}${now ? " cf-now" : ""}`;
    }

    // ---- the table and the sentences ----------------------------------------------------------------------------------

    fateOf(index) {
      const { word, fate } = this.known(index);
      if (word === "waits") return "waits";
      return word === "kept" ? `kept, round ${fate.round}` : `suppressed by ${letter(fate.by)}`;
    }

    drawTable() {
      const { result, position, state } = this.figure;
      const round = result.rounds[position - 1];
      const overlaps = new Map((round?.compared || []).map(({ index, iou }) => [index, iou]));
      const head = ["box", "class", "score", round ? `IoU with ${letter(round.kept)}` : "IoU", "fate"];
      const rows = result.order.map((index) => {
        const { score, kind } = boxes[index];
        const overlap = overlaps.has(index) ? apart(overlaps.get(index), state.threshold) : "";
        return el("tr", { class: this.look(index) }, el("th", { scope: "row" }, letter(index)),
          ...[`${MARKS[kind]} ${kind}`, two(score), overlap, this.fateOf(index)].map((text) => el("td", {}, text)));
      });
      this.table.replaceChildren(el("table", { class: "cf-table" },
        el("thead", {}, el("tr", {}, ...head.map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, ...rows)));
    }

    told() {
      const { result, position, state } = this.figure;
      if (position === 0) return "Eight boxes wait, highest score first.";
      const { kept, compared } = result.rounds[position - 1];
      const { kind, score } = boxes[kept];
      const limit = two(state.threshold);
      const gone = compared.filter(({ suppressed }) => suppressed).map(({ index, iou }) => `${letter(index)} (IoU ${apart(iou, state.threshold)})`);
      const left = compared.length - gone.length;
      const keep = `Round ${position}: ${letter(kept)} (${kind}, ${two(score)}) is the highest left: keep.`;
      if (!compared.length) return `${keep} Nothing is left to compare it with.`;
      if (!gone.length) return `${keep} No IoU is above ${limit}: nothing is suppressed.`;
      return `${keep} Suppress ${gone.join(", ")}: above ${limit}.${left ? ` What overlaps less stays: ${left}.` : ""}`;
    }

    judged() {
      const { result, position } = this.figure;
      const over = position === result.rounds.length;
      const kept = result.rounds.slice(0, position).map((round) => round.kept);
      const { found, missed, extra } = CF.suppression.judge({ boxes, objects, kept });
      if (!over) return `Kept so far: ${kept.map(letter).join(", ") || "none"}.`;
      return `Kept: ${kept.map(letter).join(", ")}. Of ${objects.length} objects ${found} found, ${missed} lost; ${extra} ${extra === 1 ? "box" : "boxes"} too many.`;
    }

    spoken() {
      return `${this.told()} ${this.judged()}`;
    }
  };
})();
