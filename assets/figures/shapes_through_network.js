/* Shapes through a network: a reader edits a list of layers and sees sizes, parameters, multiply-adds and receptive fields.
 *
 * Embed (raw HTML in a markdown cell, best inside an {interactive} directive; keep it free of blank lines):
 *
 *   <div class="course-figure" data-figure="shapes-through-network" data-preset="lenet-5">The numbers, for readers without JavaScript.</div>
 *
 * attribute      meaning                                                                              default
 * data-preset    lenet-5 | alexnet | vgg-11 | vgg-16 | resnet-stages | mobilenet-start                none
 * data-input     channels, rows, columns: "3 224 224"                                                 the preset's, or 1 28 28
 * data-layers    layers separated by ";", at most 30; shapes_through_network_compute.js says how      the preset's, or conv 6 k5 p2
 * data-layer     the layer whose arithmetic is shown first; 0 is the input                            1
 * data-label     the figure's name for screen readers                                                 Shapes through a network
 *
 * Keys, while the figure has the focus: left and right choose a layer, Home and End the first and the last, Delete takes it out.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const { readLayers, writeLayer, readInput, MOST_LAYERS } = CF.shapes;

  const block = (count, channels) => [...Array(count).fill(`conv ${channels} k3 p1`), "maxpool k2"].join("; ");
  const vgg = (counts) =>
    `${counts.map((count, index) => block(count, [64, 128, 256, 512, 512][index])).join("; ")}; flatten; dense 4096; dense 4096; dense 1000`;
  const separable = (from, to, stride) => `conv ${from} k3${stride > 1 ? ` s${stride}` : ""} p1 g${from} bn; conv ${to} k1 bn`;
  const resnet = (channels, stride) =>
    [`conv ${channels} k3${stride > 1 ? ` s${stride}` : ""} p1 bn`, ...Array(3).fill(`conv ${channels} k3 p1 bn`)].join("; ");

  class ShapesThroughNetwork extends CF.Figure {
    static label = "Shapes through a network";

    static fields = {
      input: { read: readInput, write: (input) => input.join(" "), fallback: "1 28 28" },
      layers: { read: readLayers, write: (layers) => layers.map(writeLayer).join("; "), fallback: "conv 6 k5 p2" },
      layer: CF.fields.whole(0, MOST_LAYERS, 1),
    };

    static presets = {
      "lenet-5": { title: "LeNet-5", input: "1 28 28",
        layers: "conv 6 k5 p2; avgpool k2; conv 16 k5; avgpool k2; flatten; dense 120; dense 84; dense 10" },
      alexnet: { title: "AlexNet", input: "3 224 224",
        layers: "conv 64 k11 s4 p2; maxpool k3 s2; conv 192 k5 p2; maxpool k3 s2; conv 384 k3 p1; conv 256 k3 p1; conv 256 k3 p1; " +
          "maxpool k3 s2; flatten; dense 4096; dense 4096; dense 1000" },
      "vgg-11": { title: "VGG-11", input: "3 224 224", layers: vgg([1, 1, 2, 2, 2]) },
      "vgg-16": { title: "VGG-16", input: "3 224 224", layers: vgg([2, 2, 3, 3, 3]) },
      "resnet-stages": { title: "ResNet-18: stem and two stages, without shortcuts", input: "3 224 224",
        layers: `conv 64 k7 s2 p3 bn; maxpool k3 s2 p1; ${resnet(64, 1)}; ${resnet(128, 2)}` },
      "mobilenet-start": { title: "MobileNet: the first nine layers", input: "3 224 224",
        layers: `conv 32 k3 s2 p1 bn; ${separable(32, 64, 1)}; ${separable(64, 128, 2)}; ${separable(128, 128, 1)}; ${separable(128, 256, 2)}` },
    };

    keys = {
      ArrowLeft: () => this.choose(this.at - 1),
      ArrowRight: () => this.choose(this.at + 1),
      Home: () => this.choose(0),
      End: () => this.choose(this.state.layers.length),
      Delete: () => this.remove(),
    };

    compute(state) {
      return CF.shapes.compute(state);
    }

    build() {
      this.view = new CF.ShapesView(this);
    }

    draw() {
      const { rows, broken } = this.result;
      this.messages.set("broken", broken === null ? null : `Layer ${broken}: ${rows[broken].message}`);
      this.view.draw();
    }

    spoken() {
      return this.view.spoken();
    }

    // ---- the chosen layer ---------------------------------------------------------------------------------------------

    /** Its number; 0 is the input. */
    get at() {
      return Math.min(this.state.layer, this.state.layers.length);
    }

    get chosen() {
      return this.state.layers[this.at - 1];
    }

    choose(at) {
      this.set({ layer: Math.max(0, Math.min(at, this.state.layers.length)) });
    }

    /** Put other layers in place of `count` layers from `index` on, and choose layer `at`. */
    splice(index, count, layers, at) {
      this.set({ layers: this.state.layers.toSpliced(index, count, ...layers), layer: at });
    }

    change(changes) {
      this.splice(this.at - 1, 1, [{ ...this.chosen, ...changes }], this.at);
    }

    /** Another kind of layer, with the settings that are usual for it. */
    changeKind(kind) {
      const usual = { conv: { kernel: 3, stride: 1, padding: 1 }, maxpool: { kernel: 2, stride: 2, padding: 0 } };
      usual.avgpool = usual.maxpool;
      this.change({ kind, ...usual[kind] });
    }

    /** A layer behind the chosen one that leaves the size as it is, or a dense one where there is no map. */
    add() {
      if (this.state.layers.length >= MOST_LAYERS) return;
      const out = this.result.rows[this.at].out || [16, 1, 1];
      const text = out.length === 1 ? "dense 10" : `conv ${Math.min(out[0], CF.shapes.LIMITS.channels[1])} k3 p1`;
      this.splice(this.at, 0, readLayers(text), this.at + 1);
    }

    remove() {
      if (this.at > 0) this.splice(this.at - 1, 1, [], this.at - 1);
    }

    move(by) {
      const to = this.at - 1 + by;
      if (this.at === 0 || to < 0 || to >= this.state.layers.length) return;
      const layers = this.state.layers.toSpliced(this.at - 1, 1).toSpliced(to, 0, this.chosen);
      this.set({ layers, layer: to + 1 });
    }
  }

  CF.Figure.register("shapes-through-network", ShapesThroughNetwork);
})();
