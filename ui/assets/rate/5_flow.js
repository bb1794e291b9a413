// The way of a vote: answer, submit, next pair. The server is the state of record; the page keeps nothing it needs.
const token = new URLSearchParams(location.search).get("rater");
const pictureUrl = (name) => `picture/${token}/${name}`;
const earlier = new Map();
let state = null;
let answers = blank();
let busy = false;
let mode = "stop";
let shownAt = 0;
let clock = { since: 0, total: 0, running: false };

function blank() {
  return { identity: null, text: null, left_ok: null, right_ok: null, tags: [] };
}

const missing = () => ["identity", "text", "left_ok", "right_ok"].filter((name) => answers[name] === null);

function answer(name, value) {
  if (busy || !state?.assignment) return;
  answers[name] = value;
  showMessage("");
  showAnswers();
}

function toggleTag(tag) {
  if (busy) return;
  answers.tags = answers.tags.includes(tag) ? answers.tags.filter((one) => one !== tag) : [...answers.tags, tag];
  showAnswers();
}

// Seconds that the pair was really in sight: not under the instructions, not in a hidden browser tab.
function startClock() {
  if (!clock.running && !document.hidden) clock = { ...clock, since: performance.now(), running: true };
}
function stopClock() {
  if (clock.running) clock = { since: 0, total: clock.total + performance.now() - clock.since, running: false };
}

// One request at a time; keys and clicks are deaf until the next pair is in sight.
async function ask(name, payload, message) {
  busy = true;
  root.classList.add("busy");
  const reply = await server[name]({ token, language, ...payload });
  await take(reply, message);
  root.classList.remove("busy");
  busy = false;
  return reply;
}

async function take(reply, message = "") {
  if (!reply) {
    if (state) showMessage(say("screen.offline"), true);
    else showStop("offline");
    return;
  }
  if (reply.problem === "unknown_rater") {
    showStop("unknown");
    return;
  }
  state = reply;
  if (["done", "skip", "stop"].includes(mode)) closeSheet();
  if (state.closed) return showStop(state.closed);
  if (!state.practised) return; // the practice goes on, or begins
  showProgress();
  if (!state.assignment) showDone();
  else await showPair(reply.problem ? reply.text : message, Boolean(reply.problem));
}

async function showPair(message, problem) {
  const { id, prompt, pictures } = state.assignment;
  answers = earlier.get(id) ?? blank();
  showAnswers();
  showMessage(message, problem);
  find("[data-action=undo]").disabled = !state.can_undo;
  await showPictures(prompt, ["reference", "left", "right"].map((side) => pictureUrl(pictures[side])));
  root.dataset.assignment = id;
  clock = { since: 0, total: 0, running: false };
  if (mode === "pair") startClock();
  for (const name of state.upcoming) new Image().src = pictureUrl(name);
}

async function showPictures(prompt, urls) {
  find("[data-pair]").hidden = false;
  showPrompt(prompt);
  const images = findAll(".pane img");
  urls.forEach((url, i) => { images[i].src = url; });
  const loaded = await Promise.allSettled(images.map((image) => image.decode()));
  if (loaded.some((one) => one.status === "rejected")) showMessage(say("screen.picture_missing"), true);
  shownAt = performance.now();
}

function allAnswered() {
  const open = missing();
  if (!open.length) return true;
  if (performance.now() - shownAt < 300) return false; // the second half of a double click on the pair before
  for (const name of open) find(`[data-question=${name}]`).classList.add("missing");
  showMessage(say("screen.missing", { count: open.length }), true);
  return false;
}

async function submit() {
  if (mode === "practice") return checkPractice();
  if (busy || mode !== "pair" || !state?.assignment || !allAnswered()) return;
  stopClock();
  const id = state.assignment.id;
  earlier.set(id, answers);
  const reply = await ask("vote", { assignment: id, ...answers, seconds: clock.total / 1000 });
  if (!reply) startClock();
}

function undo() {
  if (!busy && state?.can_undo) ask("undo", {}, say("screen.undone"));
}

function skip(reason) {
  if (!busy) ask("skip", { assignment: state.assignment.id, reason }, say("screen.skipped"));
}

async function begin() {
  if (!token) return showStop("no_link");
  const reply = await ask("open", {});
  if (reply?.language && !localStorage.getItem("facepersona.rate.language")) setLanguage(reply.language, false);
  if (state && !state.closed && !state.practised) openPractice();
}

function setLanguage(name, keep = true) {
  language = name;
  if (keep) localStorage.setItem("facepersona.rate.language", name);
  const before = mode;
  if (mode === "skip") mode = "pair";
  zoom.on = false;
  root.classList.remove("large");
  buildShell();
  listenToZoom();
  if (!state) return keep ? begin() : undefined;
  if (state.closed) return showStop(state.closed);
  if (!state.practised) return practice.on ? startPractice() : openPractice();
  const kept = answers;
  showProgress();
  if (!state.assignment) return showDone();
  showPair("").then(() => { answers = kept; showAnswers(); });
  if (before === "help") openHelp();
}

const ACTIONS = { Enter: submit, z: undo, s: openSkip, f: toggleZoom, "?": openHelp, "/": openHelp };
const PRACTICE_ACTIONS = { Enter: submit, f: toggleZoom };
const ANSWERS = Object.fromEntries(Object.entries({ ...QUESTIONS, ...ACCEPTABLE }).flatMap(
  ([name, { keys, choices: values }]) => keys.map((shortcut, i) => [shortcut, () => answer(name, values[i])])));
const MODES = {
  pair: (pressed) => (zoom.on && ZOOM_KEYS[pressed]) || ANSWERS[pressed] || ACTIONS[pressed],
  practice: (pressed) => (zoom.on && ZOOM_KEYS[pressed]) || ANSWERS[pressed] || PRACTICE_ACTIONS[pressed],
  welcome: (pressed) => ({ Enter: startPractice, Escape: skipPractice })[pressed],
  feedback: (pressed) => (pressed === "Enter" ? nextPractice : null),
  practised: (pressed) => (pressed === "Enter" ? () => endPractice(practice.right, ANSWERS_ASKED) : null),
  help: (pressed) => (["Enter", "Escape", "?", "/"].includes(pressed) ? closeHelp : null),
  skip: (pressed) => (pressed === "Escape" ? closeSheet
    : REASONS[Number(pressed) - 1] && (() => skip(REASONS[Number(pressed) - 1]))),
  done: (pressed) => (pressed === "z" ? undo : null),
  stop: () => null,
};

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const run = MODES[mode](event.key.length === 1 ? event.key.toLowerCase() : event.key);
  if (!run) return;
  event.preventDefault();
  run();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) stopClock();
  else if (mode === "pair" && state?.assignment) startClock();
});

setLanguage(localStorage.getItem("facepersona.rate.language")
  ?? (navigator.language.startsWith("ja") ? "ja" : "en"), false);
begin();
