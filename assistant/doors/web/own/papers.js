// The tab "Papers": typing and clicks, and what the map highlights: papers found, papers cited, the open paper.
(() => {
  "use strict";
  const one = (what, within = document) => within.querySelector(what);
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const send = (name, data) =>
    one("#search .html-container > *")?.dispatchEvent(new CustomEvent("assistant", { detail: { name, data } }));
  const NEAR = 24; // pixels between a click and the circle it selects: fingers are imprecise
  let waiting = 0, serial = 0;
  let asked = ""; // the paper to open

  const typed = () => Object.fromEntries(new FormData(one("#search form")));
  const look = (more = {}) => { clearTimeout(waiting); send("submit", { ...typed(), ...more, serial: ++serial }); };
  const open = (paper) => { asked = paper; send("select", { paper }); };

  document.addEventListener("input", (event) => {
    if (!event.target.closest("#search form") || event.target.name !== "words") return;
    clearTimeout(waiting);
    waiting = setTimeout(look, 180);
  });
  document.addEventListener("change", (event) => {
    if (event.target.closest("#search form") && event.target.name !== "words") look();
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.closest("#search form")) return;
    event.preventDefault();
    look();
  });

  document.addEventListener("click", (event) => {
    const paper = event.target.closest("#found [data-paper], #sources [data-paper]");
    const more = event.target.closest("[data-more]");
    const map = event.target.closest("#map svg");
    if (paper) open(paper.dataset.paper);
    else if (more) look({ shown: more.dataset.more });
    else if (map) nearest(map, event);
    else if (event.target.closest("[data-do=shut]")) shut();
    else removing(event.target.closest("#paper [data-do]"));
  });
  // -- collections
  const manage = (deed, name, paper = "") => send("edit", { ...typed(), deed, name, paper });
  const save = () => {
    const name = one("#found .saving input")?.value.trim();
    if (!name) return;
    clearTimeout(waiting);
    manage("save", name);
    one("#search [name=words]").value = ""; // the collection is listed next
  };
  document.addEventListener("click", (event) => {
    const { do: deed, name, paper } = event.target.closest("#found [data-do], #paper [data-do]")?.dataset ?? {};
    if (deed === "save") save();
    else if (deed === "drop" || deed === "take") manage(deed, name, paper);
  });
  document.addEventListener("change", (event) => {
    const put = event.target.closest("[data-put]");
    if (put?.value) manage("put", put.value, put.dataset.put);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing && event.target.closest("#found .saving")) save();
  });

  const removing = (button) => { // has to be confirmed
    const deed = button?.dataset.do;
    if (deed === "remove") send("delete", { ...typed(), paper: button.dataset.paper });
    if (deed !== "removing" && deed !== "spare") return;
    one("#paper .removing").hidden = deed === "spare";
    one("#paper [data-do=removing]").hidden = deed === "removing";
    one(deed === "spare" ? "#paper [data-do=removing]" : "#paper [data-do=spare]").focus();
  };
  const nearest = (map, event) => {
    const scale = map.getScreenCTM();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(scale.inverse());
    let best = null, least = NEAR / scale.a;
    for (const circle of all("circle", map)) {
      const far = Math.hypot(circle.cx.baseVal.value - at.x, circle.cy.baseVal.value - at.y);
      if (far < least) [best, least] = [circle, far];
    }
    if (best) open(best.dataset.paper);
  };
  const shut = () => {
    const before = one("#paper [data-open]")?.dataset.open;
    open("");
    one(`#found [data-paper="${before}"]`)?.focus();
  };

  document.addEventListener("keydown", (event) => {
    const words = one("#search [name=words]");
    if (!words?.offsetParent || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && one("#paper [data-open]")) shut();
    else if (event.key === "/" && !event.target.closest("input, select, textarea")) { event.preventDefault(); words.focus(); }
  });

  // -- the open paper and those the last answer cites are highlighted in the list and on the map

  const lit = (what, name, papers) => all(what).forEach((found) => found.classList.toggle(name, papers.has(found.dataset.paper)));
  const light = () => {
    const cited = new Set(all("#current a.reference").map((link) => link.dataset.paper));
    const opened = new Set(all("#paper [data-open]").map((paper) => paper.dataset.open));
    const found = new Set(one("#found [data-found]")?.dataset.found.split(" "));
    lit("#map circle", "cited", cited);
    lit("#map circle", "now", opened);
    lit("#found [data-paper]", "now", opened);
    const bright = found.size ? found : all("#map circle.cited").length ? cited : null;
    all("#map circle").forEach((circle) => circle.classList.toggle("dim", bright !== null && !bright.has(circle.dataset.paper)));
    const removed = one("#paper [data-removed]:not(.seen)");
    if (removed) { // the welcome counts one paper less
      removed.classList.add("seen");
      one("#current .html-container > *")?.dispatchEvent(new CustomEvent("assistant", { detail: { name: "tick", data: {} } }));
    }
    const paper = one("#paper [data-open]");
    if (paper && asked === paper.dataset.open) {
      asked = "";
      paper.focus({ preventScroll: true });
      paper.scrollIntoView({ block: "nearest" });
    }
  };
  const outdated = () => { // the response to an earlier request arrived last
    const shown = one("#found [data-serial]")?.dataset.serial;
    if (shown && Number(shown) < serial) { clearTimeout(waiting); waiting = setTimeout(look, 500); }
  };
  const watch = new MutationObserver(() => { watch.disconnect(); light(); outdated(); follow(); });
  const follow = () => {
    for (const what of ["#current", "#paper", "#found", "#map"]) {
      const found = one(what);
      if (found) watch.observe(found, { childList: true, subtree: true });
    }
  };
  const begin = new MutationObserver(() => { if (one("#map") && one("#current")) { begin.disconnect(); follow(); light(); } });
  begin.observe(document.documentElement, { childList: true, subtree: true });
})();
