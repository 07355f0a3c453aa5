// The page on which a digit is drawn: after every stroke, what each level believes, and the class.
(() => {
  const INK = 13, FINE = 5, SIDE = 28, BOX = 20, CENTRE = 14.5; // pen and pad as in a notebook's DrawingPad
  const NAMES = ["level 1: strokes", "level 2: quarters", "level 3: pictures", "classes"];
  const N_BINS = 7;

  /** A drawn picture (side, side), 0 paper and 255 ink, placed as MNIST's digits are; see `place_digit`. */
  function place(picture, side) {
    const placed = new Float64Array(SIDE * SIDE);
    let top = side, bottom = -1, left = side, right = -1, mass = 0, row = 0, column = 0;
    picture.forEach((ink, i) => {
      if (!ink) return;
      const y = Math.floor(i / side), x = i % side;
      [top, bottom, left, right] = [Math.min(top, y), Math.max(bottom, y), Math.min(left, x), Math.max(right, x)];
      mass += ink;
      row += ink * y;
      column += ink * x;
    });
    if (!mass) return placed;
    const size = [bottom - top + 1, right - left + 1], scale = BOX / Math.max(...size);
    const [height, width] = size.map((n) => Math.max(1, Math.round(n * scale)));
    const corner = (centre, n) => Math.min(Math.max(Math.round(CENTRE - scale * (centre + 0.5)), 0), SIDE - n);
    const y0 = corner(row / mass - top, height), x0 = corner(column / mass - left, width);
    const rows = triangles(size[0], height), columns = triangles(size[1], width);
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        let ink = 0;
        for (const [y, p] of rows[i]) for (const [x, q] of columns[j]) ink += p * q * picture[(top + y) * side + left + x];
        placed[(y0 + i) * SIDE + x0 + j] = Math.round(ink);
      }
    }
    return placed;
  }

  /** Weights of n pixels in each of m: triangles as wide as a pixel of the coarser row. */
  function triangles(n, m) {
    const scale = n / m, reach = Math.max(scale, 1);
    return Array.from({ length: m }, (_, i) => {
      const centre = (i + 0.5) * scale, taps = [];
      for (let k = Math.max(0, Math.floor(centre - reach)); k < Math.min(n, Math.ceil(centre + reach)); k++) {
        const weight = 1 - Math.abs(k + 0.5 - centre) / reach;
        if (weight > 0) taps.push([k, weight]);
      }
      const total = taps.reduce((sum, [, weight]) => sum + weight, 0);
      return taps.map(([k, weight]) => [k, weight / total]);
    });
  }

  /** Everything that the page knows, ready to be asked. */
  async function open() {
    const arrays = await rgm.load("digits"), levels = rgm.levelsOf(arrays), codec = rgm.codecOf(arrays, N_BINS);
    const centres = Array.from(arrays.n_members, () => 0);
    let member = 0;
    arrays.n_members.forEach((n, t) => {
      for (let i = 0; i < n; i++) centres[t] += arrays.members[member++] % codec.size / n;
    });
    const columns = Array.from(arrays.n_modes).flatMap((k, t) => Array(k).fill(centres[t])); // of modalities

    /** Beliefs about a placed digit, seen in the columns before a limit only, and their pictures. */
    function read(placed, limit = codec.size) {
      const empty = placed.every((ink) => !ink);
      const outcomes = codec.transform(placed).map((o, g) => (empty || columns[g] >= limit ? -1 : o));
      const { states, logEvidence } = rgm.infer(levels, arrays.D, outcomes);
      const uncertainty = states.map((level) => level.reduce((total, q) => total + rgm.entropy(q), 0));
      const pictures = states.map((level, n) => codec.draw(rgm.predict(levels, n, level)));
      return { outcomes, states, logEvidence, uncertainty, pictures: [codec.draw(codec.certain(outcomes)), ...pictures] };
    }

    const example = (i) => Float64Array.from(arrays.examples.subarray(i * SIDE ** 2, (i + 1) * SIDE ** 2));
    return { read, example, nExamples: arrays.examples.shape[0], size: codec.size };
  }

  function paint(canvas, plane, size) {
    const image = new ImageData(size, size);
    plane.forEach((value, i) => image.data.set([255 - value, 255 - value, 255 - value, 255], 4 * i));
    Object.assign(canvas, { width: size, height: size }).getContext("2d").putImageData(image, 0, 0);
  }

  const make = (tag, settings = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), settings);
    made.append(...children);
    return made;
  };

  /** Build the page in an element. */
  async function show(root) {
    const digits = await open(), side = SIDE * FINE;
    const paper = make("canvas", { width: side, height: side, className: "paper" });
    paper.setAttribute("role", "img");
    paper.setAttribute("aria-label", "Draw a digit here");
    const pen = paper.getContext("2d", { willReadFrequently: true });
    const hide = make("input", { type: "range", id: "live-hide", min: 0, max: digits.size, value: 0 });
    const next = make("button", { textContent: "an example" }), clear = make("button", { textContent: "clear" });
    const tools = make("div", { className: "tools" }, clear, next, make("label", { htmlFor: "live-hide", textContent: "hide from the right" }), hide);
    const shown = ["seen", ...NAMES].map((name) => {
      const canvas = make("canvas"), caption = make("figcaption");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", name);
      return { name, canvas, caption, figure: make("figure", {}, canvas, caption) };
    });
    const bars = Array.from({ length: 10 }, (_, digit) => {
      const bar = make("i"), value = make("span");
      return { bar, value, row: make("div", { className: "bar" }, make("b", { textContent: digit }), bar, value) };
    });
    const verdict = make("p", { className: "verdict" });
    verdict.setAttribute("aria-live", "polite");
    root.replaceChildren(
      make("div", { className: "desk" }, paper, make("div", { className: "bars" }, verdict, ...bars.map((b) => b.row))),
      tools,
      make("div", { className: "levels" }, ...shown.map((s) => s.figure)),
    );

    let drawn = null, waiting = false; // drawn: an example as it is, until the pen touches the paper

    function wipe() {
      pen.fillStyle = "white";
      pen.fillRect(0, 0, side, side);
      Object.assign(pen, { lineWidth: INK, lineCap: "round", lineJoin: "round", strokeStyle: "black" });
      drawn = null;
    }

    function update() {
      const { data } = pen.getImageData(0, 0, side, side);
      const placed = drawn ?? place(Float64Array.from({ length: side * side }, (_, i) => 255 - data[4 * i]), side);
      const { states, logEvidence, uncertainty, pictures } = digits.read(placed, digits.size - hide.value);
      shown.forEach(({ canvas, caption, name }, n) => {
        paint(canvas, pictures[n], digits.size);
        caption.textContent = n ? `${name}, ${uncertainty[n - 1].toFixed(1)} nats` : `${name}, ln p = ${logEvidence.toFixed(0)}`;
      });
      const belief = states.at(-1)[0], best = belief.indexOf(Math.max(...belief));
      bars.forEach(({ bar, value }, digit) => {
        bar.style.width = `${100 * belief[digit] * 0.7}%`;
        value.textContent = belief[digit].toFixed(2);
      });
      verdict.textContent = `Most probable: ${best}, with ${(100 * belief[best]).toFixed(0)} %.`;
      root.dataset.drawn = Number(root.dataset.drawn ?? 0) + 1;
    }

    function soon() { // once for each picture that the screen shows, however fast the pen is
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; update(); });
    }

    function stroke(event) {
      pen.lineTo((event.offsetX * side) / paper.clientWidth, (event.offsetY * side) / paper.clientHeight);
      pen.stroke();
      soon();
    }

    function put(i) {
      wipe();
      drawn = digits.example(i);
      const image = pen.getImageData(0, 0, side, side);
      for (let k = 0; k < side * side; k++) {
        const ink = drawn[Math.floor(k / side / FINE) * SIDE + Math.floor((k % side) / FINE)];
        image.data.fill(255 - ink, 4 * k, 4 * k + 3);
      }
      pen.putImageData(image, 0, 0);
      update();
    }

    let shownExample = 0;
    paper.onpointerdown = (event) => {
      paper.setPointerCapture(event.pointerId);
      if (drawn) wipe();
      pen.beginPath();
      stroke(event); // a tap is a dot
      stroke(event);
    };
    paper.onpointermove = (event) => paper.hasPointerCapture(event.pointerId) && stroke(event);
    clear.onclick = () => { wipe(); update(); };
    next.onclick = () => put((shownExample = (shownExample + 1) % digits.nExamples));
    hide.oninput = soon;
    put(0);
  }

  rgm.digits = { open, place };
  const root = document.getElementById("live-digits");
  if (root) show(root);
})();
