// The page on which you play Pong beside an agent: the game, and the agent with what it learned, frozen.
// The same rules and equations as rgm_core's `Pong`, `infer_events` and `Agent`; a test compares them.
(() => {
  const [BALL, LEFT, CENTRE, RIGHT, BACKGROUND] = [0, 1, 2, 3, 4]; // what a pixel shows

  /** Cells [row, column] along the cycle of the ball; see `ball_orbit`. */
  function orbitOf([rows, columns]) {
    const [p, q] = [2 * (rows - 1), 2 * (columns - 1)];
    const gcd = (a, b) => (b ? gcd(b, a % b) : a);
    const along = (t, n) => n - 1 - Math.abs(((1 + t) % (2 * (n - 1))) - (n - 1));
    return Array.from({ length: (p * q) / gcd(p, q) }, (_, t) => [along(t, rows), along(t, columns)]);
  }

  class Pong {
    constructor(size) {
      this.size = size;
      this.orbit = orbitOf(size);
      this.reset();
    }

    reset(ball = 0, bat = 0) {
      [this.ball, this.bat] = [ball, bat];
    }

    step(action) {
      this.bat = Math.min(Math.max(this.bat + action - 1, 0), this.size[1] - 1);
      this.ball = (this.ball + 1) % this.orbit.length;
    }

    /** Pixels row by row, then reward, cost and control. */
    get outcomes() {
      const [rows, columns] = this.size, [row, column] = this.orbit[this.ball];
      const pixels = Array(rows * columns).fill(BACKGROUND);
      pixels[row * columns + column] = BALL;
      [LEFT, CENTRE, RIGHT].forEach((part, i) => {
        const place = this.bat + i - 1;
        if (place >= 0 && place < columns) pixels[place] = part;
      });
      return [...pixels, Number(this.hit), Number(this.miss), this.bat];
    }

    get arrived() { return this.orbit[this.ball][0] === 0; }
    get hit() { return this.arrived && this.orbit[this.ball][1] === this.bat; }
    get miss() { return this.arrived && !this.hit; }
  }

  const normalised = (logs) => {
    const top = Math.max(...logs), weights = logs.map((x) => Math.exp(x - top));
    const total = weights.reduce((sum, w) => sum + w, 0);
    return weights.map((w) => w / total);
  };
  const largest = (x) => x.indexOf(Math.max(...x));

  /** The agent: what event is this, and how likely does each action lead to a hit before a miss? */
  class Player {
    constructor(arrays) {
      Object.assign(this, arrays);
      [this.nEvents, , this.nNews] = arrays.windows.shape;
      [this.nPlaces, this.nActions] = arrays.moves.shape;
      this.other = [0, 1].map((half) => {
        let top = 1;
        for (let e = 0; e < this.nEvents; e++) for (const value of this.window(e, half)) top = Math.max(top, value);
        return this.disturbed[0] / top;
      });
      this.reset();
    }

    reset() {
      this.events = this.before = null;
      this.action = -1;
    }

    window(event, half) {
      const start = (2 * event + half) * this.nNews;
      return this.windows.subarray(start, start + this.nNews);
    }

    /** What differs from what is expected with the bat at this place: 0, or the outcome + 1. */
    newsOf(outcomes) {
      const place = outcomes.at(-1);
      return Array.from(this.pixels, (g, k) => (outcomes[g] === this.expected[place * this.nNews + k] ? 0 : outcomes[g] + 1));
    }

    /** ln p(news | event) of all events, for the first or the second frame of each. */
    logLikelihood(half, news) {
      const [hit, miss] = [Math.log1p(-this.disturbed[0]), Math.log(this.other[half])];
      return Array.from({ length: this.nEvents }, (_, e) => {
        const differ = this.window(e, half).reduce((n, value, k) => n + (value !== news[k]), 0);
        return differ * miss + (this.nNews - differ) * hit;
      });
    }

    /** p(event after this one) when the bat then is at a place. */
    follow(events, place) {
      const next = Array(this.nEvents).fill(0);
      for (let i = 0; i < this.edges.shape[0]; i++) {
        next[this.edges[2 * i + 1]] += events[this.edges[2 * i]] * this.following[i * this.nPlaces + place];
      }
      return next;
    }

    predict(place) {
      if (!this.events) return Array(this.nEvents).fill(1 / this.nEvents);
      const anything = normalised(this.logLikelihood(0, this.before)), certain = 1 - this.surprise[0];
      const followed = this.follow(this.events, place).map((p) => certain * p);
      const rest = 1 - followed.reduce((sum, p) => sum + p, 0);
      return followed.map((p, e) => p + rest * anything[e]);
    }

    /** p(a hit before a miss), discounted, after each action, for beliefs about events. */
    values(events, place) {
      const hope = Array(this.nPlaces).fill(0);
      events.forEach((p, e) => hope.forEach((_, c) => { hope[c] += p * this.ahead[e * this.nPlaces + c]; }));
      return Array.from({ length: this.nActions }, (_, a) => {
        const row = (place * this.nActions + a) * this.nPlaces;
        return hope.reduce((sum, value, c) => sum + this.moves[row + c] * value, 0);
      });
    }

    /** Look at a frame, and decide; of equally good actions going on with the last one, else the first. */
    act(outcomes) {
      const place = outcomes.at(-1), news = this.newsOf(outcomes), seen = this.logLikelihood(1, news);
      this.events = normalised(this.predict(place).map((p, e) => (p > 0 ? Math.log(p) + seen[e] : -Infinity)));
      this.before = news;
      const values = this.values(this.events, place), best = Math.max(...values), event = largest(this.events);
      const good = values.map((value) => value >= best * (1 - this.tie[0]));
      if (!good[this.action]) this.action = good.indexOf(true);
      const steps = best < this.hope[0] ? -1 : 1 + Math.max(Math.round(Math.log(best) / Math.log(this.patience[0])), 0);
      const known = this.window(event, 1).every((value, k) => value === news[k]);
      return { action: this.action, values, event, place, steps, known };
    }

    /** What is planned: for n frames the most probable event and place, as cells of ball and bat. */
    imagine(event, place, n) {
      const columns = this.size[1], plan = [];
      while (plan.length < n) {
        const certain = Array.from({ length: this.nEvents }, (_, e) => Number(e === event));
        const action = largest(this.values(certain, place)), row = (place * this.nActions + action) * this.nPlaces;
        place = largest(Array.from(this.moves.subarray(row, row + this.nPlaces)));
        const next = this.follow(certain, place);
        if (!next.some((p) => p > 0)) break;
        event = largest(next);
        const ball = this.window(event, 1).indexOf(BALL + 1); // the news of a ball
        const pixel = ball < 0 ? place : this.pixels[ball]; // none to be seen: it is under the bat
        plan.push({ ball: [Math.floor(pixel / columns), pixel % columns], bat: place });
      }
      return plan;
    }
  }

  const CELL = 28, FRAMES = 6; // pixels of a cell; frames a second

  /** Draw a court, and a plan that fades into the future. */
  function paint(canvas, game, plan = []) {
    const [rows, columns] = game.size, pen = canvas.getContext("2d");
    Object.assign(canvas, { width: columns * CELL, height: rows * CELL });
    const disc = ([row, column], radius, colour) => {
      pen.fillStyle = colour;
      pen.beginPath();
      pen.arc((column + 0.5) * CELL, (row + 0.5) * CELL, radius * CELL, 0, 7);
      pen.fill();
    };
    pen.fillStyle = "#10243e";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    plan.forEach(({ ball, bat }, k) => {
      pen.globalAlpha = 0.7 * (1 - k / plan.length);
      disc([0, bat], 0.16, "#56b4e9");
      disc(ball, 0.16, "#f0e442");
    });
    pen.globalAlpha = 1;
    pen.fillStyle = game.hit ? "#7fe3b0" : "#56b4e9";
    pen.fillRect((game.bat - 1) * CELL, 0.2 * CELL, 3 * CELL, 0.6 * CELL);
    pen.fillStyle = "#10243e"; // the centre, with which the ball is to be met
    pen.fillRect((game.bat + 0.42) * CELL, 0.2 * CELL, 0.16 * CELL, 0.6 * CELL);
    disc(game.orbit[game.ball], 0.4, game.miss ? "#ff8a5c" : "#f0e442");
  }

  const make = (tag, settings = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), settings);
    made.append(...children);
    return made;
  };

  /** Build the page in an element. */
  async function show(root) {
    const player = new Player(await rgm.load("pong")), size = Array.from(player.size);
    const sides = ["you", "the agent"].map((name) => {
      const canvas = make("canvas", { tabIndex: name === "you" ? 0 : -1 }), score = make("b"), caption = make("figcaption", {}, score);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Court of ${name}`);
      return { name, canvas, score, game: new Pong(size), hits: 0, misses: 0, figure: make("figure", {}, canvas, caption) };
    });
    const [you, agent] = sides, thought = make("p", { className: "thought" });
    const press = { left: 0, right: 2 }, buttons = {};
    for (const name of ["left", "play", "right"]) buttons[name] = make("button", { textContent: { left: "←", play: "▶ play", right: "→" }[name] });
    buttons.left.setAttribute("aria-label", "move left");
    buttons.right.setAttribute("aria-label", "move right");
    root.replaceChildren(make("div", { className: "courts" }, you.figure, agent.figure),
      make("div", { className: "tools" }, buttons.left, buttons.play, buttons.right), thought);

    let clock = null, held = 1, tapped = null;

    function draw(decision) {
      const plan = player.imagine(decision.event, decision.place, Math.max(decision.steps, 0));
      paint(you.canvas, you.game);
      paint(agent.canvas, agent.game, plan);
      for (const side of sides) side.score.textContent = `${side.name}: ${side.hits} hit, ${side.misses} missed`;
      const hope = decision.steps < 0 ? "no way to a hit: exploring" : `a hit in ${decision.steps} frames`;
      const values = ["left", "stay", "right"].map((name, a) => `${name} ${decision.values[a].toFixed(2)}`).join(", ");
      thought.textContent = `The agent takes this for event ${decision.event} of ${player.nEvents}, ${decision.known ? "known" : "new"}; it expects ${hope}. Values: ${values}.`;
      root.dataset.drawn = Number(root.dataset.drawn ?? 0) + 1;
      return decision;
    }

    let decision;
    function advance() {
      you.game.step(tapped ?? held);
      agent.game.step(decision.action);
      tapped = null;
      for (const side of sides) [side.hits, side.misses] = [side.hits + side.game.hit, side.misses + side.game.miss];
      decision = draw(player.act(agent.game.outcomes));
    }

    function toggle() {
      clock = clock ? clearInterval(clock) : setInterval(advance, 1000 / FRAMES);
      buttons.play.textContent = clock ? "❚❚ pause" : "▶ play";
    }

    function steer(action) {
      [held, tapped] = [action, action];
      if (!clock) advance(); // a step at a time while the game stands still
    }

    you.canvas.onkeydown = (event) => {
      const side = { ArrowLeft: "left", ArrowRight: "right" }[event.key];
      if (event.key === " ") toggle();
      else if (side && !event.repeat) steer(press[side]);
      else if (!side) return;
      event.preventDefault();
    };
    you.canvas.onkeyup = () => { held = 1; };
    for (const side of ["left", "right"]) {
      buttons[side].onpointerdown = () => steer(press[side]);
      buttons[side].onclick = (event) => event.detail === 0 && steer(press[side]); // from the keyboard
      buttons[side].onpointerup = buttons[side].onpointerleave = () => { held = 1; };
    }
    buttons.play.onclick = () => { toggle(); you.canvas.focus({ preventScroll: true }); };
    const start = Math.floor(Math.random() * you.game.orbit.length), middle = Math.floor(size[1] / 2);
    for (const side of sides) side.game.reset(start, middle);
    decision = draw(player.act(agent.game.outcomes));
  }

  rgm.pong = { Pong, Player };
  const root = document.getElementById("live-pong");
  if (root) show(root);
})();
