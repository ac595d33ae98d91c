// The tab "Check a draft": files into the box, the draft to the server, its report beside it, lines to the draft.
(() => {
  "use strict";
  const one = (what) => document.querySelector(what);
  let bibliography = "", running = null;

  const take = async (files) => {
    for (const file of files) {
      const text = await file.text();
      if (/\.bib$/i.test(file.name)) {
        bibliography = text;
        one("#draft-bib").textContent = `Keys are looked up in ${file.name}`;
      } else {
        one("#draft").value = text;
      }
    }
    one("#draft-files").value = "";
  };

  const check = async () => {
    running?.abort();
    const own = running = new AbortController();
    const show = (markup) => { if (own === running) one("#report-on-draft").innerHTML = markup; };
    const fail = (words) => { show('<p class="failed"></p>'); if (own === running) one("#report-on-draft .failed").textContent = words; };
    show('<p class="quiet stage">Reading the draft …</p>');
    if (matchMedia("(max-width: 860px)").matches) one("#verdicts").scrollIntoView();
    try {
      const body = JSON.stringify({ draft: one("#draft").value, bibliography });
      const response = await fetch("/draft", { method: "POST", body, signal: own.signal });
      if (!response.ok) return fail(await response.text());
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        const lines = (rest + part.value).split("\n"); // each is a newer state of the report
        rest = lines.pop();
        if (lines.length) show(JSON.parse(lines.at(-1)));
      }
    } catch (error) {
      if (error.name !== "AbortError") fail("The server could not be reached. Try again.");
    }
  };

  const goTo = (line) => {
    const box = one("#draft"), lines = box.value.split("\n");
    const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    box.focus();
    box.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
    box.scrollTop = (box.scrollHeight / lines.length) * Math.max(0, line - 4);
  };

  document.addEventListener("submit", (event) => {
    if (!event.target.closest(".draft")) return;
    event.preventDefault();
    if (one("#draft").value.trim()) check();
    else one("#draft").focus();
  });
  document.addEventListener("change", (event) => { if (event.target.id === "draft-files") take([...event.target.files]); });
  document.addEventListener("click", (event) => {
    const line = event.target.closest("[data-line]");
    if (line) goTo(Number(line.dataset.line));
  });
  for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      if (!event.target.closest?.("#drafts") || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      one("#draft").classList.toggle("over", name === "dragenter" || name === "dragover");
      if (name === "drop") take([...event.dataTransfer.files]);
    });
  }
})();
