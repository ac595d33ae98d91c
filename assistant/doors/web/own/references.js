// References: chosen in a list, fetched as a text, and copied or kept as a file.
(() => {
  "use strict";
  const one = (what, within = document) => within.querySelector(what);

  const address = (select, form) => {
    const place = select.dataset.references;
    if (place === "papers") return `/references/${form}/papers?${new URLSearchParams(new FormData(one("#search form")))}`;
    const talk = place === "answer" ? one("#current [data-talk]").dataset.talk : select.closest("[data-talk]").dataset.talk;
    const turn = place === "answer" ? select.closest("[data-turn]").dataset.turn : 0;
    return `/references/${form}/conversation/${encodeURIComponent(talk)}?turn=${turn}`;
  };
  const keep = (response, text) => {
    const [, name] = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "") ?? [];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = name ?? "references.txt";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const refer = async (select) => {
    const [form, result] = [select.value, one("output", select.parentElement)];
    if (!form) return;
    select.value = "";
    result.textContent = "One moment …";
    try {
      const response = await fetch(address(select, form));
      const text = await response.text();
      if (!response.ok) { result.textContent = text; return; }
      if (!text) { result.textContent = "No paper is cited."; return; }
      if (select.dataset.references !== "answer") keep(response, text);
      else document.dispatchEvent(new CustomEvent("assistant-copy", { detail: { text, from: select } }));
      result.textContent = "✓";
      setTimeout(() => { result.textContent = ""; }, 1500);
    } catch {
      result.textContent = "The server cannot be reached.";
    }
  };
  document.addEventListener("change", (event) => { if (event.target.matches("[data-references]")) refer(event.target); });
})();
