(function () {
  "use strict";
  var table = document.getElementById("frame");
  if (!table) return;
  var heads = Array.from(table.tHead.rows[0].cells);
  var text = function (row, k) { return row.cells[k].textContent; };
  heads.forEach(function (head, k) {
    head.firstChild.addEventListener("click", function () {
      var down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(function (h) { h.setAttribute("aria-sort", "none"); });
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      var rows = Array.from(table.tBodies[0].rows);
      rows.sort(function (a, b) {
        var x = text(a, k), y = text(b, k), n = Number(x) - Number(y);
        var order = x === "" ? (y === "" ? 0 : 1) : y === "" ? -1 : isNaN(n) ? x.localeCompare(y) : n;
        return down ? -order : order;
      });
      rows.forEach(function (row) { table.tBodies[0].appendChild(row); });
    });
  });
  document.getElementById("download").addEventListener("click", function () {
    var quoted = function (s) { return /[",\r\n]/.test(s) ? '"' + s.replace(/"/g, '""') + '"' : s; };
    var lines = Array.from(table.rows).map(function (row) {
      return Array.from(row.cells).map(function (c) { return quoted(c.textContent); }).join(",");
    });
    var link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
    link.download = "isoflop.csv";
    link.click();
    URL.revokeObjectURL(link.href);
  });
})();
