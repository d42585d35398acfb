// The table of runs: sorted by a click or a key, downloaded as CSV; what a mark of a chart says of its run.
(function () {
  "use strict";
  const shown = (cell) => cell.textContent;
  const value = (cell) => (cell.dataset.v === undefined ? shown(cell) : cell.dataset.v);

  function sortable(table) {
    const heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach((head, k) => {
      head.querySelector("button").addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((h) => h.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const keyed = Array.from(table.tBodies[0].rows, (row) => {
          const text = value(row.cells[k]);
          return { row, text, number: text === "" ? NaN : Number(text) };
        });
        keyed.sort((a, b) => {
          if (a.text === "" || b.text === "") return (a.text === "") - (b.text === "");
          const byNumber = a.number - b.number;
          const order = Number.isNaN(byNumber) ? a.text.localeCompare(b.text) : byNumber;
          return down ? -order : order;
        });
        table.tBodies[0].append(...keyed.map((one) => one.row));
      });
    });
  }

  function download(table, name) {
    const quoted = (s) => (/[",\r\n]/.test(s) ? `"${s.replace(/"/g, '""')}"` : s);
    // A cell that a spreadsheet would run as a formula is kept as text.
    const plain = (text) => quoted(/^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text);
    const safe = (cell) => (cell.dataset.v === undefined ? plain(value(cell)) : quoted(value(cell)));
    const names = Array.from(table.tHead.rows[0].cells, (head) => plain(head.dataset.name));
    const body = Array.from(table.tBodies[0].rows, (row) => Array.from(row.cells, safe).join(","));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([[names.join(","), ...body].join("\r\n") + "\r\n"], { type: "text/csv" }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  for (const table of document.querySelectorAll("table.values")) {
    sortable(table);
    const button = document.querySelector(`button[data-of="${table.id}"]`);
    if (button) button.addEventListener("click", () => download(table, `${table.id}.csv`));
  }

  const runs = document.getElementById("runs");
  if (runs) {
    const rows = Array.from(runs.tBodies[0].rows), heads = Array.from(runs.tHead.rows[0].cells);
    const label = (head) => (head.dataset.unit ? [head.dataset.name, head.dataset.unit] : [head.dataset.name, ""]);
    const clipped = (s) => (s.length > 60 ? `${s.slice(0, 59)}…` : s);
    window.isoflopRuns = (k) => {
      if (!rows[k]) return null;
      return Array.from(rows[k].cells, (cell, i) => {
        const [name, unit] = label(heads[i]);
        if (i === 0) return clipped(shown(cell));
        // A unit of several words stands with the name.
        return / /.test(unit) ? `${clipped(name)} (${unit}): ${shown(cell)}` : `${clipped(name)}: ${clipped(shown(cell))}${unit ? ` ${unit}` : ""}`;
      }).filter((line) => !/: ?$/.test(line));
    };
  }

  // What is folded is printed as well.
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = Array.from(document.querySelectorAll("details:not([open])"));
    folded.forEach((one) => (one.open = true));
  });
  window.addEventListener("afterprint", () => folded.forEach((one) => (one.open = false)));

  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      copy(button.parentElement.querySelector("code"), (outcome) => {
        if (outcome !== "copied") return;
        button.textContent = "Copied";
        setTimeout(() => (button.textContent = "Copy"), 1500);
      });
    });
  }

  /** Copies the text of an element and says "copied"; where a page may not, selects it for the reader and says "selected". */
  function copy(element, say) {
    const select = () => {
      const range = document.createRange();
      range.selectNodeContents(element);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      say(document.execCommand("copy") ? "copied" : "selected");
    };
    if (navigator.clipboard && window.isSecureContext)
      navigator.clipboard.writeText(element.textContent).then(() => say("copied"), select);
    else select();
  }
  window.isoflopCopy = copy;
})();
