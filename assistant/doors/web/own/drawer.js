// The list of conversations: shown and hidden; conversations opened, renamed and deleted.
(() => {
  "use strict";
  const one = (what, within = document) => within.querySelector(what);
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const STORE = "assistant-drawer";
  let shown = 0; // how many are listed
  let listed = ""; // the turn for which the list was requested last
  let focus = null; // sets the focus once the list is back
  let words = ""; // what conversations are searched for
  let typed = 0; // waits for the end of typing

  const send = (name, data = {}) =>
    one("#drawer .html-container > *")?.dispatchEvent(new CustomEvent("assistant", { detail: { name, data } }));
  const here = () => ({ minutes: -new Date().getTimezoneOffset(), shown, words });
  const list = () => send("apply", here());
  const beside = () => matchMedia("(min-width: 1100px)").matches; // else it covers the conversation
  const drawn = () => Boolean(one("#desk.drawn"));
  const current = () => one("#current [data-talk]")?.dataset.talk ?? "";
  const switches = () => one("[data-do=drawer]");

  const draw = (open) => {
    one("#desk").classList.toggle("drawn", open);
    switches()?.setAttribute("aria-expanded", String(open));
    if (beside()) localStorage.setItem(STORE, open ? "open" : "");
    if (open) list();
  };
  const mark = () => {
    for (const item of all("#drawer li")) {
      const title = one(".title", item);
      if (item.dataset.talk === current()) title.setAttribute("aria-current", "true");
      else title.removeAttribute("aria-current");
    }
  };

  // One of three parts at a time is unfolded: the options, the title's input, the question whether to delete.
  const face = (item, name) => {
    for (const other of all("#drawer li")) {
      for (const part of all(".deeds, .naming, .erasing", other)) part.hidden = !(other === item && part.classList.contains(name));
      one("[data-do=more]", other).setAttribute("aria-expanded", String(other === item && Boolean(name)));
    }
  };
  const fold = (item) => { face(null, ""); one("[data-do=more]", item)?.focus(); };

  const deeds = {
    talk: (item) => {
      send("select", { talk: item.dataset.talk });
      if (!beside()) draw(false);
      one("#question textarea")?.focus();
    },
    more: (item) => face(item, one("[data-do=more]", item).getAttribute("aria-expanded") === "true" ? "" : "deeds"),
    naming: (item) => {
      face(item, "naming");
      const input = one(".naming input", item);
      input.value = one(".title", item).textContent;
      input.select();
    },
    erasing: (item) => { face(item, "erasing"); one("[data-do=spare]", item).focus(); },
    spare: fold,
    erase: (item) => {
      const [talk, place] = [item.dataset.talk, all("#drawer li").indexOf(item)];
      focus = () => (all("#drawer .title")[place] ?? all("#drawer .title").pop() ?? switches())?.focus();
      face(null, "");
      if (talk === current()) one("[data-do=new]").click();
      send("delete", { talk, ...here() });
    },
  };
  const rename = (item) => {
    const talk = item.dataset.talk;
    face(null, "");
    focus = () => one(`#drawer li[data-talk="${talk}"] .title`)?.focus();
    send("edit", { talk, title: one(".naming input", item).value, ...here() });
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    const item = event.target.closest("#drawer li");
    if (button?.dataset.do === "drawer") {
      const away = !one("#desk")?.checkVisibility();
      if (away) one('#tabs [role="tab"]').click();
      draw(away || !drawn());
    } else if (button?.dataset.do === "earlier") {
      shown = Number(button.dataset.shown);
      list();
    } else if (item && button && button.dataset.do in deeds) {
      deeds[button.dataset.do](item);
    } else if (drawn() && !beside() && !event.target.closest("#drawer")) {
      draw(false);
    }
  });
  document.addEventListener("input", (event) => {
    if (!event.target.matches("#drawer [type=search]")) return;
    words = event.target.value;
    clearTimeout(typed);
    typed = setTimeout(list, 250);
  });
  const search = (was) => { // what was typed meanwhile stays, and so does the focus
    const input = one("#drawer [type=search]");
    if (!input) return;
    if (input.value !== words) input.value = words;
    if (was) input.focus();
    if (was) input.setSelectionRange(words.length, words.length);
  };
  let within = false; // whether the search has the focus
  document.addEventListener("focusin", (event) => { within = event.target.matches("#drawer [type=search]"); });
  document.addEventListener("pointerdown", (event) => { within &&= event.target.matches("#drawer [type=search]"); });

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || !drawn()) return;
    const item = event.target.closest("#drawer li");
    const busy = item && !one(".deeds", item).hidden || one("#drawer :is(.naming, .erasing):not([hidden])")?.contains(event.target);
    if (event.key === "Enter" && event.target.closest("#drawer .naming")) rename(item);
    else if (event.key === "Escape" && busy) fold(item);
    else if (event.key === "Escape" && !beside()) { draw(false); switches().focus(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  const follow = () => {
    mark();
    const turn = one("#current .turn:has(.opinion)");
    const now = turn ? `${current()} ${turn.dataset.turn} ${one(".question", turn).textContent}` : "";
    if (now !== listed && drawn()) list();
    listed = now;
  };
  const begin = () => {
    new MutationObserver(follow).observe(one("#current"), { childList: true, subtree: true });
    new MutationObserver(() => {
      if (!one("#drawer nav")) return; // between the old list and the new one
      mark();
      if (one("#drawer [type=search]") !== document.activeElement) search(within);
      if (focus) focus();
      focus = null;
    }).observe(one("#drawer"), { childList: true, subtree: true });
    if (beside() && localStorage.getItem(STORE)) draw(true);
  };
  const waiting = new MutationObserver(() => {
    if (!one("#drawer .html-container > *") || !one("#current .html-container > *") || !switches()) return;
    waiting.disconnect();
    begin();
  });
  waiting.observe(document.documentElement, { childList: true, subtree: true });
})();
