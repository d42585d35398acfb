// Draws the plots of the page with Observable Plot. Ranges, ticks and series come ready from the document; the static
// figure inside <noscript> is the same plot and stays when a chart cannot be drawn.
(function () {
  "use strict";
  const Plot = isoflopVendor;
  const SHAPES = ["circle", "triangle", "square", "diamond2", "triangle2", "cross"];
  const DASHES = [null, "8 3", "2 3", "8 3 2 3"];
  const SVG = "http://www.w3.org/2000/svg";

  const colour = (s) => (s.colour === "ink" ? "var(--ink)" : typeof s.colour === "string" ? `var(--${s.colour})` : `var(--c${s.colour})`);
  const kind = (s) => (typeof s.colour === "number" ? s.colour : 0);
  const shape = (s) => SHAPES[kind(s) % SHAPES.length];
  const dash = (s) => (s.look === "open" ? "6 4" : DASHES[kind(s) % DASHES.length]);
  const isNumber = (v) => v !== null && v !== undefined && Number.isFinite(v);

  /** A number to four digits, as the tables of the page write it. */
  function short(v) {
    if (!isNumber(v)) return "none";
    if (v === 0) return "0";
    const size = Math.abs(v);
    for (const [unit, word] of [[1e12, "T"], [1e9, "B"], [1e6, "M"]])
      if (size >= unit && size < unit * 1e3) return `${Number((v / unit).toPrecision(4))}${word}`;
    if (size >= 1e5 && size < 999950) return `${Number((v / 1e3).toPrecision(4))}k`;
    return size >= 1e6 || size < 1e-3 ? v.toExponential(3).replace("+", "").replace(/\.?0+e/, "e") : String(Number(v.toPrecision(4)));
  }

  /** Ticks that fit: those of the wide axis where there is room, else the few, else every second of them. */
  function ticksFor(axis, room) {
    const labelled = (all) => all.filter((t) => t[1] !== "");
    const needs = (all) => labelled(all).reduce((sum, t) => sum + t[1].length * 7 + 14, 0);
    let all = needs(axis.ticks) <= room ? axis.ticks : axis.few;
    while (needs(all) > room && labelled(all).length > 2) {
      let k = 0;
      all = all.map((t) => (t[1] === "" || k++ % 2 === 0 ? t : [t[0], ""]));
    }
    return all;
  }

  const points = (s) =>
    s.x.map((x, i) => ({ x, y: s.y[i], low: s.low && s.low[i], high: s.high && s.high[i], run: s.run && s.run[i], series: s, i }));

  /** What a mark says of itself: the run with all its columns where it is one, else its place. */
  function words(p, panel) {
    const lines = [];
    const run = p.run === undefined ? null : window.isoflopRuns && window.isoflopRuns(p.run);
    if (run) lines.push(...run);
    else {
      if (p.series.label) lines.push(p.series.label);
      lines.push(`${panel.x.label}: ${short(p.x)}`, `${panel.y.label}: ${short(p.y)}`);
    }
    if (isNumber(p.low) && isNumber(p.high)) lines.push(`interval: ${short(p.low)} to ${short(p.high)}`);
    return lines.join("\n");
  }

  // `many` is of the whole panel: the size of a dot says nothing of the length of its series.
  function seriesMarks(s, many) {
    const all = points(s), stroke = colour(s), marks = [];
    if (s.mark !== "dots" && s.low)
      marks.push(Plot.areaY(all, { x: "x", y1: "low", y2: "high", fill: stroke, fillOpacity: 0.16, clip: true }));
    if (s.mark === "line")
      marks.push(Plot.line(all, { x: "x", y: "y", stroke, strokeWidth: s.look === "faint" ? 1.2 : 1.8, strokeOpacity: s.look === "faint" ? 0.55 : 1,
        strokeDasharray: dash(s), clip: true }));
    if (s.mark === "dots") {
      if (s.low) marks.push(Plot.ruleX(all, { x: "x", y1: "low", y2: "high", stroke, strokeOpacity: all.length > 40 ? 0.3 : 0.6, clip: true }));
      marks.push(Plot.dot(all, { x: "x", y: "y", r: many ? 2.4 : 3.4, symbol: shape(s),
        fill: s.look === "open" ? "var(--paper)" : stroke, fillOpacity: s.look === "faint" ? 0.3 : 0.78,
        stroke: s.look === "open" ? stroke : "var(--paper)", strokeWidth: s.look === "open" ? 1.4 : many ? 0.3 : 0.6, clip: true }));
    }
    return marks;
  }

  /** Names at the ends of lines and on them. */
  function nameMarks(panel, width, height) {
    const inside = (p) => isNumber(p.x) && isNumber(p.y) && p.y >= panel.y.domain[0] && p.y <= panel.y.domain[1];
    const at = (v) => (panel.y.type === "log" ? Math.log(v) : v);
    const [low, high] = panel.y.domain.map(at);
    const ends = [], on = [];
    const wide = (v) => (panel.x.type === "log" ? Math.log(v) : v), [first, last] = panel.x.domain.map(wide);
    const spot = (p) => [(width * (wide(p.x) - first)) / (last - first), height * (1 - (at(p.y) - low) / (high - low))];
    const taken = panel.series.filter((s) => s.mark === "dots").flatMap((s) => points(s).filter(inside).map(spot));
    // A name on a line keeps clear of dots: the dot of a run between two digits made 2.3 read 2:3.
    const clearPlace = (all) => {
      const middle = all.length / 2, edge = Math.floor(all.length / 20);
      const merit = (p, k) => {
        const [x, y] = spot(p);
        const nearest = taken.reduce((least, [a, b]) => Math.min(least, Math.hypot(a - x, b - y)), 26);
        return nearest - (4 * Math.abs(k - middle)) / Math.max(middle, 1);
      };
      const inner = all.slice(edge, all.length - edge).map((p, k) => [merit(p, k + edge), p]);
      return inner.reduce((best, next) => (next[0] > best[0] ? next : best))[1];
    };
    for (const s of panel.series) {
      const all = points(s).filter(inside);
      if (!all.length) continue;
      if (s.naming === "end") ends.push({ ...all[all.length - 1], label: s.label });
      if (s.naming === "on") {
        const place = clearPlace(all);
        taken.push(spot(place));
        on.push({ ...place, label: s.label });
      }
    }
    const across = (v) => (panel.x.type === "log" ? Math.log(v) : v), [left, right] = panel.x.domain.map(across);
    const placed = [], marks = [];
    ends.sort((a, b) => b.y - a.y);
    for (const e of ends) {
      const y = height * (1 - (at(e.y) - low) / (high - low)), x = (width * (across(e.x) - left)) / (right - left);
      const box = { x, y, reach: e.label.length * 6.4 + 8 };
      // A name that would touch another goes below it.
      for (const other of placed)
        if (Math.abs(other.y - box.y) < 13 && x < other.x + other.reach && other.x < x + box.reach) box.y = other.y + 13;
      placed.push(box);
      marks.push(Plot.text([e], { x: "x", y: "y", text: "label", dx: 6, dy: box.y - y, textAnchor: "start", fill: colour(e.series), fontSize: 11,
        stroke: "var(--paper)", strokeWidth: 3 }));
    }
    for (const e of on)
      marks.push(Plot.text([e], { x: "x", y: "y", text: "label", fill: colour(e.series), stroke: "var(--paper)", strokeWidth: 4, fontSize: 11 }));
    return marks;
  }

  function guideMarks(panel) {
    const how = { stroke: "var(--soft)", strokeDasharray: "5 4" };
    if (panel.guide === "zero") return [Plot.ruleY([0], how)];
    if (panel.guide === "diagonal") {
      const [a, b] = [Math.max(panel.x.domain[0], panel.y.domain[0]), Math.min(panel.x.domain[1], panel.y.domain[1])];
      return [Plot.line([[a, a], [b, b]], how)];
    }
    return [];
  }

  function drawPanel(panel, width, tallest, narrow) {
    const ends = panel.series.filter((s) => s.naming === "end").map((s) => s.label.length);
    const height = Math.round(Math.max(170, Math.min(tallest * panel.height, width * 1.05)));
    const margin = { top: 30, bottom: 44, right: ends.length ? 12 + 6.3 * Math.min(18, Math.max(...ends)) : 14 };
    const yticks = ticksFor(panel.y, 1e9).filter((t, i, all) => all.length < 60 || t[1] !== "");
    const few = height < 200 ? panel.y.few : yticks;
    margin.left = 16 + 6.6 * Math.max(2, ...few.map((t) => t[1].length));
    const xticks = ticksFor(panel.x, width - margin.left - margin.right);
    const axis = (mark, grid, ticks, more) => [
      grid(ticks.filter((t) => t[1] !== "").map((t) => t[0]), { stroke: "var(--grid)", strokeOpacity: 1 }),
      mark(ticks.map((t) => t[0]), { text: ticks.map((t) => t[1]), tickSize: 4, label: null, ...more }),
    ];
    const dots = panel.series.flatMap((s) => (s.mark === "band" ? [] : points(s).filter((p) => isNumber(p.x) && isNumber(p.y))));
    // A box beside the mark needs room; without it the mark is ringed and told below.
    const tip = narrow
      ? Plot.dot(dots, Plot.pointer({ x: "x", y: "y", r: 6, stroke: "var(--ink)", strokeWidth: 2, fill: "none", maxRadius: 36 }))
      : Plot.tip(dots, Plot.pointer({ x: "x", y: "y", title: (p) => words(p, panel), maxRadius: 36, fill: "var(--paper)", stroke: "var(--soft)",
          fontSize: 12, lineHeight: 1.3, pathFilter: "none", textPadding: 9, preferredAnchor: "bottom-left" }));
    const many = panel.series.reduce((sum, s) => sum + (s.mark === "dots" ? s.x.length : 0), 0) > 150;
    const chart = Plot.plot({
      width, height: height + margin.top + margin.bottom, marginTop: margin.top, marginBottom: margin.bottom, marginLeft: margin.left, marginRight: margin.right,
      style: { background: "transparent", color: "var(--ink)", fontSize: "12px", fontFamily: "inherit", overflow: "visible" },
      x: { type: panel.x.type, domain: panel.x.domain, label: null }, y: { type: panel.y.type, domain: panel.y.domain, label: null },
      marks: [
        ...axis(Plot.axisX, Plot.gridX, xticks), ...axis(Plot.axisY, Plot.gridY, few),
        Plot.text([panel.x.label], { frameAnchor: "bottom", dy: 38, fontWeight: 600, lineWidth: width / 12, textOverflow: "ellipsis" }),
        Plot.text([panel.y.label], { frameAnchor: "top-left", dx: 4 - margin.left, dy: -20, fontWeight: 600, textAnchor: "start" }),
        ...guideMarks(panel), ...panel.series.flatMap((s) => seriesMarks(s, many)), ...nameMarks(panel, width - margin.left - margin.right, height), tip,
      ],
    });
    return { chart, dots };
  }

  /** Arrow keys walk along the dots of a chart, or along its lines where it has none; what is there is shown and said. */
  function byKeyboard(svg, dots, panel, said) {
    const runs = dots.filter((p) => p.series.mark === "dots"), order = runs.length ? runs : dots;
    order.sort((a, b) => a.x - b.x || a.y - b.y);
    let at = -1;
    svg.setAttribute("tabindex", "0");
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10 }[event.key];
      if (event.key === "Escape") {
        svg.dispatchEvent(new PointerEvent("pointerleave", { pointerType: "mouse" }));
        return;
      }
      if (!step || !order.length) return;
      event.preventDefault();
      at = at < 0 ? (step > 0 ? 0 : order.length - 1) : Math.max(0, Math.min(order.length - 1, at + step));
      const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width;
      const place = (name, v) => svg.isoflopScale(name).apply(v) * scale;
      svg.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, pointerType: "mouse",
        clientX: box.left + place("x", order[at].x), clientY: box.top + place("y", order[at].y) }));
      said.textContent = words(order[at], panel).replace(/\n/g, ", ");
    });
  }

  function sample(s) {
    const svg = document.createElementNS(SVG, "svg");
    for (const [k, v] of Object.entries({ width: 22, height: 12, viewBox: "0 0 22 12", "aria-hidden": "true" })) svg.setAttribute(k, v);
    const mark = Plot.plot({ width: 22, height: 12, margin: 0, axis: null, x: { domain: [0, 1] }, y: { domain: [0, 1] }, style: { overflow: "visible" },
      marks: s.mark === "dots"
        ? [Plot.dot([[0.5, 0.5]], { symbol: shape(s), r: 4, fill: s.look === "open" ? "var(--paper)" : colour(s), stroke: colour(s) })]
        : s.mark === "line"
          ? [Plot.line([[0, 0.5], [1, 0.5]], { stroke: colour(s), strokeWidth: 2, strokeDasharray: dash(s) })]
          : [Plot.areaY([0, 1], { x: (d) => d, y1: 0.1, y2: 0.9, fill: colour(s), fillOpacity: 0.25 })] });
    svg.append(...mark.childNodes);
    return svg;
  }

  function legend(data) {
    const known = new Map();
    for (const s of data.panels.flatMap((p) => p.series)) {
      if (s.naming !== "legend" || !s.label) continue;
      const have = known.get(s.label);
      if (!have || (have.mark !== "dots" && s.mark === "dots")) known.set(s.label, s);
    }
    if (!known.size) return null;
    const list = document.createElement("ul");
    list.className = "legend";
    if (data.legend) {
      const head = document.createElement("li");
      head.className = "of";
      head.textContent = data.legend;
      list.append(head);
    }
    for (const [label, s] of known) {
      const item = document.createElement("li"), name = document.createElement("bdi");
      name.textContent = label;
      item.append(sample(s), name);
      list.append(item);
    }
    return list;
  }

  /** Draws a plot into an element, as wide as it is. */
  function draw(element, data, name) {
    const columns = Math.max(1, Math.min(data.columns, Math.floor(element.clientWidth / 270)));
    const width = Math.floor((element.clientWidth - (columns - 1) * 20) / columns);
    const tallest = columns > 1 ? 200 : 155, narrow = element.clientWidth < 480;
    const shown = document.createDocumentFragment(), key = legend(data);
    if (key) shown.append(key);
    const grid = document.createElement("div"), said = document.createElement("p");
    grid.className = "panels";
    grid.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    said.className = "said";
    said.setAttribute("aria-live", "polite");
    data.panels.forEach((panel) => {
      const { chart, dots } = drawPanel(panel, width, tallest, narrow);
      chart.isoflopScale = chart.scale;
      chart.setAttribute("role", "img");
      chart.setAttribute("aria-label", `${name}: ${panel.y.label} over ${panel.x.label}. Arrow keys walk along the marks.`);
      byKeyboard(chart, dots, panel, said);
      grid.append(chart);
      if (narrow) {
        const told = document.createElement("p");
        told.className = "told";
        chart.addEventListener("input", () => (told.textContent = chart.value ? words(chart.value, panel) : ""));
        grid.append(told);
      }
    });
    shown.append(grid, said);
    element.replaceChildren(shown);
    element.dataset.drawn = String(element.clientWidth);
  }

  /** Loss against size at the budget of a planner, with its optimum; drawn once a frame however often it is asked for. */
  function planner(element, data) {
    element.isoflopNext = data;
    if (element.isoflopWaits) return;
    element.isoflopWaits = true;
    requestAnimationFrame(() => {
      element.isoflopWaits = false;
      const { curve, optimum, serving, runs, unit } = element.isoflopNext, width = Math.floor(element.clientWidth);
      if (width < 40 || curve.length < 2) return;
      const most = optimum.loss + 0.6 * (Math.max(...curve.map((p) => p.loss)) - optimum.loss);
      const seen = curve.filter((p) => p.loss <= most);
      const marks = [{ ...optimum, symbol: "triangle", colour: "var(--c1)" }];
      // It has the same loss, for which it trains longer than this budget: below the curve.
      if (serving) marks.push({ params: serving.params, loss: optimum.loss, name: "cheapest over its life", symbol: "square", colour: "var(--c2)" });
      const sizes = [seen[0], seen[seen.length - 1], ...marks].map((p) => p.params);
      const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
      const across = (p) => Math.log(p.params / low) / Math.log(high / low), near = (p) => (across(p) < 0.15 ? "start" : across(p) > 0.85 ? "end" : "middle");
      const inside = runs && [Math.max(low, runs[0]), Math.min(high, runs[1])];
      const height = 190;
      element.replaceChildren(Plot.plot({
        width, height, marginLeft: 48, marginTop: 28, marginBottom: 40, marginRight: 16, insetBottom: serving ? 22 : 6,
        style: { background: "transparent", color: "var(--ink)", fontSize: "12px", fontFamily: "inherit", overflow: "visible" },
        x: { type: "log", domain: [low, high], label: null }, y: { nice: true, label: null, ticks: 4, zero: false },
        marks: [
          inside && inside[0] < inside[1] ? Plot.areaY([inside[0], inside[1]], { x: (d) => d, y1: most, y2: optimum.loss, fill: "var(--soft)", fillOpacity: 0.1 }) : null,
          Plot.gridY({ stroke: "var(--grid)", strokeOpacity: 1 }),
          Plot.axisX(decades(low, high), { text: decades(low, high).map(short), tickSize: 4, label: null }),
          Plot.axisY({ ticks: 4, tickSize: 4, label: null }),
          Plot.line(seen, { x: "params", y: "loss", stroke: "var(--c0)", strokeWidth: 1.8 }),
          Plot.dot(marks, { x: "params", y: "loss", r: 5, symbol: (d) => d.symbol, fill: (d) => d.colour, stroke: "var(--paper)" }),
          ...marks.map((mark, k) => Plot.text([mark], { x: "params", y: "loss", text: "name", dy: k ? 10 : -10, lineAnchor: k ? "top" : "bottom", textAnchor: near(mark), fill: "var(--ink)", stroke: "var(--paper)", strokeWidth: 3, fontSize: 11 })),
          Plot.text([`loss at this budget${unit ? `, ${unit}` : ""}`], { frameAnchor: "top-left", dx: -44, dy: -20, fontWeight: 600, textAnchor: "start" }),
          Plot.text([inside && inside[0] < inside[1] ? "params (shaded: sizes of the runs)" : "params"], { frameAnchor: "bottom", dy: 36, fontWeight: 600 }),
        ],
      }));
      const svg = element.querySelector("svg");
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", `Loss against size at this budget; smallest at ${short(optimum.params)} params`);
    });
  }

  /** Powers of ten, or 1, 2 and 5 of each where those are few. */
  function decades(low, high) {
    const out = [];
    const steps = Math.log10(high / low) < 2 ? [1, 2, 5] : [1];
    for (let k = Math.floor(Math.log10(low)); k <= Math.log10(high); k++) for (const s of steps) out.push(s * 10 ** k);
    return out.filter((v) => v >= low && v <= high);
  }

  /** The static figure in place of a chart that cannot be drawn. */
  function fallBack(element, html, error) {
    console.error(error);
    element.innerHTML = html;
  }

  function start() {
    const open = Array.from(document.querySelectorAll(".chart"), (element) => ({
      element, name: element.dataset.name, still: element.querySelector("noscript").textContent,
      data: JSON.parse(document.getElementById(element.id + "-data").textContent),
    }));
    const show = (one) => {
      if (one.element.clientWidth < 40 || one.element.dataset.drawn === String(one.element.clientWidth)) return;
      try {
        draw(one.element, one.data, one.name);
      } catch (error) {
        fallBack(one.element, one.still, error);
      }
    };
    // One chart a task, so that the page answers while its charts are drawn.
    const next = (k) => {
      if (k >= open.length) {
        document.documentElement.dataset.charts = "drawn";
        return;
      }
      show(open[k]);
      setTimeout(next, 0, k + 1);
    };
    next(0);
    let wait = 0;
    new ResizeObserver(() => {
      clearTimeout(wait);
      wait = setTimeout(() => open.forEach(show), 120);
    }).observe(document.getElementById("content"));
    document.addEventListener("toggle", () => open.forEach(show), true);
    const onPaper = () => open.forEach(show);
    window.addEventListener("beforeprint", onPaper);
    window.addEventListener("afterprint", onPaper);
  }

  window.isoflopCharts = Object.assign(window.isoflopCharts || {}, { draw, short, planner });
  start();
})();
