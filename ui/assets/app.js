() => {
  // Set the text of Gradio's prompt box as if it had been typed.
  const setPrompt = (words) => {
    const box = document.querySelector("#fp-prompt textarea");
    const setter = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set;
    setter.call(box, words.replace(/\s+/g, " ").replace(/\s+,/g, ",").trim());
    box.dispatchEvent(new Event("input", { bubbles: true }));
    paintChips();
  };
  const escapeWords = (words) => words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const holds = (prompt, words) => new RegExp(`(^|[^\\w])${escapeWords(words)}($|[^\\w])`, "i").test(prompt);
  const without = (prompt, words) =>
    prompt.replace(new RegExp(`(^|[^\\w])${escapeWords(words)}(?=$|[^\\w])`, "i"), "$1");
  const chips = (group) => [...document.querySelectorAll(`.fp-chip[data-group="${group}"]`)];

  const paintChips = () => {
    const prompt = document.querySelector("#fp-prompt textarea")?.value ?? "";
    for (const chip of document.querySelectorAll(".fp-chip")) {
      chip.setAttribute("aria-pressed", String(holds(prompt, chip.dataset.words)));
    }
  };

  // One phrase a group: a chip replaces its neighbours' phrase, and takes its own away when it is pressed already.
  const press = (chip) => {
    let prompt = document.querySelector("#fp-prompt textarea").value;
    const words = chip.dataset.words;
    const pressed = holds(prompt, words);
    const longestFirst = chips(chip.dataset.group).sort((a, b) => b.dataset.words.length - a.dataset.words.length);
    if (chip.dataset.place === "head") {
      const style = pressed ? "a photo" : words;
      const head = /^[^]*?(?=\s+of\s+S\*)/;
      prompt = head.test(prompt) ? prompt.replace(head, style) : `${style} of ${prompt}`;
    } else {
      for (const other of longestFirst) prompt = without(prompt, other.dataset.words);
      if (!prompt.includes("S*")) prompt = `a photo of S* ${prompt}`;
      if (!pressed) prompt = `${prompt.replace(/[\s,.]+$/, "")} ${words}`;
    }
    setPrompt(prompt);
  };

  // Prices of the decision report: its card is drawn anew in another language, and for another study.
  const prices = {};
  const fillPrices = () => {
    const form = document.querySelector("#fp-report form:not([data-filled])");
    if (!form) return;
    form.dataset.filled = "";
    for (const [name, price] of Object.entries(prices)) form.elements[name].value = price;
    form.querySelector("details").open = Object.values(prices).some(Boolean);
  };

  const lightbox = document.createElement("dialog");
  lightbox.id = "fp-lightbox";
  lightbox.append(document.createElement("img"), document.createElement("p"));
  lightbox.addEventListener("click", () => lightbox.close());
  document.querySelector(".gradio-container").append(lightbox);

  document.addEventListener("click", (event) => {
    const chip = event.target.closest(".fp-chip");
    if (chip) press(chip);
    if (event.target.closest("#fp-generate")) {
      const results = document.querySelector("#fp-results");
      const box = results.getBoundingClientRect();
      if (box.top < 0 || box.top > window.innerHeight * 0.7) results.scrollIntoView({ behavior: "smooth" });
    }
    const picture = event.target.closest(".fp-frame img");
    if (picture) {
      lightbox.querySelector("img").src = picture.src;
      lightbox.querySelector("img").alt = picture.alt;
      lightbox.querySelector("p").textContent = picture.alt;
      lightbox.showModal();
    }
  });
  document.addEventListener("input", (event) => {
    if (event.target.closest("#fp-prompt")) paintChips();
    if (event.target.closest("#fp-report")) prices[event.target.name] = event.target.value;
  });
  new MutationObserver(() => {
    if (document.querySelector(".fp-chip:not([aria-pressed])")) paintChips();
    fillPrices();
  }).observe(document.body, { childList: true, subtree: true });
  paintChips();
}
