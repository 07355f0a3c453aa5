// Sound from a microphone or a file goes to Python, chunk by chunk; what comes back is played, and drawn.
const CHUNK = 1024; // samples that are sent at a time
const LATEST = 0.25; // seconds by which what is to be played may pile up
const EAR = `registerProcessor("ear", class extends AudioWorkletProcessor {
  process([input]) {
    if (input.length) this.port.postMessage(input[0].slice());
    return true;
  }
})`;

function render({ model, el }) {
  const make = (tag, settings) => Object.assign(document.createElement(tag), settings);
  const button = (name, action) =>
    make("button", { textContent: name, className: "jupyter-button", onclick: action });
  const file = make("input", { type: "file", accept: "audio/*" });
  file.setAttribute("aria-label", "a file to play along with");
  file.onchange = () => file.files.length && begin(() => fromFile(file.files[0]));
  const controls = make("div", {});
  Object.assign(controls.style, { display: "flex", gap: "0.5em", alignItems: "center", margin: "0 0 6px" });
  controls.append(button("● microphone", () => begin(fromMicrophone)), file, button("■ stop", () => stop()));
  const nBars = model.get("n_bars"), nColumns = model.get("columns");
  const canvas = make("canvas", { width: nColumns, height: nBars });
  canvas.setAttribute("role", "img");
  const height = `${nBars * Math.max(1, Math.floor(224 / nBars))}px`;
  Object.assign(canvas.style, { display: "block", imageRendering: "pixelated", border: "1px solid #888", height });
  const caption = make("div", {});
  const hint = "bars, the first on top: the darker, the surer; take headphones, or it hears itself";
  const lag = make("small", { textContent: hint });
  for (const text of [caption, lag]) text.style.color = "var(--jp-ui-font-color1, inherit)";
  el.replaceChildren(controls, canvas, caption, lag);

  let context = null, microphone = null, waiting = [], nWaiting = 0, number = 0, due = 0, column = 0;
  const sent = new Map(); // when each chunk was sent that has no answer yet

  async function begin(source) {
    await stop();
    model.send({ reset: true });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "white";
    pen.fillRect(0, 0, nColumns, nBars);
    column = 0;
    context = new AudioContext({ sampleRate: model.get("rate") });
    try {
      await context.audioWorklet.addModule(URL.createObjectURL(new Blob([EAR], { type: "text/javascript" })));
      const ear = new AudioWorkletNode(context, "ear", { channelCount: 1, channelCountMode: "explicit" });
      ear.port.onmessage = ({ data }) => gather(data);
      (await source()).connect(ear).connect(context.destination); // where it is silent
    } catch (error) {
      await stop();
      caption.textContent = `no sound: ${error.message}`;
    }
  }

  async function fromMicrophone() { // as it is: what calls are cleaned of is music here
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    microphone = await navigator.mediaDevices.getUserMedia({ audio });
    return context.createMediaStreamSource(microphone);
  }

  async function fromFile(chosen) { // the player is on the left, who plays along on the right
    const player = context.createBufferSource(), left = new StereoPannerNode(context, { pan: -1 });
    player.buffer = await context.decodeAudioData(await chosen.arrayBuffer());
    player.connect(left).connect(context.destination);
    player.start();
    return player;
  }

  function gather(samples) {
    waiting.push(samples);
    nWaiting += samples.length;
    if (nWaiting < CHUNK) return;
    const chunk = new Float32Array(nWaiting);
    let start = 0;
    for (const part of waiting) { chunk.set(part, start); start += part.length; }
    [waiting, nWaiting] = [[], 0];
    sent.set(++number, performance.now());
    model.send({ number }, undefined, [chunk.buffer]);
  }

  function answer(message, buffers) {
    const began = sent.get(message.number);
    if (!sent.delete(message.number)) return; // it was stopped, or begun anew
    const bytes = buffers[0]; // a DataView, wherever in its buffer
    const sound = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    if (sound.length) play(sound);
    for (const [heard, ...bars] of message.columns) draw(heard, bars);
    caption.textContent = message.caption;
    canvas.setAttribute("aria-label", message.caption);
    if (context === null) return;
    const wait = performance.now() - began + (1000 * CHUNK) / context.sampleRate;
    lag.textContent = `${Math.round(wait)} ms from sound to answer`;
  }

  function play(sound) {
    const right = new StereoPannerNode(context, { pan: microphone ? 0 : 1 });
    const voice = context.createBufferSource(), now = context.currentTime;
    voice.buffer = context.createBuffer(1, sound.length, context.sampleRate);
    voice.buffer.copyToChannel(sound, 0);
    voice.connect(right).connect(context.destination);
    if (due < now || due > now + LATEST) due = now;
    voice.start(due);
    due += voice.buffer.duration;
  }

  function draw(heard, bars) {
    const pen = canvas.getContext("2d");
    if (column === nColumns) { // full: what was is moved to the left
      pen.drawImage(canvas, -1, 0);
      column -= 1;
    }
    bars.forEach((belief, bar) => {
      const level = Math.round(255 * (1 - belief) * (heard ? 1 : 0.9));
      pen.fillStyle = `rgb(${level}, ${level}, ${level})`;
      pen.fillRect(column, bar, 1, 1);
    });
    column += 1;
    canvas.dataset.drawn = Number(canvas.dataset.drawn ?? 0) + 1; // voxels that were answered
  }

  async function stop() {
    microphone?.getTracks().forEach((track) => track.stop());
    const ended = context;
    [context, microphone, waiting, nWaiting, due] = [null, null, [], 0, 0];
    sent.clear();
    await ended?.close();
  }

  model.on("msg:custom", answer);
  sent.set(0, performance.now());
  model.send({ number: 0 }); // what was heard before it was shown
  return () => { stop(); model.off("msg:custom", answer); };
}

export default { render };
