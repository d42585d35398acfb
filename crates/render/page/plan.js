// The optimum of a law under a budget, with traffic, unique data and limits of size: the text of isoflop_plan
// (closed.rs, solver.rs, problem.rs, spread.rs, limits.rs), so that the page and `isoflop plan` give one answer.
(function (root) {
  "use strict";

  const { walk, terms, jets, NUMBERS, POWERS, setConstant } = root.isoflopLaw;

  const NO_LIMIT = 64; // e^64 is 6e27: beyond any model and any text
  const AT_LIMIT = 1e-9;
  const SCAN = 96;
  const MOST_STEPS = 200;
  const CLOSED = 1e-13;

  // Why a curve has no point at some size.
  const ABOVE = "above", BELOW = "below", NO_VALUE = "no-value";
  const TOO_SMALL = ABOVE;

  // ---- solver.rs: the least of an objective on the curve level(x, y) = 0

  const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

  /// The y at which the curve passes x; a side where there is none.
  function follow(problem, x, y, guess) {
    const sign = problem.rising ? 1 : -1;
    let [low, high] = y;
    let sureLow = false, sureHigh = false;
    let here = clamp(guess, low, high);
    for (let step = 0; step < MOST_STEPS; step++) {
      const level = problem.level(x, here);
      const value = sign * level[0], slope = sign * level[2];
      if (Number.isNaN(value)) return NO_VALUE;
      if (value === 0) return here;
      if (value < 0) { low = here; sureLow = true; } else { high = here; sureHigh = true; }
      if (high - low <= CLOSED * Math.max(Math.abs(here), 1)) break;
      let next = here + (slope > 0 ? -value / slope : NaN);
      if (!(low < next && next < high)) {
        // Once the other end is known to lie beyond, the bracket is halved; before, it is looked at.
        if (value < 0 ? sureHigh : sureLow) next = 0.5 * (low + high);
        else next = value < 0 ? high : low;
      }
      if (Math.abs(next - here) <= 1e-15 * Math.max(Math.abs(here), 1)) return next;
      here = next;
    }
    if (sureLow && sureHigh) return 0.5 * (low + high);
    return sureLow ? ABOVE : BELOW;
  }

  /// The objective along the curve at x: place, value, slope and curvature; a side where there is none.
  function along(problem, x, y, guess) {
    const place = follow(problem, x, y, guess);
    if (typeof place === "string") return place;
    const g = problem.level(x, place), f = problem.objective(x, place);
    const t = -g[1] / g[2];
    const by = (j) => j[3] + 2 * j[4] * t + j[5] * t * t;
    const out = { y: place, value: f[0], slope: f[1] + f[2] * t, curve: by(f) - (f[2] / g[2]) * by(g) };
    return Number.isNaN(out.value) || Number.isNaN(out.slope) ? NO_VALUE : out;
  }

  function anywhere(problem, region) {
    const [a, b] = region.x;
    const step = (b - a) / SCAN;
    let best = null;
    const missing = [];
    let guess = 0.5 * (region.y[0] + region.y[1]);
    for (let k = 0; k <= SCAN; k++) {
      const x = a + step * k;
      const here = along(problem, x, region.y, guess);
      if (typeof here === "string") missing.push([x, here]);
      else {
        guess = here.y;
        if (best === null || here.value < best.value) best = { value: here.value, x, y: here.y };
      }
    }
    if (best) return near(problem, region, [Math.max(best.x - step, a), Math.min(best.x + step, b)], best);
    // The curve may pass between two points of the scan.
    const small = missing.map(([, side]) => side === TOO_SMALL).lastIndexOf(true);
    if (small >= 0 && small + 1 < missing.length && missing[small][0] < missing[small + 1][0]) {
      const bracket = [missing[small][0], missing[small + 1][0]];
      return near(problem, region, bracket, { x: 0.5 * (bracket[0] + bracket[1]), y: guess });
    }
    return missing.length ? missing[missing.length - 1][1] : NO_VALUE;
  }

  function near(problem, region, bracket, start) {
    let [low, high] = bracket;
    const here = { x: clamp(start.x, low, high), y: start.y };
    let found = null, side = NO_VALUE;
    for (let count = 0; count < MOST_STEPS; count++) {
      const at = along(problem, here.x, region.y, here.y);
      let next;
      if (typeof at === "string") {
        side = at;
        if (at === TOO_SMALL) low = here.x; else high = here.x;
        next = NaN;
      } else {
        here.y = at.y;
        found = { x: here.x, y: here.y };
        if (at.slope === 0) return found;
        if (at.slope < 0) low = here.x; else high = here.x;
        const newton = at.curve > 0 ? -at.slope / at.curve : -Math.sign(at.slope);
        next = here.x + clamp(newton, -2, 2);
      }
      const scale = Math.max(Math.abs(here.x), 1);
      if (high - low <= CLOSED * scale) break;
      if (!(low < next && next < high)) {
        if (next >= high && high === bracket[1]) next = high;
        else if (next <= low && low === bracket[0]) next = low;
        else next = 0.5 * (low + high);
      }
      if (Math.abs(next - here.x) <= 1e-14 * scale) break;
      here.x = next;
    }
    return found ?? side;
  }

  // ---- closed.rs: L = e + a N^p + b D^q on C = k N^r D^s

  function twoPowers(law, convention) {
    if (!law || !convention || convention.length !== 1) return null;
    const [k, r, s] = convention[0];
    let floor = 0, size = null, data = null;
    for (const [factor, x, y] of law) {
      if (x === 0 && y === 0) floor += factor;
      else if (y === 0 && !size) size = [factor, x];
      else if (x === 0 && !data) data = [factor, y];
      else return null;
    }
    if (!size || !data) return null;
    const [a, p] = size, [b, q] = data;
    return a > 0 && p < 0 && b > 0 && q < 0 && k > 0 && r > 0 && s > 0 ? { floor, a, p, b, q, k, r, s } : null;
  }

  function closedBudget({ a, p, b, q, k, r, s }, lnC) {
    const spent = lnC - Math.log(k);
    const x = (Math.log((r * q * b) / (s * p * a)) + (spent * q) / s) / (p + (q * r) / s);
    return { x, y: (spent - r * x) / s };
  }

  // ---- problem.rs: a law and a convention, with the ends of size and data

  const evaluated = new WeakMap();

  // What does not depend on sliders, kept with the law.
  function compiled(law) {
    if (!evaluated.has(law)) {
      const moved = (roles) => roles.map((role) => role === "params" || role === "tokens" || role === "flops");
      evaluated.set(law, {
        law: jets(law.surface, moved(law.roles)),
        convention: jets(law.convention.surface, moved(law.convention.roles)),
        cost: new Float64Array(6),
        total: new Float64Array(6),
        // What the jets hold, and forms by coefficients; both depend on the unique tokens as well.
        theta: null,
        unique: null,
        forms: new Map(),
      });
    }
    return evaluated.get(law);
  }

  // The inputs of a surface by what each is; `number` turns a held number into the kind at hand.
  function inputsOf(roles, known, number) {
    return roles.map((role) => (role in known ? known[role] : number(Number(role))));
  }

  class Setting {
    constructor(law, region, unique) {
      this.law = law;
      this.region = region;
      this.unique = unique ?? Infinity;
      this.own = compiled(law);
      if (this.own.unique !== this.unique) {
        this.own.unique = this.unique;
        this.own.theta = null;
        this.own.forms.clear();
        this.fill(this.own.convention.inputs, law.convention.roles, 0, 0, null);
        this.own.convention.hold([]);
      }
      this.power = this.conventionTerms();
      this.hasForm = this.power !== null && this.closed(law.best) !== null;
    }

    flops(params, tokens) {
      const { convention } = this.law;
      const known = { params, tokens, flops: NaN, unique_tokens: this.unique };
      const counted = walk(convention.surface, [], inputsOf(convention.roles, known, (x) => x), NUMBERS);
      return convention.per_token === null ? counted : counted * tokens * convention.per_token;
    }

    conventionForm() {
      const { convention } = this.law;
      const number = POWERS.constant;
      const known = { params: POWERS.first, tokens: POWERS.second, flops: number(NaN), unique_tokens: number(this.unique) };
      const counted = walk(convention.surface, [], inputsOf(convention.roles, known, number), POWERS);
      if (convention.per_token === null) return counted;
      return POWERS["*"](POWERS["*"](counted, POWERS.second), number(convention.per_token));
    }

    conventionTerms() {
      const form = this.conventionForm();
      return form && !form.ln && form.terms.length === 1 && form.terms[0][0] > 0 ? form.terms : null;
    }

    /// ln C with its derivatives.
    lnFlops(x, y) {
      const out = this.own.cost;
      if (this.power) {
        const [factor, r, s] = this.power[0];
        setConstant(out, 0, Math.log(factor) + r * x + s * y);
        out[1] = r;
        out[2] = s;
        return out;
      }
      const c = this.flopsJet(x, y);
      const v = c[0], fx = c[1], fy = c[2];
      out[0] = Math.log(v);
      out[1] = fx / v;
      out[2] = fy / v;
      out[3] = c[3] / v - (fx * fx) / (v * v);
      out[4] = c[4] / v - (fx * fy) / (v * v);
      out[5] = c[5] / v - (fy * fy) / (v * v);
      return out;
    }

    flopsJet(x, y) {
      const { convention } = this.law, own = this.own.convention;
      this.fill(own.inputs, convention.roles, x, y, null);
      own.at();
      const c = own.out;
      if (convention.per_token === null) return c;
      // times tokens = e^y: the product rule
      const d = Math.exp(y) * convention.per_token;
      const [v, fx, fy, fxx, fxy, fyy] = c;
      c[0] = v * d;
      c[1] = fx * d;
      c[2] = (fy + v) * d;
      c[3] = fxx * d;
      c[4] = (fxy + fx) * d;
      c[5] = (fyy + 2 * fy + v) * d;
      return c;
    }

    fill(into, roles, x, y, flops) {
      for (let k = 0; k < roles.length; k++) {
        const o = 6 * k, role = roles[k];
        if (role === "params") {
          const v = Math.exp(x);
          setConstant(into, o, v);
          into[o + 1] = into[o + 3] = v;
        } else if (role === "tokens") {
          const v = Math.exp(y);
          setConstant(into, o, v);
          into[o + 2] = into[o + 5] = v;
        } else if (role === "flops") {
          if (flops) for (let i = 0; i < 6; i++) into[o + i] = flops[i];
          else setConstant(into, o, NaN);
        } else setConstant(into, o, role === "unique_tokens" ? this.unique : Number(role));
      }
    }

    /// The response with its derivatives.
    jet(theta, x, y) {
      const { roles } = this.law, own = this.own.law;
      this.fill(own.inputs, roles, x, y, roles.includes("flops") ? this.flopsJet(x, y) : null);
      if (this.own.theta !== theta) {
        own.hold(theta);
        this.own.theta = theta;
      }
      own.at();
      return own.out;
    }

    /// The response at ln N = x, ln D = y.
    loss(theta, x, y) {
      const params = Math.exp(x), tokens = Math.exp(y);
      const { roles, surface } = this.law;
      const flops = roles.includes("flops") ? this.flops(params, tokens) : NaN;
      const known = { params, tokens, flops, unique_tokens: this.unique };
      return walk(surface, theta, inputsOf(roles, known, (v) => v), NUMBERS);
    }

    lnC(x, y) {
      return Math.log(this.flops(Math.exp(x), Math.exp(y)));
    }

    closed(theta) {
      if (!this.power || this.hasForm === false) return null;
      const { forms } = this.own;
      if (!forms.has(theta)) forms.set(theta, this.form(theta));
      return forms.get(theta);
    }

    form(theta) {
      const { roles, surface } = this.law, number = POWERS.constant;
      const flops = roles.includes("flops") ? this.conventionForm() : null;
      const known = { params: POWERS.first, tokens: POWERS.second, flops, unique_tokens: number(this.unique) };
      return twoPowers(terms(surface, theta, inputsOf(roles, known, number)), this.power);
    }

    best(theta, { x, y }) {
      return { x, y, loss: this.loss(theta, x, y), lnC: this.lnC(x, y), closed: false };
    }

    inside({ x, y }) {
      const { x: [a, b], y: [c, d] } = this.region;
      return a <= x && x <= b && c <= y && y <= d;
    }

    solve(problem, from) {
      if (!from) return anywhere(problem, this.region);
      // A draw may have its optimum where the start has no point of the curve at all.
      const found = near(problem, this.region, this.region.x, from);
      return typeof found === "string" ? anywhere(problem, this.region) : found;
    }

    /// The least loss for a budget; null with `why` set where there is none.
    budget(theta, lnC, from) {
      const { x, y } = this.region;
      if (this.law.answers !== "loss") return this.allocation(theta, lnC);
      if (y[0] === y[1]) return this.givenTokens(theta, lnC);
      const closed = this.closed(theta);
      const at = closed && closedBudget(closed, lnC);
      if (at && this.inside(at)) return { ...this.best(theta, at), lnC, closed: true };
      const problem = {
        rising: true,
        objective: (u, v) => this.jet(theta, u, v),
        level: (u, v) => {
          const c = this.lnFlops(u, v);
          c[0] -= lnC;
          return c;
        },
      };
      const found = this.solve(problem, from);
      if (typeof found !== "string") return this.best(theta, found);
      // More money than the limits let one spend.
      if (found === ABOVE) return this.best(theta, { x: x[1], y: y[1] });
      this.why = found === BELOW ? "too_little" : "no_value";
      return null;
    }

    /// The least compute for a loss with `served` tokens paid for as well.
    target(theta, loss, served, from) {
      const floor = this.loss(theta, this.region.x[1], this.region.y[1]);
      if (Number.isNaN(floor)) return null;
      const closed = this.closed(theta);
      if (closed && floor >= loss) return null;
      if (this.region.y[0] === this.region.y[1]) {
        const x = this.smallestSize(theta, loss);
        return Number.isNaN(x) ? null : this.best(theta, { x, y: this.region.y[0] });
      }
      const { total } = this.own;
      const problem = {
        rising: false,
        level: (u, v) => {
          const l = this.jet(theta, u, v);
          l[0] -= loss;
          return l;
        },
        // ln(C + 2 N T), from ln C with its derivatives
        objective: (u, v) => {
          const c = this.lnFlops(u, v);
          if (served === 0) return c;
          const training = Math.exp(c[0]), serving = 2 * served * Math.exp(u);
          const all = training + serving, w = training / all, share = serving / all;
          const gx = w * c[1] + share, gy = w * c[2];
          total[0] = Math.log(all);
          total[1] = gx;
          total[2] = gy;
          total[3] = w * (c[3] + c[1] * c[1]) + share - gx * gx;
          total[4] = w * (c[4] + c[1] * c[2]) - gx * gy;
          total[5] = w * (c[5] + c[2] * c[2]) - gy * gy;
          return total;
        },
      };
      const found = this.solve(problem, from);
      if (typeof found !== "string") return this.best(theta, found);
      // Even the smallest model on the least data is better than that.
      if (found === BELOW) return this.best(theta, { x: this.region.x[0], y: this.region.y[0] });
      return null;
    }

    smallestSize(theta, loss) {
      let [low, high] = this.region.x;
      const gap = (x) => this.loss(theta, x, this.region.y[1]) - loss;
      if (gap(low) <= 0) return low;
      if (!(gap(high) < 0)) return NaN;
      while (high - low > 1e-12 * Math.max(Math.abs(high), 1)) {
        const middle = 0.5 * (low + high);
        if (gap(middle) > 0) low = middle; else high = middle;
      }
      return high;
    }

    givenTokens(theta, lnC) {
      const y = this.region.y[0], [low, high] = this.region.x;
      if (this.lnC(low, y) > lnC) {
        this.why = "too_little";
        return null;
      }
      return this.best(theta, { x: this.sizeFor(lnC, () => y) ?? high, y });
    }

    // The size at which the budget is spent, tokens being known by size.
    sizeFor(lnC, tokens) {
      let [low, high] = this.region.x;
      const gap = (x) => this.lnFlops(x, tokens(x))[0] - lnC;
      if (!(gap(low) < 0 && gap(high) > 0)) return null;
      while (high - low > 1e-14 * Math.max(Math.abs(high), 1)) {
        const middle = 0.5 * (low + high);
        if (!(low < middle && middle < high)) break;
        if (gap(middle) < 0) low = middle; else high = middle;
      }
      return 0.5 * (low + high);
    }

    /// ln D that spends the budget at a size; NaN where none does.
    tokensOn(lnC, x) {
      const problem = { rising: true, level: (u, v) => {
        const c = this.lnFlops(u, v);
        c[0] -= lnC;
        return c;
      } };
      const y = follow(problem, x, this.region.y, 0.5 * NO_LIMIT);
      return typeof y === "string" ? NaN : y;
    }

    // A law that gives the optimal size, data or ratio by compute.
    allocation(theta, lnC) {
      const known = { params: NaN, tokens: NaN, flops: Math.exp(lnC), unique_tokens: this.unique };
      const value = walk(this.law.surface, theta, inputsOf(this.law.roles, known, (x) => x), NUMBERS);
      if (!(value > 0 && Number.isFinite(value))) {
        this.why = "no_value";
        return null;
      }
      const ln = Math.log(value), { answers } = this.law;
      const ratio = answers === "tokens_per_param";
      const x = answers === "params" ? ln : this.sizeFor(lnC, (u) => (ratio ? u + ln : ln));
      const y = answers === "tokens" ? ln : ratio ? x + ln : this.tokensOn(lnC, x);
      if (x === null || Number.isNaN(y)) {
        this.why = "too_little";
        return null;
      }
      return { x, y, loss: NaN, lnC, closed: true };
    }
  }

  // ---- spread.rs: estimates from draws

  function quantile(sorted, probability) {
    const last = sorted.length - 1;
    const h = probability * last, k = Math.floor(h), next = Math.min(k + 1, last);
    const found = sorted[k] + (h - k) * (sorted[next] - sorted[k]);
    return Number.isNaN(found) ? sorted[Math.min(Math.ceil(h), last)] : found;
  }

  /// A value with the interval of its draws; draws without a value (NaN) are left out.
  function estimate(value, sample, level) {
    const sorted = Float64Array.from(sample.filter((x) => !Number.isNaN(x))).sort();
    if (sorted.length < 2 || sorted.length * 10 < sample.length * 9) return { value, interval: null };
    return { value, interval: [Math.min(value, quantile(sorted, 0.5 * (1 - level))), Math.max(value, quantile(sorted, 0.5 * (1 + level)))] };
  }

  // The interval of the loss, as wide as a backtest asks at this distance.
  function widened(law, at, loss) {
    const w = law.widening;
    if (!w || !loss.interval) return loss;
    const n = Math.exp(at.x), d = Math.exp(at.y);
    const place = { params: n, tokens: d, "6nd": 6 * n * d }[w.axis];
    const beyond = Math.log10(place / w.largest);
    if (!(beyond > 0)) return loss;
    const forth = (v) => (w.of_logarithm ? Math.log(v) : v), back = (v) => (w.of_logarithm ? Math.exp(v) : v);
    const centre = forth(loss.value);
    const end = (was, side) => {
      const half = side * (forth(was) - centre);
      const moved = back(centre + side * Math.hypot(Math.max(half, 0), w.half_per_decade * beyond));
      return Number.isFinite(half) && Number.isFinite(moved) ? moved : was;
    };
    return { ...loss, interval: [end(loss.interval[0], -1), end(loss.interval[1], 1)] };
  }

  // ---- rows.rs: a question at the best coefficients and at every draw

  function beyond(law, at) {
    const places = { N: at.x, D: at.y, C: at.lnC, "D/N": at.y - at.x };
    return Object.fromEntries(law.ranges.map(([name, min, max]) => {
      const low = Math.log(min), high = Math.log(max), ln = places[name];
      const orders = ln > high + 1e-12 ? ln - high : ln < low - 1e-12 ? ln - low : 0;
      return [name, orders / Math.LN10];
    }));
  }

  function held(region, request, data, best, lnC) {
    const out = [];
    const { x, y } = region;
    if (request.params !== null) out.push("params");
    else if (x[1] < NO_LIMIT && best.x >= x[1] - AT_LIMIT) out.push("max-params");
    if (data.tokens !== null) out.push("tokens");
    else if (y[1] < NO_LIMIT && best.y >= y[1] - AT_LIMIT) {
      out.push(data.max_tokens !== null && Math.log(data.max_tokens) <= y[1] ? "max-tokens" : "unique");
    }
    if (request.params === null && best.x <= x[0] + AT_LIMIT) out.push("smallest size");
    if (x[1] === NO_LIMIT && best.x >= x[1] - AT_LIMIT) out.push("largest size");
    if (data.tokens === null && best.y <= y[0] + AT_LIMIT) out.push("least data");
    if (y[1] === NO_LIMIT && best.y >= y[1] - AT_LIMIT) out.push("most data");
    if (best.lnC < lnC - AT_LIMIT) out.push("budget not spent");
    return out;
  }

  /// The region of logarithms. A law that knows no repetition keeps to the unique tokens.
  function regionOf(data, law, request) {
    const ends = (fixed, most) => (fixed !== null ? [Math.log(fixed), Math.log(fixed)] : [0, most === null ? NO_LIMIT : Math.log(most)]);
    const caps = [data.max_tokens, law.repeats ? null : request.unique].filter((v) => v !== null);
    return { x: ends(request.params, request.max_params), y: ends(data.tokens, caps.length ? Math.min(...caps) : null) };
  }

  const QUANTITIES = {
    params: (b) => Math.exp(b.x),
    tokens: (b) => Math.exp(b.y),
    tokens_per_param: (b) => Math.exp(b.y - b.x),
    loss: (b) => b.loss,
    flops: (b) => Math.exp(b.lnC),
  };

  /// A plan for a request `{compute, serve, unique, params, max_params}` (null where nothing is asked) by one law of the
  /// data. The point is there at once; `advance(until)` answers draws until a moment of performance.now(), and is true
  /// when all are done; `row()` is the answer with the intervals of the draws so far (none before they are done).
  function start(data, law, request) {
    const region = regionOf(data, law, request);
    const setting = new Setting(law, region, request.unique);
    const lnC = Math.log(request.compute);
    const best = setting.budget(law.best, lnC);
    if (!best) {
      return { why: setting.why, least: Math.exp(setting.lnC(region.x[0], region.y[0])), advance: () => true, row: () => null };
    }
    const served = request.serve === null || law.answers !== "loss" ? 0 : request.serve * data.serving.equivalent;
    const life_cost = (b) => Math.exp(b.lnC) + 2 * Math.exp(b.x) * served;
    // The plan's own model keeps to the limits and has the loss: nothing dearer is an answer.
    const cheapest = (theta, from, near) => [near, from].reduce((least, begin) => {
      const found = setting.target(theta, from.loss, served, begin);
      const good = found && found.loss <= from.loss + 1e-12 * Math.abs(from.loss);
      return good && life_cost(found) < life_cost(least) ? found : least;
    }, from);
    const over = served > 0 && Number.isFinite(best.loss) ? cheapest(law.best, best, null) : null;
    const plain = [], life = [];
    const free = { x: [0, NO_LIMIT], y: [0, NO_LIMIT] };
    const names = held(region, request, data, best, lnC);
    const limited = JSON.stringify(region) !== JSON.stringify(free);
    const without = names.length && limited && law.answers === "loss" ? new Setting(law, free, request.unique).budget(law.best, lnC) : null;

    function advance(until) {
      while (plain.length < law.draws.length) {
        const theta = law.draws[plain.length];
        const answer = setting.budget(theta, lnC, best);
        plain.push(answer);
        if (over) life.push(answer && cheapest(theta, answer, over));
        if (performance.now() > until) break;
      }
      return plain.length === law.draws.length;
    }

    /// Codes of what must be said about the data, as the command says them.
    function notes() {
      if (request.unique === null) return [];
      if (!law.repeats) return ["no-repetition"];
      // A law in which more passes never raise the loss cannot say from where on they do harm.
      const harmless = [0, 1, 2, 4].every((more) => setting.jet(law.best, best.x, best.y + more * Math.LN10)[2] <= 0);
      return Math.exp(best.y) > request.unique && harmless ? ["repetition"] : [];
    }

    function row() {
      const done = plain.length === law.draws.length;
      const of = (quantity) => estimate(quantity(best), done ? plain.map((b) => (b ? quantity(b) : NaN)) : [], data.level);
      const both = (quantity) =>
        estimate(quantity(best, over), done ? plain.map((b, k) => (b && life[k] ? quantity(b, life[k]) : NaN)) : [], data.level);
      const { price, unit, equivalent } = data.serving;
      const cost = (b) => price * (Math.exp(b.lnC) + 2 * Math.exp(b.x) * served);
      const unspent = names.includes("budget not spent");
      const out = {
        compute: unspent ? Math.exp(best.lnC) : request.compute,
        params: of(QUANTITIES.params),
        tokens: of(QUANTITIES.tokens),
        tokens_per_param: of(QUANTITIES.tokens_per_param),
        loss: law.answers === "loss" ? widened(law, best, of(QUANTITIES.loss)) : null,
        flops: unspent ? of(QUANTITIES.flops) : null,
        epochs: law.repeats && request.unique !== null ? of((b) => Math.exp(b.y) / request.unique) : null,
        held: names,
        notes: notes(),
        price_of_limits: without ? best.loss - without.loss : null,
        beyond: beyond(law, best),
        method: best.closed ? "closed form" : "solver",
        draws: done ? plain.length : 0,
        serving: null,
      };
      if (over) {
        const next = (quantity) => both((_, b) => quantity(b));
        out.serving = {
          unit,
          params: next(QUANTITIES.params),
          tokens: next(QUANTITIES.tokens),
          tokens_per_param: next(QUANTITIES.tokens_per_param),
          training_flops: next(QUANTITIES.flops),
          serving_flops: next((b) => (2 * Math.exp(b.x) * served) / equivalent),
          lifetime: next(cost),
          saved: both((a, b) => {
            const saved = 1 - cost(b) / cost(a);
            // The difference of two costs that are one to rounding, as in the command.
            return Math.abs(saved) < 1e-9 ? 0 : saved;
          }),
          beyond: beyond(law, over),
        };
      }
      return out;
    }

    /// Loss against size on what the answer spends, `count` sizes over `decades` on either side of the answer, within the
    /// limits; the answer itself is one of the points.
    function curve(count, decades) {
      const out = [{ params: Math.exp(best.x), tokens: Math.exp(best.y), loss: best.loss }];
      for (let k = 0; k < count; k++) {
        const x = best.x + decades * Math.LN10 * ((2 * k) / (count - 1) - 1);
        if (x < region.x[0] || x > region.x[1] || 2 * k === count - 1) continue;
        const y = setting.tokensOn(best.lnC, x);
        const loss = setting.loss(law.best, x, y);
        if (x >= 0 && Number.isFinite(loss)) out.push({ params: Math.exp(x), tokens: Math.exp(y), loss });
      }
      return out.sort((a, b) => a.params - b.params);
    }
    return { advance, row, curve };
  }

  root.isoflopPlan = { start };
})(typeof window === "undefined" ? globalThis : window);
