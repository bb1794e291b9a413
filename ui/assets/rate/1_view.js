// What the rater sees. Runs inside gr.HTML's on-load function, which gives `element`, `props` and `server`.
const root = element.querySelector("[data-rate]");
const LANGUAGES = { en: "English", ja: "日本語" };
const QUESTIONS = {
  identity: { keys: ["1", "2", "3"], choices: ["left", "tie", "right"] },
  text: { keys: ["4", "5", "6"], choices: ["left", "tie", "right"] },
};
const ACCEPTABLE = {
  left_ok: { keys: ["7", "8"], choices: [true, false] },
  right_ok: { keys: ["9", "0"], choices: [true, false] },
};
const TAGS = ["distorted", "wrong_person", "text_ignored", "unnatural"];
const REASONS = ["cannot_judge", "not_shown", "unsuitable", "know_person"];

let language = "en";
const say = (key, fields = {}) =>
  key.split(".").reduce((node, part) => node[part], props.texts[language])
    .replace(/\{(\w+)\}/g, (_, name) => fields[name]);

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}
const key = (name) => make("kbd", {}, name);
const find = (selector) => root.querySelector(selector);
const findAll = (selector) => [...root.querySelectorAll(selector)];

function choiceButton(name, value, label, shortcut) {
  return make("button", {
    type: "button", class: "choice", role: "radio", "aria-checked": "false",
    "data-name": name, "data-value": String(value), onclick: () => answer(name, value),
  }, make("span", {}, label), key(shortcut));
}

function choices(name, { keys, choices: values }, labels, legend) {
  return make("div", { class: "choices", role: "radiogroup", "aria-label": legend, "data-question": name },
    ...values.map((value, i) => choiceButton(name, value, labels[i], keys[i])));
}

function pane(side, acceptable) {
  const legend = acceptable && say("screen.acceptable", { side: say(`screen.${side}`) });
  return make("figure", { class: "pane", "data-side": side },
    make("figcaption", {}, say(`screen.${side}`)),
    make("div", { class: "frame" }, make("img", { alt: say(`screen.${side}_alt`), draggable: "false" })),
    acceptable
      ? make("div", { class: "verdict" }, make("span", { class: "legend" }, legend),
        choices(acceptable, ACCEPTABLE[acceptable], [say("screen.yes"), say("screen.no")], legend))
      : make("p", { class: "note" }, say("screen.reference_note")));
}

function question(name) {
  const labels = [say("screen.left"), say(`screen.tie_${name}`), say("screen.right")];
  return make("div", { class: "question" }, make("span", { class: "legend" }, say(`screen.question_${name}`)),
    choices(name, QUESTIONS[name], labels, say(`screen.question_${name}`)));
}

const action = (name, shortcut, run, primary) =>
  make("button", { type: "button", class: primary ? "action primary" : "action", "data-action": name, onclick: run },
    make("span", {}, say(`screen.${name}`)), key(shortcut));

function header() {
  const other = language === "en" ? "ja" : "en";
  return make("header", {},
    make("strong", { class: "brand" }, "FacePersona"),
    make("span", { class: "study", "data-study": true }),
    make("div", { class: "progress", role: "progressbar", "aria-valuemin": "0", "data-progress": true },
      make("div", { class: "bar" })),
    make("span", { class: "count", "data-count": true }),
    make("button", { type: "button", class: "plain", "data-action": "language", lang: other,
      onclick: () => setLanguage(other) }, LANGUAGES[other]));
}

function buildShell() {
  root.lang = language;
  document.documentElement.lang = language;
  document.title = say("screen.title");
  root.replaceChildren(
    header(),
    make("main", { "data-pair": true },
      make("p", { class: "prompt" }),
      make("div", { class: "panes" }, pane("reference"), pane("left", "left_ok"), pane("right", "right_ok")),
      make("div", { class: "questions" }, question("identity"), question("text")),
      make("div", { class: "tags" }, make("span", { class: "legend" }, say("screen.tags")),
        ...TAGS.map((tag) => make("button", { type: "button", class: "tag", "aria-pressed": "false", "data-tag": tag,
          onclick: () => toggleTag(tag) }, say(`tags.${tag}`)))),
      make("p", { class: "message", role: "status", "aria-live": "polite", "data-message": true }),
      make("nav", { class: "actions" },
        action("undo", "Z", undo), action("skip", "S", openSkip), action("zoom", "F", toggleZoom),
        action("help", "?", openHelp), action("submit", "Enter ⏎", submit, true))),
    make("section", { class: "sheet", "data-sheet": true, hidden: true }));
}

function showPrompt(prompt) {
  const parts = prompt.split("S*");
  const words = parts.flatMap((part, i) => (i ? [make("mark", {}, say("screen.person")), part] : [part]));
  find(".prompt").replaceChildren(make("span", { class: "legend" }, say("screen.prompt")),
    make("q", { lang: "en" }, ...words));
}

function showProgress() {
  const { done, total } = state;
  find("[data-count]").textContent = say("screen.count", { done, total });
  find("[data-study]").textContent = state.study[language];
  const bar = find("[data-progress]");
  bar.setAttribute("aria-valuemax", total);
  bar.setAttribute("aria-valuenow", done);
  bar.firstElementChild.style.width = `${total ? (100 * done) / total : 0}%`;
}

function showAnswers() {
  for (const button of findAll(".choice")) {
    const chosen = String(answers[button.dataset.name]) === button.dataset.value;
    button.setAttribute("aria-checked", chosen);
  }
  for (const button of findAll(".tag")) button.setAttribute("aria-pressed", answers.tags.includes(button.dataset.tag));
  for (const group of findAll("[data-question]")) group.classList.remove("missing");
  find("[data-action=submit]").classList.toggle("ready", missing().length === 0);
}

function showMessage(text, problem = false) {
  const place = find("[data-message]");
  place.textContent = text;
  place.classList.toggle("problem", problem);
}

function sheet(...children) {
  const place = find("[data-sheet]");
  place.replaceChildren(make("div", { class: "card", role: "dialog", "aria-modal": "true", tabindex: "-1" },
    ...children));
  place.classList.toggle("page", mode === "done" || mode === "stop");
  place.classList.toggle("below", mode === "feedback"); // the pictures that it speaks of stay in sight
  place.hidden = false;
  place.firstElementChild.focus(); // not a button: an Enter too many must not press it
}

function closeSheet() {
  find("[data-sheet]").hidden = true;
  mode = "pair";
}
