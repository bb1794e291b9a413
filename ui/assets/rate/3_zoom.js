// All three pictures large, with one zoom and one position for the three of them.
const zoom = { on: false, scale: 1, x: 0, y: 0 };

function applyZoom() {
  const panes = find(".panes");
  const limit = (50 * (zoom.scale - 1)) / zoom.scale;
  zoom.x = Math.max(-limit, Math.min(limit, zoom.x));
  zoom.y = Math.max(-limit, Math.min(limit, zoom.y));
  panes.style.setProperty("--zoom", zoom.scale);
  panes.style.setProperty("--move-x", `${zoom.x}%`);
  panes.style.setProperty("--move-y", `${zoom.y}%`);
}

function scaleBy(factor) {
  zoom.scale = Math.max(1, Math.min(8, zoom.scale * factor));
  applyZoom();
}

function moveBy(x, y) {
  zoom.x += x / zoom.scale;
  zoom.y += y / zoom.scale;
  applyZoom();
}

function toggleZoom() {
  if (!state?.assignment) return;
  zoom.on = !zoom.on;
  Object.assign(zoom, { scale: 1, x: 0, y: 0 });
  root.classList.toggle("large", zoom.on);
  find("[data-action=zoom] span").textContent = say(zoom.on ? "screen.zoom_close" : "screen.zoom");
  applyZoom();
}

const ZOOM_KEYS = {
  "+": () => scaleBy(1.25), "=": () => scaleBy(1.25), "-": () => scaleBy(0.8),
  ArrowLeft: () => moveBy(8, 0), ArrowRight: () => moveBy(-8, 0),
  ArrowUp: () => moveBy(0, 8), ArrowDown: () => moveBy(0, -8), Escape: toggleZoom,
};

function listenToZoom() {
  const panes = find(".panes");
  panes.addEventListener("wheel", (event) => {
    if (!zoom.on) return;
    event.preventDefault();
    scaleBy(event.deltaY < 0 ? 1.15 : 1 / 1.15);
  }, { passive: false });
  panes.addEventListener("pointermove", (event) => {
    const frame = event.target.closest(".frame");
    if (!zoom.on || !event.buttons || !frame) return;
    zoom.x += (100 * event.movementX) / (frame.clientWidth * zoom.scale);
    zoom.y += (100 * event.movementY) / (frame.clientHeight * zoom.scale);
    applyZoom();
  });
  panes.addEventListener("dblclick", toggleZoom);
}
