/* Sizes, parameters, multiply-adds and receptive fields through a list of layers: CourseFigures.shapes, free of the page.
 *
 * A list of layers as an author writes it, and as it stands in the address:
 *   conv 64 k7 s2 p3 d1 g1 bn    64 output channels, kernel 7 x 7, stride, padding, dilation, groups; bn: batch norm in place of the bias
 *   maxpool k3 s2 p1             without s the stride is the kernel's size, as in PyTorch; avgpool likewise
 *   gap                          global average pooling
 *   flatten                      and then: dense 120
 * separated by ";". What is left out is s1 p0 d1 g1. An input is "3 224 224": channels, rows, columns.
 */
(function () {
  "use strict";
  const CF = window.CourseFigures;
  const MOST_LAYERS = 30;
  const LIMITS = { channels: [1, 4096], kernel: [1, 15], stride: [1, 8], padding: [0, 10], dilation: [1, 8], groups: [1, 4096], units: [1, 10000] };
  const INPUT = { channels: [1, 1024], side: [1, 512] };
  const KINDS = {
    conv: { title: "convolution", has: ["channels", "kernel", "stride", "padding", "dilation", "groups", "norm"] },
    maxpool: { title: "max pooling", has: ["kernel", "stride", "padding"] },
    avgpool: { title: "average pooling", has: ["kernel", "stride", "padding"] },
    gap: { title: "global average pooling", has: [] },
    flatten: { title: "flatten", has: [] },
    dense: { title: "dense", has: ["units"] },
  };
  const LETTERS = { k: "kernel", s: "stride", p: "padding", d: "dilation", g: "groups" };
  const DEFAULTS = { channels: 16, kernel: 3, stride: 1, padding: 0, dilation: 1, groups: 1, norm: false, units: 10 };
  const isPool = (kind) => kind.endsWith("pool");

  // ---- texts --------------------------------------------------------------------------------------------------------

  function whole(text, name, [low, high]) {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high) throw new Error(`expected ${name} from ${low} to ${high}, got "${text}"`);
    return value;
  }

  function readLayer(text) {
    const [kind, ...words] = text.trim().split(/\s+/);
    if (!Object.hasOwn(KINDS, kind)) throw new Error(`expected a layer (${Object.keys(KINDS).join(", ")}), got "${text.trim()}"`);
    const layer = { kind, ...DEFAULTS };
    const main = { conv: "channels", dense: "units" }[kind];
    if (main) layer[main] = whole(words.shift() ?? "", main, LIMITS[main]);
    if (isPool(kind)) layer.kernel = 2;
    const given = new Set();
    for (const word of words) {
      const name = word === "bn" ? "norm" : LETTERS[word[0]];
      if (!KINDS[kind].has.includes(name)) throw new Error(`${kind} does not know "${word}"`);
      layer[name] = word === "bn" ? true : whole(word.slice(1), name, LIMITS[name]);
      given.add(name);
    }
    if (isPool(kind) && !given.has("stride")) layer.stride = layer.kernel;
    return layer;
  }

  function writeLayer(layer) {
    const { kind } = layer;
    const words = [kind, { conv: layer.channels, dense: layer.units }[kind]];
    for (const [letter, name] of Object.entries(LETTERS)) {
      const usual = name === "stride" && isPool(kind) ? layer.kernel : { ...DEFAULTS, kernel: null }[name];
      if (KINDS[kind].has.includes(name) && layer[name] !== usual) words.push(letter + layer[name]);
    }
    if (kind === "conv" && layer.norm) words.push("bn");
    return words.filter((word) => word !== undefined).join(" ");
  }

  function readLayers(text) {
    const parts = text.split(";").filter((part) => part.trim());
    if (parts.length > MOST_LAYERS) throw new Error(`expected at most ${MOST_LAYERS} layers, got ${parts.length}`);
    return parts.map(readLayer);
  }

  function readInput(text) {
    const parts = text.trim().split(/[\s,x×]+/);
    if (parts.length !== 3) throw new Error(`expected channels, rows and columns, got "${text}"`);
    return parts.map((part, axis) => whole(part, ["channels", "rows", "columns"][axis], axis ? INPUT.side : INPUT.channels));
  }

  // ---- one layer ----------------------------------------------------------------------------------------------------

  const span = (layer) => (layer.kind === "conv" ? layer.dilation : 1) * (layer.kernel - 1) + 1;

  /** Why a layer cannot follow `before`, in words; null when it can. */
  function obstacle(layer, before) {
    const { kind } = layer;
    const flat = before.out.length === 1;
    if (kind === "dense" && !flat) {
      return `A dense layer reads one row of numbers, and here arrives a map of ${before.out.join(" \u00d7 ")}. Put a flatten before it.`;
    }
    if (kind === "dense" || kind === "flatten") return null;
    if (flat) return `A ${KINDS[kind].title} needs a map with rows and columns, and here arrives one row of ${before.out[0]} numbers.`;
    if (kind === "gap") return null;
    const [channels, ...size] = before.out;
    if (kind === "conv") {
      for (const [count, what] of [[channels, "input"], [layer.channels, "output"]]) {
        if (count % layer.groups) return `${count} ${what} channels cannot be divided into ${layer.groups} groups.`;
      }
    } else if (2 * layer.padding > layer.kernel) {
      return `The padding of ${layer.padding} is more than half of the pooling window of ${layer.kernel}, which PyTorch refuses.`;
    }
    const room = size.map((n) => n + 2 * layer.padding);
    if (span(layer) <= Math.min(...room)) return null;
    const padded = layer.padding ? `the input with its padding is only ${room.join(" \u00d7 ")}` : `the input is only ${room.join(" \u00d7 ")}`;
    return `The window spans ${span(layer)} \u00d7 ${span(layer)}, and ${padded}. No window fits.`;
  }

  function outputOf(layer, { out }) {
    const [channels, ...size] = out;
    if (layer.kind === "flatten") return [out.reduce((product, n) => product * n, 1)];
    if (layer.kind === "dense") return [layer.units];
    if (layer.kind === "gap") return [channels, 1, 1];
    const sides = size.map((n) => CF.outputSize(n, layer.kernel, layer.stride, layer.padding, layer.kind === "conv" ? layer.dilation : 1));
    return [layer.kind === "conv" ? layer.channels : channels, ...sides];
  }

  /** Weights, biases (or a scale and a shift per channel), multiply-adds. */
  function costOf(layer, before, out) {
    if (layer.kind === "dense") {
      const weights = before.out[0] * layer.units;
      return { weights, offsets: layer.units, params: weights + layer.units, macs: weights };
    }
    if (layer.kind !== "conv") return { weights: 0, offsets: 0, params: 0, macs: 0 };
    const reads = (before.out[0] / layer.groups) * layer.kernel ** 2; // weights behind one output number
    const weights = reads * layer.channels;
    const offsets = layer.channels * (layer.norm ? 2 : 1);
    return { weights, offsets, params: weights + offsets, macs: reads * out[0] * out[1] * out[2] };
  }

  /** Field and jump behind one unit, per axis, in input pixels, the padding included. A unit that has read a whole map stays there. */
  function fieldOf(layer, before) {
    const { field, jump, whole: all } = before;
    const size = before.out.slice(1);
    if (all || layer.kind === "flatten") return { field, jump, whole: all, map: before.map || size };
    if (layer.kind === "gap" || layer.kind === "dense") {
      const map = layer.kind === "gap" ? size : before.map;
      return { field: field.map((r, axis) => r + (map[axis] - 1) * jump[axis]), jump, whole: true };
    }
    return { field: field.map((r, axis) => r + (span(layer) - 1) * jump[axis]), jump: jump.map((j) => j * layer.stride), whole: false };
  }

  // ---- the network --------------------------------------------------------------------------------------------------

  /** One row per layer, row 0 is the input; a row after an impossible one has out null. */
  function compute({ input, layers }) {
    const rows = [{ out: input, params: 0, macs: 0, field: [1, 1], jump: [1, 1], whole: false }];
    let broken = null;
    layers.forEach((layer, index) => {
      const before = rows[index];
      const message = broken === null ? obstacle(layer, before) : null;
      if (message) broken = index + 1;
      if (broken !== null) {
        rows.push({ layer, out: null, message });
        return;
      }
      const out = outputOf(layer, before);
      rows.push({ layer, out, ...costOf(layer, before, out), ...fieldOf(layer, before) });
    });
    const total = (name) => rows.reduce((sum, row) => sum + (row[name] || 0), 0);
    return { rows, broken, params: total("params"), macs: total("macs") };
  }

  CF.shapes = { compute, span, readLayer, readLayers, writeLayer, readInput, LIMITS, INPUT, KINDS, DEFAULTS, MOST_LAYERS };
})();
