// What clicks and keys do. Markup comes from the server alone; nothing here turns text into markup.
(() => {
  "use strict";
  const one = (what, within = document) => within.querySelector(what);
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const box = () => one("#question textarea");
  let wanted = null; // the card to bring to the front as soon as its evidence is there
  let former = ""; // the turn that stood last when a question was sent
  let followed = ""; // the question that was scrolled to last
  let finished = ""; // the one whose answer was scrolled to
  let moved = false; // whether somebody scrolled since

  // Tell the server: the listeners of a component in talk.py hear `name`.
  const send = (component, name, data = {}) =>
    one(`#${component} .html-container > *`)?.dispatchEvent(new CustomEvent("assistant", { detail: { name, data } }));

  // Whoever comes back to a conversation need not see the greeting first.
  document.documentElement.classList.toggle("returning", new URLSearchParams(location.search).has("talk"));

  // -- evidence

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
    all(".card", evidence).forEach((other) => open(other, other === found));
    all("mark", evidence).forEach((words) =>
      words.classList.toggle("now", found.contains(words) && words.dataset.marks.split(" ").includes(mark)));
    all("a.reference, a.near").forEach((link) =>
      link.classList.toggle("now", link.dataset.turn === String(turn) && link.dataset.card === String(card) && link.dataset.mark === mark));
    if (narrow()) (one("mark.now", found) ?? found).scrollIntoView({ block: "center" });
    else if (!inSight(found)) found.scrollIntoView({ block: "start" });
    if (take) found.focus({ preventScroll: true });
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

  // -- a question stands there as soon as it is sent; what the server makes of it takes its place

  const sent = (question) => {
    if (!question.trim() || one("#question .stop-button, #chip [data-do=keep]")) return; // it waits, or replaces the last
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
  const stands = () => one("#current .turn")?.outerHTML ?? "";

  // -- what buttons do

  const toBox = () => {
    one('#tabs [role="tab"]')?.click(); // the tab of the conversation is the first
    box()?.focus();
    setTimeout(() => box()?.focus()); // once it is seen, if another tab was open
  };
  const asked = (button) => ({ question: button.dataset.question, again: button.dataset.again === "true" });
  const deeds = {
    ask: (button) => { send("current", "submit", asked(button)); sent(button.dataset.question); },
    retry: (button) => send("current", "submit", asked(button)),
    edit: (button) => { send("current", "edit", asked(button)); box().focus(); },
    keep: () => send("chip", "clear"),
    about: (button) => { send("chip", "select", { paper: button.dataset.paper }); tab("Ask"); box().focus(); },
    leave: (button) => { send("chip", "delete", { paper: button.dataset.paper }); box().focus(); },
    new: () => { toBox(); send("current", "clear"); },
    add: () => tab("Add papers"),
    why: (button) => why(Number(button.dataset.turn)),
    open: (button) => { const card = button.closest(".card"); open(card, !card.classList.contains("front")); },
    back: (button) => one(`#thread [data-turn="${button.closest(".card").dataset.turn}"] .now`)?.focus(),
    copy: (button) => copy(button),
    thumb: (button) => rate(button, button.getAttribute("aria-pressed") === "true" ? null : button.dataset.good === "true"),
    commenting: (button) => commenting(button.closest(".opinion")),
    comment: (button) => rate(button, one(".thumb[aria-pressed=true]", button.closest(".opinion"))?.dataset.good === "true"),
    theme: () => dress(document.body.classList.contains("dark") ? "light" : "dark", true),
  };
  const tab = (name) => all("#tabs [role=tab]").find((one) => one.textContent.trim() === name)?.click();
  const copy = async (button) => {
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch { // no clipboard without https, except on this machine
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

  // -- opinions: what the server makes of a thumb takes the place of what is there

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
    say(pressed ? "Kept" : "Taken back");
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
    }
  });
  document.addEventListener("click", (event) => event.target.closest("#question .submit-button") && sent(box().value), true);

  for (const name of ["wheel", "touchmove"]) document.addEventListener(name, () => { moved = true; }, { passive: true });

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
    if (event.key === "Escape") one("#question .stop-button")?.click();
    else if (event.key === "Enter" && !event.shiftKey && event.target === box()) sent(box().value);
    else if (typing()) return;
    else if (event.key === "/" && !one("#search")?.checkVisibility()) { event.preventDefault(); toBox(); } // it has a box of its own
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

  // -- whoever is logged out meanwhile, here or in another tab, logs in again and finds the same conversation

  const plainly = window.fetch.bind(window);
  window.fetch = async (...asked) => {
    const told = await plainly(...asked).catch((lost) => { unsent(); throw lost; });
    if (!told.ok) unsent();
    if (told.status === 401) location.assign(`/login${location.search}`);
    return told;
  };

  // -- what follows the server

  const followTalk = () => {
    const name = one("#current [data-talk]")?.dataset.talk ?? "";
    const address = new URL(location.href);
    if ((address.searchParams.get("talk") ?? "") !== name) {
      if (name) address.searchParams.set("talk", name); else address.searchParams.delete("talk");
      history.replaceState(null, "", address);
    }
    const turn = one("#current .turn");
    if (one("#sent") && stands() !== former) unsent();
    const key = turn ? `${name} ${turn.dataset.turn} ${one(".question", turn).textContent}` : "";
    const done = turn && one(".tools", turn) ? key : "";
    // On a phone the evidence stands below: what was too short to be scrolled to is scrolled to once it is whole.
    if (key !== followed || (done && done !== finished && narrow() && !moved)) {
      [followed, finished, moved] = [key, done, false];
      if (turn) turn.scrollIntoView({ block: "start" });
    }
  };
  const followEvidence = () => {
    if (wanted && one(`#evidence .evidence[data-turn="${wanted.turn}"]`)) wanted.why ? why(wanted.turn) : bring(wanted);
  };
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
    const watch = (what, follow) => {
      new MutationObserver(follow).observe(one(what), { childList: true, subtree: true, attributes: true, attributeFilter: ["data-talk", "data-turn"], characterData: true });
      follow();
    };
    watch("#current", followTalk);
    watch("#evidence", followEvidence);
    watch("#opinion", followOpinion);
    if (!narrow()) box().focus();
  };
  const waiting = new MutationObserver(() => {
    if (!box() || !one("#evidence .html-container > *")) return;
    waiting.disconnect();
    begin();
  });
  waiting.observe(document.documentElement, { childList: true, subtree: true });
})();
