// Practice: pairs with known answers before the first real one, each with the reason. Nothing of it is a vote.
const practice = { on: false, step: 0, right: 0 };
const PRACTICE_QUESTIONS = ["identity", "text", "left_ok", "right_ok"];
const ANSWERS_ASKED = props.practice.length * PRACTICE_QUESTIONS.length;
const practicePictures = (step) => ["reference", "a", "b"].map((side) => `practice/${step + 1}-${side}.webp`);

function openPractice() {
  mode = "welcome";
  find("[data-pair]").hidden = true;
  sheet(
    make("h2", {}, say("practice.title")),
    make("p", {}, say("practice.lead", { count: props.practice.length })),
    rubric(),
    make("div", { class: "buttons" },
      make("button", { type: "button", class: "action", "data-action": "skip-practice", onclick: skipPractice },
        make("span", {}, say("practice.skip")), key("Esc")),
      make("button", { type: "button", class: "action primary", "data-action": "practise", onclick: startPractice },
        make("span", {}, say("practice.start")), key("Enter ⏎"))));
}

function startPractice() {
  Object.assign(practice, { on: true, step: 0, right: 0 });
  root.classList.add("practising");
  return showPracticePair();
}

async function showPracticePair() {
  closeSheet();
  mode = "practice";
  const count = props.practice.length;
  answers = blank();
  showAnswers();
  showMessage(say("practice.message"));
  find("[data-count]").textContent = say("practice.count", { step: practice.step + 1, count });
  await showPictures(props.practice[practice.step].prompt, practicePictures(practice.step));
}

function checkPractice() {
  if (!allAnswered()) return;
  const pair = props.practice[practice.step];
  const agrees = PRACTICE_QUESTIONS.map((name) => answers[name] === pair[name]);
  practice.right += agrees.filter(Boolean).length;
  mode = "feedback";
  sheet(
    make("h2", { "data-feedback": true }, say(agrees.every(Boolean) ? "practice.agree" : "practice.differ")),
    make("p", {}, say(`practice.${pair.key}`)),
    make("table", { class: "feedback" },
      make("tr", {}, ...["", "practice.yours", "practice.guide"].map((name) => make("th", {}, name && say(name)))),
      ...PRACTICE_QUESTIONS.map((name, i) => make("tr", { class: agrees[i] ? "agrees" : "differs" },
        make("th", {}, questionText(name)), make("td", {}, answerText(name, answers[name])),
        make("td", {}, `${agrees[i] ? "✓" : "→"} ${answerText(name, pair[name])}`)))),
    make("div", { class: "buttons" }, make("button", { type: "button", class: "action primary",
      "data-action": "next", onclick: nextPractice }, make("span", {}, say("practice.next")), key("Enter ⏎"))));
}

const questionText = (name) => (name.endsWith("_ok")
  ? say("screen.acceptable", { side: say(`screen.${name.replace("_ok", "")}`) }) : say(`screen.question_${name}`));
const answerText = (name, value) => say(typeof value === "boolean" ? `screen.${value ? "yes" : "no"}`
  : value === "tie" ? `screen.tie_${name}` : `screen.${value}`);

function nextPractice() {
  practice.step += 1;
  if (practice.step < props.practice.length) return showPracticePair();
  mode = "practised";
  sheet(
    make("h2", { "data-practised": true }, say("practice.done", { right: practice.right, asked: ANSWERS_ASKED })),
    make("p", {}, say("practice.done_lead")), make("h3", {}, say("help.keys")), shortcuts(),
    make("p", { class: "fine" }, say("help.resume")),
    make("div", { class: "buttons" },
      make("button", { type: "button", class: "action", "data-action": "again", onclick: startPractice },
        make("span", {}, say("practice.again"))),
      make("button", { type: "button", class: "action primary", "data-action": "close",
        onclick: () => endPractice(practice.right, ANSWERS_ASKED) }, make("span", {}, say("help.start")), key("Enter ⏎"))));
}

const skipPractice = () => endPractice(0, 0);

async function endPractice(right, asked) {
  const reply = await ask("practised", { right, asked });
  if (!reply || reply.problem) return;
  practice.on = false;
  root.classList.remove("practising");
  closeSheet();
  startClock();
}
