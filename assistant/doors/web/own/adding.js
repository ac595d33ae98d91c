// Uploads files that are dropped or chosen in the tab "Add papers" one by one, then has the server add them.
(() => {
  "use strict";
  const one = (what) => document.querySelector(what);
  const send = (component, name, data) =>
    one(`#${component} .html-container > *`)?.dispatchEvent(new CustomEvent("assistant", { detail: { name, data } }));
  const say = (words) => { one("#uploading").textContent = words; };
  let arriving = false; // files are being uploaded
  let known = null; // the last summary

  const upload = async (files) => {
    if (!files.length || one("#files").disabled) return;
    arriving = true;
    const form = one("#batch form.manner"); // how to read files that were not recognised before
    const manner = form ? Object.fromEntries(new FormData(form)) : {};
    follow();
    const batch = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("");
    const lost = [];
    const accepted = files.slice(0, Number(one("#files").dataset.most) + 1); // the server refuses one too many and says why
    for (const [place, file] of accepted.entries()) {
      say(`Uploading ${place + 1} of ${accepted.length}: ${file.name}`);
      try {
        const address = `/upload?${new URLSearchParams({ batch, name: file.name })}`;
        await fetch(address, { method: "PUT", body: file }); // refusals are shown at the end
      } catch { // a folder, a deleted file, or a server that closed the connection
        lost.push(file.name);
      }
    }
    say("");
    one("#files").value = "";
    arriving = false;
    send("batch", "submit", { batch, lost, ...manner });
  };

  document.addEventListener("change", (event) => { if (event.target.id === "files") upload([...event.target.files]); });
  for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      if (!event.target.closest?.("#adding") || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      const drop = one(".drop");
      drop.classList.toggle("over", (name === "dragenter" || name === "dragover") && !one("#files").disabled);
      if (name === "drop") upload([...event.dataTransfer.files]);
    });
  }

  // One batch at a time; when papers were added, the welcome is updated.
  const follow = () => {
    const files = one("#files");
    if (!files) return;
    files.disabled = arriving || one("#batch .intake:not([data-over])") !== null;
    const over = one("#batch [data-over]");
    if (!over || over === known) return;
    known = over;
    if (one("#current .welcome")) send("current", "tick", {});
  };
  const begin = new MutationObserver(() => {
    if (!one("#batch")) return;
    begin.disconnect();
    new MutationObserver(follow).observe(one("#batch"), { childList: true, subtree: true });
  });
  begin.observe(document.documentElement, { childList: true, subtree: true });
})();
