// Files dropped or chosen in the tab "Add papers" go to the server one by one; then it is told that all are there.
(() => {
  "use strict";
  const one = (what) => document.querySelector(what);
  const send = (component, name, data) =>
    one(`#${component} .html-container > *`)?.dispatchEvent(new CustomEvent("assistant", { detail: { name, data } }));
  const say = (words) => { one("#uploading").textContent = words; };
  let arriving = false; // files are on their way
  let told = null; // the summary that was seen last

  const upload = async (files) => {
    if (!files.length || one("#files").disabled) return;
    arriving = true;
    follow();
    const batch = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("");
    const lost = [];
    const some = files.slice(0, Number(one("#files").dataset.most) + 1); // one too many is refused, and told why
    for (const [place, file] of some.entries()) {
      say(`Sending ${place + 1} of ${some.length}: ${file.name}`);
      try {
        const address = `/upload?${new URLSearchParams({ batch, name: file.name })}`;
        await fetch(address, { method: "PUT", body: file }); // a refusal is told with the rest
      } catch { // a folder, a file that is gone, or a server that did not wait for its end
        lost.push(file.name);
      }
    }
    say("");
    one("#files").value = "";
    arriving = false;
    send("batch", "submit", { batch, lost });
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

  // One batch at a time; when papers came in, a conversation that was not begun yet is told how many there are now.
  const follow = () => {
    const files = one("#files");
    if (!files) return;
    files.disabled = arriving || one("#batch .intake:not([data-over])") !== null;
    const over = one("#batch [data-over]");
    if (!over || over === told) return;
    told = over;
    if (one("#current .welcome")) send("current", "tick", {});
  };
  const begin = new MutationObserver(() => {
    if (!one("#batch")) return;
    begin.disconnect();
    new MutationObserver(follow).observe(one("#batch"), { childList: true, subtree: true });
  });
  begin.observe(document.documentElement, { childList: true, subtree: true });
})();
