// A sheet of paper: draw with mouse, pen or finger. The drawing goes to Python when the pen is lifted.
function render({ model, el }) {
  const side = model.get("side");
  const paper = document.createElement("canvas");
  paper.width = paper.height = side;
  paper.setAttribute("role", "img");
  paper.setAttribute("aria-label", "Draw a digit here");
  Object.assign(paper.style, {
    width: "280px", height: "280px", border: "1px solid grey", cursor: "crosshair", touchAction: "none",
  });
  const pen = paper.getContext("2d", { willReadFrequently: true });

  function wipe() {
    pen.fillStyle = "white";
    pen.fillRect(0, 0, side, side);
    Object.assign(pen, { lineWidth: model.get("pen"), lineCap: "round", lineJoin: "round" });
  }

  function show(ink) {
    const picture = pen.getImageData(0, 0, side, side);
    for (let i = 0; i < side * side; i++) picture.data.fill(255 - ink.getUint8(i), 4 * i, 4 * i + 3);
    pen.putImageData(picture, 0, 0);
  }

  function send() {
    const { data } = pen.getImageData(0, 0, side, side);
    model.set("value", new DataView(Uint8Array.from({ length: side * side }, (_, i) => 255 - data[4 * i]).buffer));
    model.save_changes();
  }

  function draw(event) {
    pen.lineTo((event.offsetX * side) / paper.clientWidth, (event.offsetY * side) / paper.clientHeight);
    pen.stroke();
  }

  paper.onpointerdown = (event) => {
    paper.setPointerCapture(event.pointerId);
    pen.beginPath();
    draw(event); // a tap is a dot
    draw(event);
  };
  paper.onpointermove = (event) => paper.hasPointerCapture(event.pointerId) && draw(event);
  paper.onlostpointercapture = send;

  const clear = document.createElement("button");
  clear.textContent = "clear";
  clear.className = "jupyter-button";
  clear.onclick = () => { wipe(); send(); };

  wipe();
  show(model.get("value"));
  el.append(paper, document.createElement("br"), clear);
}

export default { render };
