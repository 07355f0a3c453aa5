// A static renormalising generative model in the browser: unpacked, given outcomes, inverted, and drawn.
// The same equations as rgm_core's `ImageCodec`, `infer` and `predict_outcomes`; a test compares them.
const rgm = (() => {
  const packed = {}; // the models, each added by its own script; see docs/live.py
  const kinds = { u1: Uint8Array, u2: Uint16Array, i2: Int16Array, f4: Float32Array, f8: Float64Array };

  /** Arrays of a model: name to typed array, with its shape. */
  async function load(name) {
    const bytes = Uint8Array.from(atob(packed[name]), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const buffer = await new Response(stream).arrayBuffer();
    const body = 4 + new DataView(buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, body - 4)));
    const arrays = {};
    for (const [key, { kind, shape, start }] of Object.entries(header)) {
      const size = shape.reduce((n, m) => n * m, 1);
      arrays[key] = Object.assign(new kinds[kind](buffer, body + start, size), { shape });
    }
    return arrays;
  }

  const sum = (x) => x.reduce((total, value) => total + value, 0);
  const logSum = (x) => {
    const top = Math.max(...x);
    return top + Math.log(sum(x.map((value) => Math.exp(value - top))));
  };
  const entropy = (q) => -sum(q.map((p) => (p > 0 ? p * Math.log(p) : 0)));

  /** Levels of a model, lowest first: A (G, O, S) p(o | s), its logarithm, and who generates what. */
  function levelsOf(arrays) {
    const levels = [];
    for (let n = 0; `codes${n}` in arrays; n++) {
      const codes = arrays[`codes${n}`], [G, O, S] = codes.shape;
      const parents = arrays[`parents${n}`], nStates = arrays[`n_states${n}`], nOutcomes = arrays[`n_outcomes${n}`];
      const A = Float64Array.from(codes, (code) => arrays.counts[code]);
      for (let g = 0; g < G; g++) {
        for (let s = 0; s < S; s++) {
          let total = 0;
          for (let o = 0; o < O; o++) total += A[(g * O + o) * S + s];
          if (total > 0) for (let o = 0; o < O; o++) A[(g * O + o) * S + s] /= total;
        }
      }
      levels.push({ A, logA: A.map(Math.log), G, O, S, parents, nStates, nOutcomes });
    }
    return levels;
  }

  /** Evidence ln p(outcomes below | state) of every factor of level 1; outcomes (G,), -1 where missing. */
  function observe({ logA, O, S, parents, nStates }, outcomes) {
    const lambda = Array.from(nStates, (n) => new Float64Array(n));
    outcomes.forEach((o, g) => {
      if (o < 0) return;
      const evidence = lambda[parents[g]], row = (g * O + o) * S;
      for (let s = 0; s < evidence.length; s++) evidence[s] += logA[row + s];
    });
    return lambda;
  }

  /** ln p(evidence below modality g | s) for the states of its parent (equation 3.1). */
  function sendUp({ A, O, S, parents, nStates }, g, message) {
    const top = Math.max(...message), mu = new Float64Array(nStates[parents[g]]);
    message.forEach((value, o) => {
      const weight = Math.exp(value - top), row = (g * O + o) * S;
      for (let s = 0; s < mu.length; s++) mu[s] += weight * A[row + s];
    });
    return mu.map((value) => Math.log(value) + top); // no count is zero, so none is lost in rounding
  }

  /** Posterior of the outcomes of modality g, from that of its parent's states (equation 3.3). */
  function sendDown({ A, O, S }, g, message, mu, q) {
    const top = Math.max(...message), ratio = q.map((p, s) => p * Math.exp(top - mu[s]));
    return message.map((value, o) => {
      const row = (g * O + o) * S;
      let total = 0;
      for (let s = 0; s < ratio.length; s++) total += A[row + s] * ratio[s];
      return Math.exp(value - top) * total;
    });
  }

  /** Beliefs [level][factor] about states, exactly, and the log evidence of the outcomes in nats. */
  function infer(levels, D, outcomes) {
    const lambdas = [observe(levels[0], outcomes)], mus = [];
    for (const level of levels.slice(1)) {
      const below = lambdas.at(-1), mu = below.map((message, g) => sendUp(level, g, message));
      const lambda = Array.from(level.nStates, (n) => new Float64Array(n));
      mu.forEach((values, g) => values.forEach((value, s) => { lambda[level.parents[g]][s] += value; }));
      lambdas.push(lambda);
      mus.push(mu);
    }
    const joint = lambdas.at(-1)[0].map((value, s) => value + Math.log(D[s])), logEvidence = logSum(joint);
    const states = [[joint.map((value) => Math.exp(value - logEvidence))]];
    for (let n = levels.length - 1; n > 0; n--) {
      const level = levels[n], above = states[0];
      const down = (message, g) => sendDown(level, g, message, mus[n - 1][g], above[level.parents[g]]);
      states.unshift(lambdas[n - 1].map(down));
    }
    return { states, logEvidence };
  }

  /** What beliefs about one level let expect at the bottom: p(outcome) of each modality. */
  function predict(levels, n, beliefs) {
    for (; n >= 0; n--) {
      const { A, G, O, S, parents, nOutcomes } = levels[n];
      beliefs = Array.from({ length: G }, (_, g) => {
        const q = beliefs[parents[g]], p = new Float64Array(nOutcomes[g]);
        for (let o = 0; o < p.length; o++) {
          for (let s = 0; s < q.length; s++) p[o] += A[(g * O + o) * S + s] * q[s];
        }
        return p;
      });
    }
    return beliefs;
  }

  /** The codec of digits: `transform` a picture to outcomes, `draw` distributions over outcomes. */
  function codecOf({ resizing, members, n_members, weights, n_modes, modes, reach }, nBins) {
    const [size, side] = resizing.shape, middle = (nBins - 1) / 2, unit = 32767;
    const tiles = [];
    let member = 0, mode = 0, modality = 0;
    n_members.forEach((n, t) => {
      tiles.push({ member, mode, modality, n, k: n_modes[t] });
      member += n;
      mode += n * n_modes[t];
      modality += n_modes[t];
    });

    function resize(picture) {
      const half = new Float64Array(size * side), plane = new Float64Array(size * size);
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < side; j++) {
          for (let k = 0; k < side; k++) half[i * side + j] += resizing[i * side + k] * picture[k * side + j];
        }
      }
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) {
          for (let k = 0; k < side; k++) plane[i * size + j] += half[i * side + k] * resizing[j * side + k];
        }
      }
      return plane;
    }

    /** Pixels by rank, the brightest 255; what agrees to 32 bits is tied, and ranked down the columns. */
    function equalise(plane) {
      const n = size * size, columns = Float64Array.from(plane, (_, i) => plane[(i % size) * size + Math.floor(i / size)] + 0);
      const keys = new BigInt64Array(columns.buffer);
      keys.forEach((key, i) => {
        const ordered = key < 0n ? -(2n ** 63n) - key : key;
        keys[i] = ((ordered + (1n << 19n)) >> 20n << 20n) | BigInt(i);
      });
      const ranked = new Float64Array(n);
      keys.sort().forEach((key, rank) => {
        const i = Number(key & ((1n << 20n) - 1n));
        ranked[(i % size) * size + Math.floor(i / size)] = 255 * Math.exp(-((rank + 1 - n) ** 2) / (24 * n));
      });
      return ranked;
    }

    function transform(picture) {
      const signal = equalise(resize(picture)), outcomes = new Int16Array(reach.length);
      for (const { member, mode, modality, n, k } of tiles) {
        for (let j = 0; j < k; j++) {
          let variate = 0;
          for (let i = 0; i < n; i++) {
            variate += signal[members[member + i]] * weights[member + i] * modes[mode + i * k + j];
          }
          const bin = Math.floor((variate / unit / unit) * (middle / reach[modality + j]) + middle + 0.5);
          outcomes[modality + j] = Math.min(Math.max(bin, 0), nBins - 1);
        }
      }
      return outcomes;
    }

    function draw(predicted) {
      const plane = new Float64Array(size * size);
      const variates = predicted.map((p, g) => reach[g] * sum(p.map((q, b) => (q * (b - middle)) / middle)));
      for (const { member, mode, modality, n, k } of tiles) {
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < k; j++) {
            plane[members[member + i]] += (modes[mode + i * k + j] / unit) * variates[modality + j];
          }
        }
      }
      return plane.map((value) => Math.min(Math.max(value, 0), 255));
    }

    /** Distributions that hold each outcome for certain, and the middle bin where one is missing. */
    const certain = (outcomes) => Array.from(outcomes, (o) => Float64Array.from({ length: nBins }, (_, b) => Number(b === (o < 0 ? middle : o))));
    return { size, transform, draw, certain };
  }

  return { packed, load, levelsOf, infer, predict, codecOf, entropy };
})();
