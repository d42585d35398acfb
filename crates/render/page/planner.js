// The controls of a planner: sliders and text boxes in, answers out. The page holds the plan as data beside the form.
(function (root) {
  "use strict";

  // Work on draws in one frame, in milliseconds: the answer itself comes first, intervals may follow in later frames.
  const SLICE = 6;
  // Silence before a screen reader is told the new answer.
  const QUIET = 500;

  // ---- numbers as people write them (isoflop_base::format, isoflop_base::quantity)

  function rounded(x, digits) {
    const [mantissa, exponent] = Math.abs(x).toExponential(digits - 1).split("e");
    const significant = mantissa.replace(".", "").replace(/0+$/, "");
    return { sign: x < 0 ? "-" : "", digits: significant, exponent: Number(exponent) };
  }

  function unbounded(x) {
    return x === 0 ? "0" : Number.isNaN(x) ? "not a number" : x > 0 ? "∞" : "-∞";
  }

  function scientific({ sign, digits, exponent }) {
    return `${sign}${digits[0]}${digits.length > 1 ? "." + digits.slice(1) : ""}e${exponent}`;
  }

  function shifted({ sign, digits, exponent }, from) {
    const whole = exponent - from + 1;
    if (whole <= 0) return `${sign}0.${"0".repeat(-whole)}${digits}`;
    if (whole >= digits.length) return sign + digits + "0".repeat(whole - digits.length);
    return `${sign}${digits.slice(0, whole)}.${digits.slice(whole)}`;
  }

  /// 70B, 1.4T, 5.76e23
  function si(x, digits) {
    if (x === 0 || !Number.isFinite(x)) return unbounded(x);
    const number = rounded(x, digits);
    if (number.exponent >= 15 || number.exponent < -4) return scientific(number);
    const [from, letter] = [[12, "T"], [9, "B"], [6, "M"], [3, "k"]].find(([p]) => number.exponent >= p) ?? [0, ""];
    return shifted(number, from) + letter;
  }

  /// A number with significant digits at most.
  function plain(x, digits) {
    if (x === 0 || !Number.isFinite(x)) return unbounded(x);
    const number = rounded(x, digits);
    const hidden = Math.abs(x) < 1e-3 || Math.abs(x) >= 1e6;
    return hidden ? scientific(number) : shifted(number, 0);
  }

  function quantity(x, unit) {
    const text = unit === "FLOP" && Math.abs(x) >= 1e6 ? scientific(rounded(x, 3)) : si(x, 3);
    return unit === "USD" ? `$${text}` : `${text} ${unit}`.trim();
  }

  // A narrow interval shows more digits.
  function sized({ value, interval }) {
    if (!interval || !wide(interval)) return [si(value, 3), ""];
    const width = (interval[1] - interval[0]) / Math.abs(value);
    const digits = width >= 0.2 ? 2 : width >= 0.02 ? 3 : width >= 0.002 ? 4 : 6;
    return [si(value, Math.max(digits, 3)), `[${si(interval[0], digits)}, ${si(interval[1], digits)}]`];
  }

  const wide = ([low, high]) => high - low > 1e-9 * Math.max(Math.abs(high), Math.abs(low));

  // A negative number that rounds to zero is not shown as -0.00.
  const fixed = (x, places) => x.toFixed(places).replace(/^-(0(\.0*)?)$/, "$1");

  // Decimals by the width of the interval.
  function numbered({ value, interval }) {
    if (!interval || !wide(interval)) return [plain(value, 5), ""];
    const spread = (interval[1] - interval[0]) / 4;
    if (!Number.isFinite(spread)) return [plain(value, 5), `[${plain(interval[0], 4)}, ${plain(interval[1], 4)}]`];
    const coarse = clamp(1 - Math.floor(Math.log10(spread)), 0, 12);
    const fine = clamp(Math.max(coarse, 3 - Math.floor(Math.log10(Math.abs(value)))), 0, 12);
    return [fixed(value, fine), `[${fixed(interval[0], coarse)}, ${fixed(interval[1], coarse)}]`];
  }

  const percent = (x) => `${plain(100 * x, 3)} %`;
  const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

  const LETTERS = { k: 3, thousand: 3, m: 6, mn: 6, million: 6, b: 9, bn: 9, g: 9, billion: 9, t: 12, tn: 12, trillion: 12 };
  const PREFIXES = { "": 0, k: 3, m: 6, g: 9, t: 12, p: 15, e: 18, z: 21, y: 24 };

  /// The number that a text says in a unit; null when it says none above zero.
  function parse(text, unit) {
    const found = /^[~≈]?\s*(\d[\d,_]*\.?\d*|\.\d+)(?:e([+-]?\d+))?\s*(.*)$/i.exec(text.trim());
    if (!found) return null;
    const [, digits, exponent, word] = found;
    if (digits.includes(",") && !/^\d{1,3}(,\d{3})+(\.\d*)?$/.test(digits)) return null;
    let rest = word.trim().toLowerCase(), power = Number(exponent ?? 0), factor = 1;
    const letter = /^([a-z]+)\b\s*(.*)$/.exec(rest);
    if (letter && letter[1] in LETTERS) {
      power += LETTERS[letter[1]];
      rest = letter[2];
    }
    const names = { FLOP: /^flops?$/, tokens: /^(token|tok)s?$/, params: /^param(eter)?s?$/ };
    if (rest !== "" && !names[unit].test(rest)) {
      const flop = unit === "FLOP" && /^(k|m|g|t|p|e|z|y)?(flops?|f)(?:(?:\/s)?[- ]?(days?))?$/.exec(rest);
      if (!flop || (flop[2] === "f" && !flop[3])) return null;
      power += PREFIXES[flop[1] ?? ""];
      if (flop[3]) factor = 86400;
    }
    const value = Number(`${digits.replace(/[,_]/g, "")}e${power}`) * factor;
    return value > 0 && Number.isFinite(value) ? value : null;
  }

  /// A number that reads back as itself.
  function exact(x) {
    const short = x.toExponential().replace("e+", "e"), whole = String(x);
    return /e/.test(whole) || whole.length > 12 || (/0000$/.test(whole) && short.length < whole.length) ? short : whole;
  }

  /// What a text box shows: a short way to write the number if that loses nothing.
  function written(x, unit) {
    const short = unit === "FLOP" ? (Math.abs(x) >= 1e6 ? scientific(rounded(x, 12)) : exact(x)) : si(x, 12);
    return parse(short, unit) === x ? short : exact(x);
  }

  const quoted = (word) => (/^[\w./:=,+@%-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`);
  const filled = (template, values) => template.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

  // ---- the form

  class Planner {
    constructor(section) {
      this.section = section;
      this.form = section.querySelector("form");
      const { plan, words, about, first } = JSON.parse(section.querySelector("script[type='application/json']").textContent);
      Object.assign(this, { plan, words, about, first });
      this.cheapest = this.form.querySelector("[data-group=plain] h4").textContent;
      this.controls = {};
      for (const control of this.form.querySelectorAll("[data-control]")) this.bind(control);
      this.choice = this.form.querySelector("[data-law]");
      if (this.choice) this.choice.addEventListener("change", () => this.ask());
      this.form.addEventListener("submit", (event) => event.preventDefault());
      section.querySelector("[data-copy]").addEventListener("click", () => this.copy());
      this.settle();
      this.form.hidden = false;
      this.ask();
    }

    get law() {
      return this.plan.laws[this.choice ? Number(this.choice.value) : 0];
    }

    bind(element) {
      const own = {
        name: element.dataset.control,
        unit: element.dataset.unit,
        slider: element.querySelector("[type=range]"),
        text: element.querySelector("[type=text]"),
        mode: element.querySelector("select"),
        fault: element.querySelector(".fault"),
        value: null,
      };
      this.controls[own.name] = own;
      own.slider.addEventListener("input", () => this.set(own, Number((10 ** Number(own.slider.value)).toPrecision(3)), own.slider));
      own.slider.addEventListener("keydown", (event) => {
        // A page is one order of magnitude; arrows are the step of the slider.
        const by = { PageUp: 1, PageDown: -1 }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        this.set(own, Number((own.value * 10 ** by).toPrecision(12)), null);
      });
      own.text.addEventListener("input", () => {
        const value = parse(own.text.value, own.unit);
        if (value !== null) this.set(own, value, own.text);
      });
      own.text.addEventListener("change", () => {
        const value = parse(own.text.value, own.unit);
        own.fault.hidden = value !== null;
        own.text.setAttribute("aria-invalid", String(value === null));
        if (value !== null) this.set(own, value, null);
      });
      if (own.mode) own.mode.addEventListener("change", () => this.set(own, own.value, own.text));
    }

    // A value of a control; the box it was typed into keeps its text.
    set(own, value, from) {
      own.value = value;
      if (from !== own.text) {
        own.text.value = written(value, own.unit);
        // 5.2521467904e23 cut to the width of the box read 5.2521467904e2.
        own.text.style.width = `${Math.max(8.5, 0.62 * own.text.value.length + 1.5)}rem`;
        own.fault.hidden = true;
        own.text.setAttribute("aria-invalid", "false");
      }
      if (from !== own.slider) own.slider.value = String(Math.log10(value));
      own.slider.setAttribute("aria-valuetext", quantity(value, own.unit));
      const off = own.mode !== null && own.mode.value === "off";
      own.slider.disabled = own.text.disabled = off;
      this.ask();
    }

    // Where every control starts; those that are off start at numbers of the size of the first plan.
    settle() {
      const { start } = this.plan;
      const request = { compute: start.compute, serve: null, unique: null, params: null, max_params: null };
      const first = root.isoflopPlan.start(this.plan, this.law, request).row();
      const near = (x) => Number(x.toPrecision(1));
      const [params, tokens] = first ? [first.params.value, first.tokens.value] : [1e9, 1e11];
      const values = {
        compute: start.compute,
        serve: start.serve ?? near(tokens),
        unique: start.unique ?? near(tokens / 4),
        size: start.params ?? start.max_params ?? near(params / 2),
      };
      const modes = {
        serve: start.serve === null ? "off" : "on",
        unique: start.unique === null ? "off" : "on",
        size: start.params !== null ? "params" : start.max_params !== null ? "max_params" : "off",
      };
      for (const own of Object.values(this.controls)) {
        if (own.mode) own.mode.value = modes[own.name];
        this.set(own, values[own.name], null);
      }
    }

    request() {
      const { compute, serve, unique, size } = this.controls;
      const on = (own) => (own && own.mode.value !== "off" ? own.value : null);
      const sized = (mode) => (size.mode.value === mode ? size.value : null);
      return { compute: compute.value, serve: on(serve), unique: on(unique), params: sized("params"), max_params: sized("max_params") };
    }

    // Answers come with the next frame, however many events ask for them.
    ask() {
      this.section.dataset.state = "busy";
      if (this.frame) cancelAnimationFrame(this.frame);
      this.frame = requestAnimationFrame(() => this.answer());
    }

    answer() {
      const began = performance.now();
      const request = this.request();
      this.job = root.isoflopPlan.start(this.plan, this.law, request);
      const done = this.job.advance(began + SLICE);
      this.show(request, this.job.row(), done);
      this.section.dataset.frame = (performance.now() - began).toFixed(2);
      if (!done) this.frame = requestAnimationFrame(() => this.more(request));
    }

    more(request) {
      const done = this.job.advance(performance.now() + SLICE);
      if (done) this.show(request, this.job.row(), true);
      else this.frame = requestAnimationFrame(() => this.more(request));
    }

    show(request, row, done) {
      const set = (name, text) => this.form.querySelectorAll(`[data-show="${name}"]`).forEach((e) => (e.textContent = text));
      const { law } = this;
      set("about", this.about[this.plan.laws.indexOf(law)]);
      this.section.querySelector("[data-command]").textContent = this.command(request);
      this.form.classList.toggle("unanswered", row === null);
      this.group("plain", row, row, done);
      this.group("serving", row && row.serving, row, done);
      const plain = this.form.querySelector("[data-group=plain]");
      plain.hidden = !row;
      plain.querySelector("h4").textContent = this.best(request);
      this.form.querySelector("[data-group=serving]").hidden = !(row && row.serving);
      this.tell(row ? this.sentence(row) : this.refusal(request));
      this.note(row);
      if (row) this.draw(row, law, this.best(request).toLowerCase());
      if (done) this.section.dataset.state = "settled";
    }

    group(name, own, row, done) {
      const group = this.form.querySelector(`[data-group=${name}]`);
      const { law } = this;
      for (const output of group.querySelectorAll("output")) {
        const key = output.dataset.quantity;
        const e = own && own[key];
        const card = output.parentElement;
        card.hidden = !e;
        if (!e) {
          for (const value of ["value", "lower", "upper"]) delete output.dataset[value];
          continue;
        }
        const unit = { loss: law.unit, lifetime: own.unit, saved: "" }[key] ?? output.dataset.unit;
        const [value, interval] = key === "saved" ? [percent(e.value), e.interval ? `[${e.interval.map(percent).join(", ")}]` : ""]
          : key === "loss" ? numbered(e) : sized(e);
        output.dataset.value = String(e.value);
        if (e.interval) [output.dataset.lower, output.dataset.upper] = e.interval.map(String);
        else if (done) for (const end of ["lower", "upper"]) delete output.dataset[end];
        output.querySelector(".value").textContent = unit === "USD" ? `$${value}` : value;
        output.querySelector(".unit").textContent = unit === "USD" ? "" : unit;
        // Intervals of the answer before stay, faint, until those of this one are there.
        if (done) output.querySelector(".interval").textContent = interval;
        output.classList.toggle("waiting", !done);
        const axis = { params: "N", tokens: "D", tokens_per_param: "D/N", loss: "C" }[key];
        const orders = axis && own.beyond[axis];
        output.dataset.beyond = orders === undefined ? "" : String(orders);
        output.querySelector(".beyond").textContent = this.distance(orders, key === "loss" ? "compute" : "");
      }
    }

    distance(orders, of) {
      if (orders === undefined) return "";
      const what = of ? `${of} ` : "";
      if (Math.abs(orders) < 0.05) return `${what}${orders === 0 ? "inside" : "at the edge of"} the runs`;
      return `${what}${Math.abs(orders).toFixed(1)} orders of magnitude ${orders > 0 ? "above" : "below"} the runs`;
    }

    held(row) {
      if (row.held.length === 0) return "";
      const price = row.price_of_limits;
      const template = price === null ? this.words.held : this.words.held_costs;
      return filled(template, { held: row.held.join(", "), price: price === null ? "" : `${plain(price, 5)} ${this.law.unit}`.trim() });
    }

    // What the answer is the best of.
    best(request) {
      return request.params === null ? this.cheapest : "At this size";
    }

    sentence(row) {
      const model = filled(this.words.model, {
        params: si(row.params.value, 3),
        tokens: si(row.tokens.value, 3),
        ratio: plain(row.tokens_per_param.value, 3),
      });
      return filled(row.loss ? this.words.best_with_loss : this.words.best, {
        compute: quantity(row.compute, "FLOP"),
        model: model + this.held(row),
        loss: row.loss ? plain(row.loss.value, 5) : "",
      });
    }

    refusal(request) {
      const asked = filled(this.words.asked, { compute: quantity(request.compute, "FLOP") });
      return filled(`${this.plan.words[this.job.why] ?? ""}.`, { asked, least: quantity(this.job.least, "FLOP") });
    }

    note(row) {
      const list = this.section.querySelector("[data-notes]");
      list.replaceChildren(...(row ? row.notes : []).map((code) => {
        const item = document.createElement("li");
        item.dataset.code = code;
        item.textContent = filled(this.plan.words[code], { law: this.law.name, epochs: row.epochs ? row.epochs.value.toFixed(1) : "" }) + ".";
        return item;
      }));
      list.hidden = list.childElementCount === 0;
    }

    // The sentence is seen at once and spoken after the slider has come to rest.
    tell(sentence) {
      this.section.querySelector(".sentence").textContent = sentence;
      clearTimeout(this.spoken);
      const voice = this.section.querySelector("[aria-live]");
      this.spoken = setTimeout(() => (voice.textContent = sentence), QUIET);
    }

    draw(row, law, name) {
      const hook = root.isoflopCharts && root.isoflopCharts.planner;
      const place = this.section.querySelector(".planner-chart");
      if (!hook || !row.loss) {
        place.hidden = true;
        return;
      }
      place.hidden = false;
      const { serving } = row;
      hook(place, {
        budget: row.compute,
        unit: law.unit,
        curve: this.job.curve(81, 1.5),
        optimum: { params: row.params.value, tokens: row.tokens.value, loss: row.loss.value, name },
        serving: serving && { params: serving.params.value, tokens: serving.tokens.value },
        runs: law.ranges.find(([name]) => name === "N")?.slice(1) ?? null,
      });
    }

    command(request) {
      const words = this.law.command.map(quoted);
      const options = { compute: "--compute", serve: "--serve", unique: "--unique", params: "--params", max_params: "--max-params" };
      for (const [key, option] of Object.entries(options)) if (request[key] !== null) words.push(option, exact(request[key]));
      return (this.first === null ? "" : `${this.first} && `) + words.join(" ");
    }

    copy() {
      const said = this.section.querySelector("[data-copied]");
      const code = this.section.querySelector("[data-command]");
      const say = (text) => {
        said.textContent = text;
        setTimeout(() => (said.textContent = ""), 2000);
      };
      window.isoflopCopy(code, say);
    }
  }

  const begin = () => document.querySelectorAll("section.planner").forEach((section) => new Planner(section));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})(window);
