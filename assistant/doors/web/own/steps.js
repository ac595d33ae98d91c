// The address says what is open: the tab, the conversation, a paper, a card. The back button closes it step by step.
(() => {
  "use strict";
  const one = (what, within = document) => within.querySelector(what);
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const send = (component, name, data = {}) =>
    one(`#${component} .html-container > *`)?.dispatchEvent(new CustomEvent("assistant", { detail: { name, data } }));
  const PARTS = ["tab", "talk", "paper", "card"];
  const LATE = 3000; // milliseconds after which the page no longer tries to open what an address asks for
  let goal; // what the address asks for and is not open yet; undefined until the page is loaded
  let tried = {}; // the parts of it that were requested
  let waiting = 0;

  // -- what is open, and the address of it

  const known = () => one("#current [data-talk]") && tabs().length > 0;
  const tabs = () => all('#tabs [role="tab"]');
  const called = (tab) => tab.textContent.trim().toLowerCase().replaceAll(" ", "-");
  const open = () => {
    const chosen = tabs().findIndex((tab) => tab.getAttribute("aria-selected") === "true");
    const tab = chosen > 0 ? called(tabs()[chosen]) : ""; // the first tab has a plain address
    return {
      tab,
      talk: one("#current [data-talk]").dataset.talk,
      paper: tab === "papers" ? one("#paper [data-open]")?.dataset.open ?? "" : "",
      card: tab ? "" : one("#evidence .opened")?.id ?? "",
    };
  };
  const named = () => {
    const asks = new URLSearchParams(location.search);
    const card = /^#card-\d+-\d+$/.test(location.hash) ? location.hash.slice(1) : "";
    return { tab: asks.get("tab") ?? "", talk: asks.get("talk") ?? "", paper: asks.get("paper") ?? "", card };
  };
  const address = ({ tab, talk, paper, card }) => {
    const url = new URL(location.href);
    for (const [name, value] of Object.entries({ talk, tab, paper })) {
      if (value) url.searchParams.set(name, value); else url.searchParams.delete(name);
    }
    url.hash = card;
    return url.href;
  };
  const differing = (one, other) => PARTS.filter((part) => one[part] !== other[part]);

  // -- from the address to what is open

  const aim = (known) => {
    [goal, tried] = [named(), known];
    clearTimeout(waiting);
    waiting = setTimeout(settle, LATE);
    approach();
  };
  const approach = () => {
    const now = open();
    const away = differing(goal, now);
    if (!away.length) return settle();
    for (const part of away) {
      if (!tried[part] && reach[part](goal[part], now) !== false) tried[part] = true;
    }
  };
  // Each opens or closes one part; false: not possible yet.
  const reach = {
    tab: (tab) => tabs().find((one, place) => (place ? called(one) : "") === tab)?.click(),
    talk: (talk) => { if (talk) send("drawer", "select", { talk }); else send("current", "clear"); },
    paper: (paper) => {
      if (!paper) return one("#paper [data-do=shut]")?.click();
      return one("#search form") ? send("search", "select", { paper }) : false;
    },
    card: (card, now) => {
      if (!card) return one("#evidence .opened [data-do=back]")?.click();
      const link = goal.talk === now.talk && !now.tab && one(`#thread a[href="#${card}"]`);
      return link ? link.click() : false;
    },
  };
  const settle = () => {
    clearTimeout(waiting);
    goal = null;
    if (differing(named(), open()).length) history.replaceState(history.state, "", address(open()));
  };

  // -- from what is open to the address

  const note = () => {
    const [before, now] = [named(), open()];
    const changed = differing(before, now);
    if (!changed.length) return;
    const laid = changed.every((part) => (part === "paper" || part === "card") && before[part]); // replaced or closed
    if (laid && changed.every((part) => !now[part]) && history.state?.under === address(now)) {
      goal = now;
      history.back();
    } else if (laid) history.replaceState(history.state, "", address(now));
    else history.pushState({ under: location.href }, "", address(now));
  };

  const follow = () => {
    if (!known()) return;
    if (goal === undefined) aim({ talk: true }); // the page requested the conversation when it was opened
    else if (goal) approach();
    else note();
  };
  addEventListener("popstate", () => aim({}));
  for (const name of ["pointerdown", "keydown"]) {
    addEventListener(name, () => { // who clicks or types no longer wants it
      if (!known()) return;
      clearTimeout(waiting);
      goal = null;
    }, true);
  }
  history.scrollRestoration = "manual";
  const watch = { childList: true, subtree: true, attributes: true, attributeFilter: ["class", "aria-selected", "data-talk"] };
  new MutationObserver(() => queueMicrotask(follow)).observe(document.documentElement, watch);
})();
