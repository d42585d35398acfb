// A law in the page: the steps of isoflop_law::surface on plain numbers, on numbers with their first and second derivatives
// by x = ln N and y = ln D, and on the form of a sum of powers. The same three walks as in Rust, in the same order.
(function (root) {
  "use strict";

  const OPS = ["number", "coef", "input", "neg", "if", "+", "-", "*", "/", "^", "<", "<=", ">", ">=", "==", "!=", "and", "or",
    "exp", "ln", "log2", "log10", "sqrt", "abs", "min", "max", "sigmoid", "softplus", "tanh", "sin", "cos", "atan", "logsumexp"];
  const OP = Object.fromEntries(OPS.map((name, k) => [name, k]));

  // ---- plain numbers

  // powf of C: 1 to any power is 1, which Math.pow denies for an infinite one.
  const power = (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y));
  const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
  // A NaN among the arguments stays visible.
  const least = (args) => args.reduce((a, b) => (Number.isNaN(a) || b > a ? a : b));
  const most = (args) => args.reduce((a, b) => (Number.isNaN(a) || b < a ? a : b));
  const FUNCTIONS = {
    exp: ([x]) => Math.exp(x),
    ln: ([x]) => Math.log(x),
    log2: ([x]) => Math.log2(x),
    log10: ([x]) => Math.log10(x),
    sqrt: ([x]) => Math.sqrt(x),
    abs: ([x]) => Math.abs(x),
    min: least,
    max: most,
    sigmoid: ([x]) => sigmoid(x),
    softplus: ([x]) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    tanh: ([x]) => Math.tanh(x),
    sin: ([x]) => Math.sin(x),
    cos: ([x]) => Math.cos(x),
    atan: ([x]) => Math.atan(x),
    logsumexp: (args) => {
      const top = most(args);
      return Math.abs(top) === Infinity ? top : top + Math.log(args.reduce((sum, a) => sum + Math.exp(a - top), 0));
    },
  };
  const TESTS = {
    "<": (x, y) => x < y,
    "<=": (x, y) => x <= y,
    ">": (x, y) => x > y,
    ">=": (x, y) => x >= y,
    "==": (x, y) => x === y,
    "!=": (x, y) => x !== y,
    and: (x, y) => x !== 0 && y !== 0,
    or: (x, y) => x !== 0 || y !== 0,
  };
  const test = (op, x, y) => (Number.isNaN(x) || Number.isNaN(y) ? NaN : Number(TESTS[op](x, y)));

  const NUMBERS = {
    constant: (x) => x,
    known: (x) => x,
    neg: (a) => -a,
    "+": (a, b) => a + b,
    "-": (a, b) => a - b,
    "*": (a, b) => a * b,
    "/": (a, b) => a / b,
    "^": power,
    call: (name, args) => FUNCTIONS[name](args),
  };

  /// The response on any kind of number.
  function walk(surface, coefs, inputs, kind) {
    const { steps } = surface, work = new Array(steps.length);
    for (let k = 0; k < steps.length; k++) {
      const step = steps[k], op = step[0], a = step[1], b = step[2];
      if (op === "number") work[k] = kind.constant(Number(a));
      else if (op === "coef") work[k] = kind.constant(coefs[a]);
      else if (op === "input") work[k] = inputs[a];
      else if (op === "neg") work[k] = kind.neg(work[a]);
      else if (op === "if") {
        const chosen = kind.known(work[a]);
        work[k] = Number.isNaN(chosen) ? kind.constant(NaN) : work[chosen === 0 ? step[3] : b];
      } else if (op in FUNCTIONS) work[k] = kind.call(op, step.slice(1).map((i) => work[i]));
      else if (op in TESTS) work[k] = kind.constant(test(op, kind.known(work[a]), kind.known(work[b])));
      else work[k] = kind[op](work[a], work[b]);
    }
    return work[steps.length - 1];
  }

  // ---- forms: sums of powers factor * X^x * Y^y. null stands for something else.

  const MOST_TERMS = 6;
  const sum = (terms) => terms && { ln: false, terms };
  const lnOf = (terms) => terms && { ln: true, terms };
  const fixed = (x) => [[x, 0, 0]];

  function joined(terms, more) {
    const out = terms.map((t) => t.slice());
    for (const t of more) {
      const same = out.find((o) => o[1] === t[1] && o[2] === t[2]);
      if (same) same[0] += t[0];
      else if (t[0] !== 0) {
        if (out.length === MOST_TERMS) return null;
        out.push(t.slice());
      }
    }
    return out;
  }

  function product(a, b) {
    let out = [];
    for (const s of a) for (const t of b) out = out && joined(out, [[s[0] * t[0], s[1] + t[1], s[2] + t[2]]]);
    return out;
  }

  function raised(terms, k) {
    if (k === 1) return terms;
    if (terms.length !== 1) return null;
    const [factor, x, y] = terms[0];
    return [[power(factor, k), x * k, y * k]];
  }

  // The number that a form is, where it is one.
  function value(form) {
    if (!form || form.ln) return null;
    if (form.terms.length === 0) return 0;
    const [one, ...rest] = form.terms;
    return rest.length === 0 && one[1] === 0 && one[2] === 0 ? one[0] : null;
  }

  const POWERS = {
    constant: (x) => sum(fixed(x)),
    known: (form) => value(form) ?? NaN,
    neg: (a) => POWERS["*"](POWERS.constant(-1), a),
    "+": (a, b) => {
      if (!a || !b) return null;
      if (a.ln && b.ln) return lnOf(product(a.terms, b.terms));
      if (!a.ln && !b.ln) return sum(joined(a.terms, b.terms));
      const [form, other] = a.ln ? [a, value(b)] : [b, value(a)];
      return other === null ? null : lnOf(product(form.terms, fixed(Math.exp(other))));
    },
    "-": (a, b) => POWERS["+"](a, POWERS.neg(b)),
    "*": (a, b) => {
      if (!a || !b || (a.ln && b.ln)) return null;
      if (!a.ln && !b.ln) return sum(product(a.terms, b.terms));
      const [form, k] = a.ln ? [a, value(b)] : [b, value(a)];
      return k === null ? null : lnOf(raised(form.terms, k));
    },
    "/": (a, b) => {
      const inverse = b && !b.ln ? raised(b.terms, -1) : null;
      return inverse && POWERS["*"](a, sum(inverse));
    },
    "^": (a, b) => {
      const k = value(b);
      return a && !a.ln && k !== null ? sum(raised(a.terms, k)) : null;
    },
    ln: (a) => {
      if (!a || a.ln) return null;
      const x = value(a);
      return x === null ? lnOf(a.terms) : POWERS.constant(Math.log(x));
    },
    exp: (a) => {
      if (!a) return null;
      if (a.ln) return sum(a.terms);
      const x = value(a);
      return x === null ? null : POWERS.constant(Math.exp(x));
    },
    call: (name, args) => {
      const known = args.map(value);
      if (known.every((x) => x !== null)) return POWERS.constant(FUNCTIONS[name](known));
      if (name === "exp" || name === "ln") return POWERS[name](args[0]);
      if (name === "sqrt") return args[0] && !args[0].ln ? sum(raised(args[0].terms, 0.5)) : null;
      if (name !== "logsumexp") return null;
      let all = [];
      for (const form of args.map(POWERS.exp)) all = all && form && !form.ln ? joined(all, form.terms) : null;
      return lnOf(all);
    },
  };
  POWERS.first = sum([[1, 1, 0]]);
  POWERS.second = sum([[1, 0, 1]]);

  /// The terms of a surface as a sum of powers of its inputs; null where it is none.
  function terms(surface, coefs, inputs) {
    const form = walk(surface, coefs, inputs, POWERS);
    return form && !form.ln ? form.terms : null;
  }

  // ---- jets: value, d/dx, d/dy, d2/dx2, d2/dxdy, d2/dy2, six numbers from offset o of one array, so that nothing is
  // allocated while a slider moves.

  function setConstant(w, o, x) {
    w[o] = x;
    w[o + 1] = w[o + 2] = w[o + 3] = w[o + 4] = w[o + 5] = 0;
  }

  function copy(w, o, from, a) {
    for (let i = 0; i < 6; i++) w[o + i] = from[a + i];
  }

  const isConstant = (w, a) => w[a + 1] === 0 && w[a + 2] === 0 && w[a + 3] === 0 && w[a + 4] === 0 && w[a + 5] === 0;

  // A function of the jet at a, given its value and two derivatives there. A root at zero has an infinite slope; times no
  // change it is still no change.
  function through(w, o, a, f, slope, curve) {
    if (isConstant(w, a)) return setConstant(w, o, f);
    const x = w[a + 1], y = w[a + 2], xx = w[a + 3], xy = w[a + 4], yy = w[a + 5];
    w[o] = f;
    w[o + 1] = slope * x;
    w[o + 2] = slope * y;
    w[o + 3] = curve * x * x + slope * xx;
    w[o + 4] = curve * x * y + slope * xy;
    w[o + 5] = curve * y * y + slope * yy;
  }

  function scaled(w, o, a, by) {
    for (let i = 0; i < 6; i++) w[o + i] = by * w[a + i];
  }

  function plus(w, o, a, b, sign) {
    for (let i = 0; i < 6; i++) w[o + i] = w[a + i] + sign * w[b + i];
  }

  function times(w, o, a, b) {
    const f = w[a], fx = w[a + 1], fy = w[a + 2], fxx = w[a + 3], fxy = w[a + 4], fyy = w[a + 5];
    const g = w[b], gx = w[b + 1], gy = w[b + 2], gxx = w[b + 3], gxy = w[b + 4], gyy = w[b + 5];
    w[o] = f * g;
    w[o + 1] = fx * g + f * gx;
    w[o + 2] = fy * g + f * gy;
    w[o + 3] = fxx * g + 2 * fx * gx + f * gxx;
    w[o + 4] = fxy * g + fx * gy + fy * gx + f * gxy;
    w[o + 5] = fyy * g + 2 * fy * gy + f * gyy;
  }

  function ln(w, o, a) {
    const v = w[a];
    through(w, o, a, Math.log(v), 1 / v, -1 / (v * v));
  }

  function exp(w, o, a) {
    const e = Math.exp(w[a]);
    through(w, o, a, e, e, e);
  }

  function toPower(w, o, a, k) {
    const v = w[a];
    through(w, o, a, power(v, k), k * power(v, k - 1), k * (k - 1) * power(v, k - 2));
  }

  /// A surface ready for jets. `hold(coefs)` works out what depends on coefficients and on inputs that do not move alone;
  /// `at()` the rest, from the inputs in `inputs`, six numbers each, and leaves the response in `out`. `moves` says which
  /// inputs move.
  function jets(surface, moves) {
    const count = surface.steps.length;
    const moving = [], still = [], changes = [];
    surface.steps.forEach(([op, ...at], k) => {
      changes.push(op === "input" ? moves[at[0]] : op !== "number" && op !== "coef" && at.some((i) => changes[i]));
      (changes[k] ? moving : still).push(k);
    });
    const ops = surface.steps.map(([op]) => OP[op]);
    const args = surface.steps.map(([op, ...at]) => (op === "number" ? [] : at));
    const numbers = surface.steps.map(([op, x]) => (op === "number" ? Number(x) : NaN));
    const w = new Float64Array(6 * (count + 3));
    const inputs = new Float64Array(6 * Math.max(1, surface.inputs.length));
    const out = new Float64Array(6);
    const S = 6 * count, T = S + 6, U = T + 6;

    function binary(op, o, a, b) {
      if (op === OP["+"]) plus(w, o, a, b, 1);
      else if (op === OP["-"]) plus(w, o, a, b, -1);
      else if (op === OP["*"]) times(w, o, a, b);
      else if (op === OP["/"]) {
        const v = w[b];
        if (isConstant(w, b)) {
          const f = w[a] / v;
          scaled(w, o, a, 1 / v);
          w[o] = f;
        } else {
          through(w, S, b, 1 / v, -1 / (v * v), 2 / (v * v * v));
          times(w, o, a, S);
        }
      } else if (op === OP["^"]) {
        if (isConstant(w, b)) toPower(w, o, a, w[b]);
        else {
          const f = power(w[a], w[b]);
          ln(w, S, a);
          times(w, T, b, S);
          exp(w, o, T);
          w[o] = f;
        }
      } else setConstant(w, o, test(OPS[op], w[a], w[b]));
    }

    // The argument that comes first by value.
    function picked(o, at, sign) {
      let best = 6 * at[0];
      for (let i = 1; i < at.length; i++) {
        const a = 6 * at[i];
        if (!(Number.isNaN(w[best]) || !(Number.isNaN(w[a]) || sign * w[a] < sign * w[best]))) best = a;
      }
      copy(w, o, w, best);
    }

    function logSumExp(o, at) {
      let top = -Infinity;
      for (const k of at) if (w[6 * k] > top) top = w[6 * k];
      if (!Number.isFinite(top)) return setConstant(w, o, top);
      setConstant(w, S, 0);
      for (const k of at) {
        copy(w, T, w, 6 * k);
        w[T] -= top;
        exp(w, U, T);
        plus(w, S, S, U, 1);
      }
      ln(w, o, S);
      w[o] += top;
    }

    function call(op, o, at) {
      const a = 6 * at[0], v = w[a];
      switch (OPS[op]) {
        case "exp": return exp(w, o, a);
        case "ln": return ln(w, o, a);
        case "log2": ln(w, o, a); return scaled(w, o, o, Math.LOG2E);
        case "log10": ln(w, o, a); return scaled(w, o, o, Math.LOG10E);
        case "sqrt": return toPower(w, o, a, 0.5);
        case "abs": return through(w, o, a, Math.abs(v), Math.sign(v) || 1, 0);
        case "min": return picked(o, at, 1);
        case "max": return picked(o, at, -1);
        case "sigmoid": {
          const s = sigmoid(v);
          return through(w, o, a, s, s * (1 - s), s * (1 - s) * (1 - 2 * s));
        }
        case "softplus": {
          const s = sigmoid(v);
          return through(w, o, a, FUNCTIONS.softplus([v]), s, s * (1 - s));
        }
        case "tanh": {
          const t = Math.tanh(v);
          return through(w, o, a, t, 1 - t * t, -2 * t * (1 - t * t));
        }
        case "sin": return through(w, o, a, Math.sin(v), Math.cos(v), -Math.sin(v));
        case "cos": return through(w, o, a, Math.cos(v), -Math.sin(v), -Math.cos(v));
        case "atan": {
          const d = 1 + v * v;
          return through(w, o, a, Math.atan(v), 1 / d, (-2 * v) / (d * d));
        }
        default: return logSumExp(o, at);
      }
    }

    function run(which, coefs) {
      for (let i = 0; i < which.length; i++) {
        const k = which[i], op = ops[k], from = args[k], o = 6 * k;
        if (op === OP.number) setConstant(w, o, numbers[k]);
        else if (op === OP.coef) setConstant(w, o, coefs[from[0]]);
        else if (op === OP.input) copy(w, o, inputs, 6 * from[0]);
        else if (op === OP.neg) scaled(w, o, 6 * from[0], -1);
        else if (op === OP.if) {
          const chosen = w[6 * from[0]];
          if (Number.isNaN(chosen)) setConstant(w, o, NaN);
          else copy(w, o, w, 6 * (chosen === 0 ? from[2] : from[1]));
        } else if (op <= OP.or) binary(op, o, 6 * from[0], 6 * from[1]);
        else call(op, o, from);
      }
    }
    const hold = (coefs) => run(still, coefs);
    function at() {
      run(moving, null);
      copy(out, 0, w, 6 * (count - 1));
    }
    return { inputs, out, hold, at };
  }

  root.isoflopLaw = { walk, terms, jets, NUMBERS, POWERS, setConstant };
})(typeof window === "undefined" ? globalThis : window);
