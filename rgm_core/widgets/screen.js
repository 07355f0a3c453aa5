// Pictures on a canvas: asks Python for a frame, draws what comes, and asks for the next one.
const INTERVAL = 1000 / 12; // milliseconds from picture to picture, when Python keeps up

function render({ model, el }) {
  const players = model.get("players"); // none: a film; else [by itself, left, stay, right]
  const last = model.get("n_frames") - 1;
  let frame = model.get("frame"), playing = false, yours = false, held = "", asked = 0, waiting = false;

  const make = (tag, settings) => Object.assign(document.createElement(tag), settings);
  const button = (name, action) => {
    const made = make("button", { textContent: name, className: "jupyter-button", onclick: action });
    return made;
  };
  const play = button("▶ play", () => toggle());
  const mode = button("", () => take(!yours));
  const time = make("input", { type: "range", min: 0, max: last, value: frame, step: 1 });
  time.setAttribute("aria-label", "frame");
  time.oninput = () => { stop(); ask(Number(time.value)); };
  const place = make("output", { textContent: `${frame} / ${last}` });
  const controls = make("div", {});
  Object.assign(controls.style, { display: "flex", gap: "0.5em", alignItems: "center", margin: "0 0 6px" });
  controls.append(play, ...(players.length ? [mode] : []), time, place);
  const canvas = make("canvas", { tabIndex: 0, width: 1, height: 1 });
  canvas.setAttribute("role", "img");
  Object.assign(canvas.style, { display: "block", imageRendering: "pixelated", outlineOffset: "2px" });
  const caption = make("div", {});
  Object.assign(caption.style, { minHeight: "1.5em", color: "var(--jp-ui-font-color1, inherit)" });
  const keys = players.length ? "space plays; ← and → move the bat" : "space plays; ← and → step";
  const hint = make("small", { textContent: keys });
  hint.style.color = "var(--jp-ui-font-color1, inherit)";
  el.dataset.lmSuppressShortcuts = "true"; // arrows are for the game, not for the notebook
  el.replaceChildren(controls, canvas, caption, hint);

  const mover = () => players.length && (held || (yours ? players[2] : players[0])) || "";

  function ask(wanted) {
    if (waiting || wanted > last || wanted < 0) return;
    waiting = true;
    asked = performance.now();
    model.send({ frame: wanted, player: mover() });
  }

  async function answer(message, buffers) {
    const picture = await createImageBitmap(new Blob([buffers[0]], { type: "image/png" }));
    const { width, height } = picture;
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
      canvas.style.width = `${width * model.get("scale")}px`;
    }
    canvas.getContext("2d").drawImage(picture, 0, 0);
    frame = message.frame;
    time.value = frame;
    place.textContent = `${frame} / ${last}`;
    caption.textContent = message.caption;
    canvas.setAttribute("aria-label", message.caption);
    canvas.dataset.drawn = Number(canvas.dataset.drawn ?? 0) + 1; // how many pictures were shown
    waiting = false;
    if (playing) setTimeout(next, Math.max(0, INTERVAL - (performance.now() - asked)));
  }

  function next() {
    if (!playing) return;
    if (frame === last && !players.length) ask(0); // a film begins again
    else if (frame === last) stop();
    else ask(frame + 1);
  }

  function toggle() { playing ? stop() : start(); }
  function start() { playing = true; play.textContent = "❚❚ pause"; next(); canvas.focus({ preventScroll: true }); }
  function stop() { playing = false; play.textContent = "▶ play"; }
  function take(mine) {
    yours = mine;
    mode.textContent = mine ? `let the ${players[0]} play` : "play yourself";
    canvas.focus({ preventScroll: true });
  }

  function press(event) {
    const side = { ArrowLeft: 1, ArrowRight: 3 }[event.key];
    if (event.key === " ") toggle();
    else if (side && players.length) {
      held = players[side];
      if (!playing) ask(frame + 1);
    } else if (side) { stop(); ask(frame + side - 2); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  canvas.onkeydown = press;
  canvas.onkeyup = () => { held = ""; };
  canvas.onpointerdown = () => canvas.focus({ preventScroll: true });
  if (players.length) take(false);
  model.on("msg:custom", answer);
  ask(frame);
  return () => { stop(); model.off("msg:custom", answer); };
}

export default { render };
