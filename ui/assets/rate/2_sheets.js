// The cards over the pair: instructions with the rubric, reasons for a skip, the end, and what can go wrong.
const SHORTCUTS = [
  ["1 2 3", "question_identity"], ["4 5 6", "question_text"], ["7 8", "keys_left"], ["9 0", "keys_right"],
  ["Enter", "submit"], ["Z", "undo"], ["S", "skip"], ["F", "keys_zoom"], ["?", "help"],
];

function rubric() {
  const levels = (axis, anchors) => make("div", { class: "axis" },
    make("h3", {}, say(`rubric.${axis}.title`)),
    make("dl", {}, ...anchors.flatMap((anchor) => [
      make("dt", {}, say(`rubric.${anchor}`)), make("dd", {}, say(`rubric.${axis}.${anchor}`))])));
  return make("div", { class: "rubric" }, levels("identity", ["better", "tie", "ignore"]),
    levels("text", ["better", "tie", "ignore"]), levels("acceptable", ["yes", "no", "ignore"]));
}

function shortcuts() {
  return make("dl", { class: "shortcuts" }, ...SHORTCUTS.flatMap(([keys, name]) => [
    make("dt", {}, ...keys.split(" ").map(key)), make("dd", {}, say(`screen.${name}`))]));
}

function openHelp() {
  if (!state?.assignment) return;
  mode = "help";
  sheet(
    make("h2", {}, say("help.title")), make("p", {}, say("help.lead")), rubric(),
    make("h3", {}, say("help.keys")), shortcuts(),
    make("p", { class: "fine" }, say("help.resume")),
    make("div", { class: "buttons" }, make("button", { type: "button", class: "action primary",
      "data-action": "close", onclick: closeHelp }, make("span", {}, say("help.start")), key("Enter ⏎"))));
}

function closeHelp() {
  closeSheet();
  startClock();
}

function openSkip() {
  if (busy || !state?.assignment) return;
  mode = "skip";
  sheet(
    make("h2", {}, say("skip.title")), make("p", {}, say("skip.lead")),
    make("div", { class: "reasons" }, ...REASONS.map((reason, i) =>
      make("button", { type: "button", class: "action", "data-reason": reason, onclick: () => skip(reason) },
        make("span", {}, say(`skip.${reason}`)), key(String(i + 1))))),
    make("div", { class: "buttons" }, make("button", { type: "button", class: "action", onclick: closeSheet },
      make("span", {}, say("skip.cancel")), key("Esc"))));
}

function showDone() {
  mode = "done";
  find("[data-pair]").hidden = true;
  sheet(
    make("div", { class: "tick", "aria-hidden": "true" }, "✓"),
    make("h2", { "data-done": true }, say("done.title", { name: state.rater })),
    make("p", {}, say("done.lead", { total: state.total })), make("p", { class: "fine" }, say("done.next")),
    make("div", { class: "buttons" },
      state.done > 0 ? make("button", { type: "button", class: "action", "data-action": "undo", onclick: undo },
        make("span", {}, say("done.undo")), key("Z")) : null,
      make("a", { class: "action", href: "../" }, say("done.leave"))));
}

function showStop(name, fields = {}) {
  mode = "stop";
  find("[data-pair]").hidden = true;
  sheet(
    make("h2", { "data-stop": name }, say(`stop.${name}_title`)), make("p", {}, say(`stop.${name}_lead`, fields)),
    make("div", { class: "buttons" },
      ["offline", "paused"].includes(name)
        ? make("button", { type: "button", class: "action primary", onclick: begin }, say("stop.again"))
        : make("a", { class: "action primary", href: "../" }, say("stop.enter"))));
}
