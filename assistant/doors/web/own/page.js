// Clicks and keys. All markup comes from the server; nothing here turns text into markup.
(() => {
  "use strict";
  const one = (what, within = document) => within.querySelector(what);
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const box = () => one("#question textarea");
  let wanted = null; // the card to show once its evidence has arrived
  let opened = null; // the open card
  let former = ""; // the last turn when a question was sent
  let followed = ""; // the question last scrolled to
  let finished = ""; // the question whose answer was last scrolled to
  let moved = false; // whether the person has scrolled since

  // Calls the handler of event `name` of a component in talk.py.
  const send = (component, name, data = {}) =>
    one(`#${component} .html-container > *`)?.dispatchEvent(new CustomEvent("assistant", { detail: { name, data } }));

  // Gradio brings what happens in streams, and opens one if none is open. What is asked while the last one is closing
  // waits for the next stream, which any other event opens.
  let joined = [];
  new PerformanceObserver((list) => {
    const entries = list.getEntries();
    joined.push(...entries.filter((entry) => entry.name.includes("/queue/join")));
    for (const stream of entries.filter((entry) => entry.name.includes("/queue/data"))) {
      const late = joined.some((asked) => stream.startTime < asked.startTime && asked.startTime < stream.responseEnd);
      joined = joined.filter((asked) => stream.responseEnd <= asked.startTime);
      if (late) send("current", "tick");
    }
  }).observe({ type: "resource" });

  // Returning to a conversation, nobody needs to see the welcome first.
  document.documentElement.classList.toggle("returning", new URLSearchParams(location.search).has("talk"));

  // -- evidence

  const talk = () => one("#current [data-talk]")?.dataset.talk ?? "";
  const bring = ({ turn, card, mark, take }) => {
    const evidence = one(`#evidence .evidence[data-turn="${turn}"]`);
    if (!evidence) {
      wanted = { turn, card, mark, take };
      send("current", "select", { turn });
      return;
    }
    wanted = null;
    const found = one(`.card[data-card="${card}"]`, evidence);
    if (!found) return;
    opened = { talk: talk(), turn, card, mark };
    for (const other of all(".card", evidence)) {
      open(other, other === found);
      other.classList.toggle("opened", other === found);
    }
    all("mark", evidence).forEach((words) =>
      words.classList.toggle("now", found.contains(words) && words.dataset.marks.split(" ").includes(mark)));
    all("a.reference, a.near").forEach((link) =>
      link.classList.toggle("now", link.dataset.turn === String(turn) && link.dataset.card === String(card) && link.dataset.mark === mark));
    if (narrow()) { // the card covers the conversation, which does not scroll
      const words = one("mark.now", found);
      found.scrollTop = words ? words.offsetTop - found.clientHeight / 3 : 0;
    } else if (!inSight(found)) found.scrollIntoView({ block: "start" });
    if (take || narrow()) found.focus({ preventScroll: true });
  };
  const shut = () => {
    const link = one("#thread :is(a.reference, a.near).now");
    opened = null;
    const focus = document.activeElement;
    const took = focus === document.body || focus?.closest(".card.opened"); // and not in the box, for example
    all("#evidence .opened").forEach((card) => card.classList.remove("opened"));
    all("#thread .now, #evidence mark.now").forEach((lit) => lit.classList.remove("now"));
    if (took) link?.focus({ preventScroll: narrow() });
  };
  const inSight = (card) => {
    const [inner, outer] = [card.getBoundingClientRect(), one("#side").getBoundingClientRect()];
    return inner.top >= outer.top && inner.bottom <= outer.bottom;
  };
  const open = (card, whole) => {
    card.classList.toggle("front", whole);
    one("[data-do=open]", card)?.setAttribute("aria-expanded", String(whole));
  };
  const narrow = () => matchMedia("(max-width: 860px)").matches;
  const point = (link, take) => {
    const { turn, card, mark } = link.dataset;
    bring({ turn: Number(turn), card, mark, take });
  };
  const why = (turn) => {
    const evidence = one(`#evidence .evidence[data-turn="${turn}"]`);
    if (!evidence) {
      wanted = { turn, why: true };
      send("current", "select", { turn });
      return;
    }
    wanted = null;
    const details = one("details.why", evidence);
    if (!details) return;
    details.open = true;
    details.scrollIntoView({ block: "start" });
    one("summary", details).focus({ preventScroll: true });
  };

  // -- a question is shown as soon as it is sent, and replaced by what the server makes of it

  const sent = (question) => {
    if (away) return reach(false);
    notify("");
    if (!question.trim() || one("#question .stop-button, #chip [data-do=keep]")) return; // it has to wait, or replaces the last one
    unsent();
    const coming = Object.assign(document.createElement("div"), { id: "sent" });
    former = stands();
    const turn = coming.appendChild(Object.assign(document.createElement("article"), { className: "turn" }));
    turn.append(Object.assign(document.createElement("h2"), { className: "question", dir: "auto", textContent: question }));
    turn.append(Object.assign(document.createElement("p"), { className: "stage", textContent: "Sending" }));
    one("#thread").append(coming);
    turn.scrollIntoView({ block: "start" });
  };
  const unsent = () => one("#sent")?.remove();
  const notSent = () => { // show what was there before
    if (!one("#sent")) return;
    unsent();
    one("#current .turn")?.scrollIntoView({ block: "start" });
  };
  const stands = () => one("#current .turn")?.outerHTML ?? "";

  // -- no question is lost: one that was typed or not answered when the page closed is in the box when it opens again

  const STORED = "assistant-unsent";
  const AWAY = "The server cannot be reached. Your question is saved; you can ask it once the server is back.";
  const BACK = "The server could not be reached and your question was not answered. It is in the box: press Enter to ask it.";
  let away = false; // whether the server could not be reached last time
  const notify = (words) => {
    const line = one("#unsent");
    if (line && line.textContent !== words) line.textContent = words;
  };
  const reach = (reached) => {
    if (away && reached) notify("");
    away = !reached;
    if (!away) return;
    notify(AWAY);
    if (box() && !box().value.trim()) fill(unanswered());
  };
  const unanswered = () => one(".question", one("#sent .turn, #current .turn:has(.stage)") ?? document.createElement("p"))?.textContent ?? "";
  const fill = (question) => {
    box().value = question;
    box().dispatchEvent(new Event("input", { bubbles: true }));
  };
  let leaving = false; // after a log-out, nothing is left for the next user
  addEventListener("submit", (event) => { leaving ||= event.target.matches(".head form"); });
  addEventListener("pagehide", () => {
    const question = leaving ? "" : box()?.value.trim() ? box().value : unanswered();
    sessionStorage.setItem(STORED, JSON.stringify({ question, away }));
  });
  const restore = () => { // once, when the conversation is loaded
    const stored = JSON.parse(sessionStorage.getItem(STORED) ?? "{}");
    sessionStorage.removeItem(STORED);
    const answered = one("#current .turn:has(.tools) .question")?.textContent;
    if (!stored.question?.trim() || stored.question.trim() === answered?.trim() || box().value) return;
    fill(stored.question);
    if (stored.away) notify(BACK);
  };

  // -- buttons

  const toBox = () => {
    one('#tabs [role="tab"]')?.click(); // the first tab is the conversation
    box()?.focus();
    setTimeout(() => box()?.focus()); // once it is visible, if another tab was open
  };
  const asked = (button) => ({ question: button.dataset.question, again: button.dataset.again === "true" });
  const deeds = {
    ask: (button) => { send("current", "submit", asked(button)); sent(button.dataset.question); },
    next: (button) => { send("current", "submit", { ...asked(button), alone: true }); sent(button.dataset.question); },
    retry: (button) => send("current", "submit", asked(button)),
    edit: (button) => { send("current", "edit", asked(button)); box().focus(); },
    keep: () => send("chip", "clear"),
    about: (button) => { send("chip", "select", { paper: button.dataset.paper }); tab("Ask"); box().focus(); },
    narrow: () => {
      send("chip", "select", { paper: "", ...Object.fromEntries(new FormData(one("#search form"))) });
      tab("Ask");
      box().focus();
    },
    leave: (button) => { send("chip", "delete", { paper: button.dataset.paper }); box().focus(); },
    new: () => { toBox(); send("current", "clear"); },
    add: () => tab("Add papers"),
    sample: (button) => { button.disabled = true; send("current", "input"); },
    why: (button) => why(Number(button.dataset.turn)),
    open: (button) => { const card = button.closest(".card"); open(card, !card.classList.contains("front")); },
    back: shut,
    unfold: (button) => unfold(button),
    copy: (button) => copy(button),
    link: (button) => link(button),
    thumb: (button) => rate(button, button.getAttribute("aria-pressed") === "true" ? null : button.dataset.good === "true"),
    commenting: (button) => commenting(button.closest(".opinion")),
    comment: (button) => rate(button, one(".thumb[aria-pressed=true]", button.closest(".opinion"))?.dataset.good === "true"),
    evaluation: (button) => { button.closest("dialog")?.close(); tab("Evaluation"); },
    model: () => { asking = true; send("model", "apply"); },
    theme: () => dress(document.body.classList.contains("dark") ? "light" : "dark", true),
  };
  const tab = (name) => // on a phone, some are in a menu
    all("#tabs :is([role=tab], .overflow-dropdown button)").find((one) => one.textContent.trim() === name)?.click();
  const copy = async (button, text = button.dataset.copy) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // browsers allow the clipboard only over https, or on this machine
      const area = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text }));
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.classList.add("done");
    say("Copied");
    setTimeout(() => button.classList.remove("done"), 1500);
  };

  const link = async (button) => { // it can be withdrawn where it leads
    const result = one("output", button.parentElement);
    const place = new URLSearchParams({ talk: talk(), turn: button.closest("[data-turn]").dataset.turn });
    try {
      const response = await fetch(`/answer?${place}`, { method: "POST" });
      const text = await response.text();
      if (!response.ok) { result.textContent = text; return; }
      await copy(button, new URL(text, location.href).href);
      const open = Object.assign(document.createElement("a"), { href: text, target: "_blank", rel: "noopener", textContent: "Open or withdraw" });
      result.replaceChildren(open);
    } catch {
      result.textContent = "The server cannot be reached.";
    }
  };
  document.addEventListener("assistant-copy", ({ detail }) => copy(detail.from, detail.text)); // from own/references.js

  // -- feedback: the markup that the server makes of it replaces what is there

  let opinions = 0;
  const rate = (button, good) => {
    const opinion = button.closest(".opinion");
    const comment = one("textarea", opinion)?.value ?? "";
    send("opinion", "like", { turn: Number(opinion.dataset.turn), good, comment, serial: `${++opinions} ${button.dataset.do}` });
  };
  const commenting = (opinion) => {
    const box = one(".comment", opinion);
    box.hidden = !box.hidden;
    one("[data-do=commenting]", opinion).setAttribute("aria-expanded", String(!box.hidden));
    if (!box.hidden) one("textarea", box).focus();
  };
  const followOpinion = () => {
    const fresh = one("#opinion [data-talk]");
    if (!fresh) return say(one("#opinion .failed")?.textContent ?? "");
    const there = one("#current [data-talk]")?.dataset.talk === fresh.dataset.talk;
    const stale = there && one(`#thread .opinion[data-turn="${fresh.firstChild.dataset.turn}"]`);
    if (!stale) return;
    const focused = stale.contains(document.activeElement) && document.activeElement.className;
    const placed = fresh.firstChild.cloneNode(true);
    stale.replaceWith(placed);
    const pressed = one("[aria-pressed=true]", placed);
    if (focused) (all("button", placed).find((button) => button.className === focused) ?? pressed)?.focus();
    if (fresh.dataset.serial.endsWith("thumb") && pressed) commenting(placed);
    say(pressed ? "Saved" : "Removed");
  };
  const say = (words) => { const said = one("#said"); if (said) said.textContent = words; };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.reference, a.near");
    const button = event.target.closest("[data-do]");
    if (link) {
      event.preventDefault();
      point(link, event.detail === 0);
    } else if (button && button.dataset.do in deeds) {
      deeds[button.dataset.do](button);
    } else if (narrow() && one(".card.opened") && !event.target.closest(".card.opened")) {
      shut();
    }
  });
  document.addEventListener("click", (event) => event.target.closest("#question .submit-button") && sent(box().value), true);

  for (const name of ["wheel", "touchmove"]) document.addEventListener(name, () => { moved = true; }, { passive: true });

  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-collections]")) return;
    send("chip", "input", { collection: event.target.value });
    box().focus();
  });

  // -- keys

  const typing = () => ["INPUT", "TEXTAREA", "SELECT"].includes(document.activeElement?.tagName);
  const walk = (step) => {
    const links = all("#thread a.reference");
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    const now = at >= 0 ? at : links.findIndex((link) => link.classList.contains("now"));
    const next = now < 0 ? (step > 0 ? 0 : links.length - 1) : (now + step + links.length) % links.length;
    links[next].focus();
    point(links[next], false);
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && narrow() && one(".card.opened")) shut();
    else if (event.key === "Escape") one("#question .stop-button")?.click();
    else if (event.key === "Enter" && !event.shiftKey && event.target === box()) sent(box().value);
    else if (typing()) return;
    else if (event.key === "/" && !one("#search")?.checkVisibility()) { event.preventDefault(); toBox(); } // the search has a box of its own
    else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      if (document.activeElement?.closest("[role=tablist], .wide")) return;
      event.preventDefault();
      walk(event.key === "ArrowRight" ? 1 : -1);
    }
  });

  // -- dark and light

  const STORE = "assistant-theme";
  const dress = (theme, keep) => {
    document.body.classList.toggle("dark", theme === "dark");
    if (keep) localStorage.setItem(STORE, theme);
  };

  // -- who writes the answers: the dialog is shown as soon as the server has filled it

  let asking = false;
  const followModel = () => {
    const dialog = one("#model dialog");
    if (!dialog || !asking) return;
    asking = false;
    if (!dialog.open) dialog.showModal();
  };

  // -- after a log-out elsewhere, logging in again leads back to the same conversation

  const plainly = window.fetch.bind(window);
  window.fetch = async (...asked) => {
    const [event] = /queue\/join|app_id/.exec(asked[0]?.url ?? asked[0]) ?? []; // uploads handle their own failures
    const response = await plainly(...asked).catch((lost) => { if (event) reach(false); notSent(); throw lost; });
    if (event === "queue/join") reach(response.status < 502); // a proxy answers 502 or more if the server is down
    if (!response.ok) notSent();
    if (response.status === 401) location.assign(`/login${location.search}`);
    return response;
  };

  // -- updates from the server

  const followTalk = () => {
    const name = talk();
    if (one("#current [data-talk]")) restore();
    fold();
    const turn = one("#current .turn");
    if (one("#sent") && stands() !== former) unsent();
    const key = turn ? `${name} ${turn.dataset.turn} ${one(".question", turn).textContent}` : "";
    const done = turn && one(".tools", turn) ? key : "";
    // On a phone the evidence is below: a turn that was too short to be scrolled to the top is, once it is complete.
    if (key !== followed || (done && done !== finished && narrow() && !moved)) {
      [followed, finished, moved] = [key, done, false];
      if (turn) turn.scrollIntoView({ block: "start" });
    }
  };
  const followEvidence = () => {
    if (wanted && one(`#evidence .evidence[data-turn="${wanted.turn}"]`)) wanted.why ? why(wanted.turn) : bring(wanted);
    if (!opened || one("#evidence .opened")) return;
    const same = opened.talk === talk() && one(`#evidence .evidence[data-turn="${opened.turn}"]`);
    if (same) bring(opened); // the same answer was updated
    else opened = null;
  };

  // -- a question of more than eight lines is folded

  const whole = new Set(); // the questions shown whole: what comes later to an answer draws its turn anew
  const turnOf = (question) => `${talk()} ${question.closest(".turn")?.dataset.turn}`;
  const fold = () => {
    for (const question of all(":is(#past, #current) .question:not(.whole)")) {
      const cut = question.scrollHeight > question.clientHeight + 2;
      const button = one(".unfold", question.parentElement);
      question.classList.toggle("cut", cut);
      if (!cut) {
        button?.remove();
        continue;
      }
      if (button) continue;
      const made = Object.assign(document.createElement("button"), { type: "button", className: "plain unfold" });
      made.dataset.do = "unfold";
      question.after(made);
      unfolded(made, whole.has(turnOf(question)));
    }
  };
  const unfolded = (button, shown) => {
    button.previousElementSibling.classList.toggle("whole", shown);
    button.textContent = shown ? "Show less" : "Show the whole question";
    button.setAttribute("aria-expanded", String(shown));
  };
  const unfold = (button) => {
    const question = button.previousElementSibling;
    const shown = !question.classList.contains("whole");
    whole[shown ? "add" : "delete"](turnOf(question));
    unfolded(button, shown);
    fold();
  };
  addEventListener("resize", () => fold());

  const label = (what, attributes) => {
    const found = one(what);
    if (found) Object.entries(attributes).forEach(([name, value]) => found.setAttribute(name, value));
  };
  const begin = () => {
    if (localStorage.getItem(STORE)) dress(localStorage.getItem(STORE), false);
    label("html", { lang: "en" });
    label("#talk", { role: "region", "aria-label": "Conversation" });
    label("#side", { role: "complementary", "aria-label": "Evidence" });
    label("#current", { "aria-live": "polite" });
    label("#question textarea", { dir: "auto", enterkeyhint: "send", "aria-keyshortcuts": "/" });
    const said = Object.assign(document.createElement("div"), { id: "said", className: "sr-only" });
    said.setAttribute("role", "status");
    document.body.append(said);
    const line = Object.assign(document.createElement("p"), { id: "unsent" });
    line.setAttribute("role", "status");
    one("#composer").prepend(line);
    const watch = (what, follow) => {
      new MutationObserver(follow).observe(one(what), { childList: true, subtree: true, attributes: true, attributeFilter: ["data-talk", "data-turn"], characterData: true });
      follow();
    };
    watch("#current", followTalk);
    watch("#past", fold);
    watch("#evidence", followEvidence);
    watch("#opinion", followOpinion);
    watch("#model", followModel);
    if (!narrow()) box().focus();
  };
  const waiting = new MutationObserver(() => {
    if (!box() || !one("#evidence .html-container > *")) return;
    waiting.disconnect();
    begin();
  });
  waiting.observe(document.documentElement, { childList: true, subtree: true });
})();
