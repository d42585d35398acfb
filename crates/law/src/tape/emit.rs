//! From the graph to a program: data columns, scalar steps, ports and fused column ops.

use super::graph::{Bin, Class, Graph, Id, Node, Un};
use super::lower::Lowering;
use super::ops::{Addend, Op, Src};
use super::program::{Amplitude, Port, Program};
use super::scalar::ScalarOp;
use std::collections::{BTreeMap, BTreeSet};

/// A column computed once from the variables; operands are earlier nodes.
#[derive(Clone, Debug)]
pub(super) enum DataNode {
    Const(f64),
    Var(u32),
    Un(Un, u16),
    Bin(Bin, u16, u16),
    Select(u16, u16, u16),
    LogAddExp(u16, u16),
}

struct Emitter {
    graph: Graph,
    uses: Vec<u32>,
    scalars: Vec<ScalarOp>,
    scalar_of: BTreeMap<Id, u32>,
    ports: Vec<Port>,
    port_of: BTreeMap<Id, u16>,
    data: Vec<DataNode>,
    data_of: BTreeMap<Id, u16>,
    /// Ops being written; the last is the innermost `solve`.
    ops: Vec<Vec<Op>>,
    reg_of: BTreeMap<Id, u16>,
    registers: u16,
    amplitudes: Vec<Amplitude>,
    /// How many ports read each coordinate, to find amplitudes that stand alone.
    readers: BTreeMap<u32, u32>,
    /// Nodes whose coordinates were counted as read by a scalar step.
    counted: BTreeSet<Id>,
}

pub(super) fn emit(lowering: Lowering<'_>, root: Id) -> Program {
    let Lowering {
        graph,
        coordinates,
        groups,
        vars,
        ..
    } = lowering;
    let uses = count_uses(&graph, root);
    let mut e = Emitter {
        graph,
        uses,
        scalars: Vec::new(),
        scalar_of: BTreeMap::new(),
        ports: Vec::new(),
        port_of: BTreeMap::new(),
        data: Vec::new(),
        data_of: BTreeMap::new(),
        ops: vec![Vec::new()],
        reg_of: BTreeMap::new(),
        registers: 0,
        amplitudes: Vec::new(),
        readers: BTreeMap::new(),
        counted: BTreeSet::new(),
    };
    let out = e.column(root);
    let output = match out {
        Src::Reg(r) => r,
        Src::Data(_) => {
            // A law that is a plain column: one op copies it, so that the output is always a register.
            let register = e.register();
            let (s, c) = (e.constant_port(1.0), e.constant_port(0.0));
            e.push(Op::Linear {
                out: register,
                s,
                x: out,
                y: Addend::Port(c),
            });
            register
        }
    };
    let readers = e.readers;
    let amplitudes = e
        .amplitudes
        .into_iter()
        .filter(|a| readers.get(&(a.coordinate as u32)) == Some(&1))
        .collect();
    Program {
        coordinates,
        groups,
        vars,
        scalars: e.scalars,
        ports: e.ports,
        data: e.data,
        ops: e.ops.pop().unwrap_or_default(),
        registers: usize::from(e.registers),
        output,
        amplitudes,
    }
}

/// How many parents each node that the root reaches has.
fn count_uses(graph: &Graph, root: Id) -> Vec<u32> {
    let mut uses = vec![0u32; graph.nodes.len()];
    uses[root.0 as usize] = 1;
    for i in (0..=root.0 as usize).rev() {
        if uses[i] > 0 {
            for child in children(&graph.nodes[i]) {
                uses[child.0 as usize] += 1;
            }
        }
    }
    uses
}

fn children(node: &Node) -> Vec<Id> {
    match node {
        Node::Const(_) | Node::Coord(_) | Node::Level(_) | Node::Var(_) | Node::Unknown(_) => {
            Vec::new()
        }
        Node::Affine(terms, c) => terms
            .iter()
            .flat_map(|(s, x)| [*s, *x])
            .chain([*c])
            .collect(),
        Node::Un(_, a) => vec![*a],
        Node::Bin(_, a, b) | Node::LogAddExp(a, b) => vec![*a, *b],
        Node::Select(c, a, b) => vec![*c, *a, *b],
        Node::Root {
            lower,
            upper,
            equation,
            ..
        } => vec![*lower, *upper, *equation],
    }
}

impl Emitter {
    fn push(&mut self, op: Op) {
        self.ops
            .last_mut()
            .expect("there is always an op list")
            .push(op);
    }

    fn register(&mut self) -> u16 {
        self.registers += 1;
        self.registers - 1
    }

    fn constant_port(&mut self, x: f64) -> u16 {
        let id = self.graph.constant(x);
        self.port(id)
    }

    /// The port of a scalar node.
    fn port(&mut self, id: Id) -> u16 {
        if let Some(p) = self.port_of.get(&id) {
            return *p;
        }
        let coordinate = |g: &Graph, id: Id| match g.node(id) {
            Node::Coord(j) => Some(*j),
            _ => None,
        };
        let port = match self.graph.node(id).clone() {
            Node::Const(bits) => Port::Const(f64::from_bits(bits)),
            Node::Coord(j) => Port::Linear(j, 1.0),
            Node::Un(Un::Neg, a) if coordinate(&self.graph, a).is_some() => {
                Port::Linear(coordinate(&self.graph, a).unwrap_or(0), -1.0)
            }
            Node::Un(Un::Exp, a) if coordinate(&self.graph, a).is_some() => {
                Port::Exp(coordinate(&self.graph, a).unwrap_or(0))
            }
            _ => Port::Step(self.scalar(id)),
        };
        match port {
            Port::Linear(j, _) | Port::Exp(j) => *self.readers.entry(j).or_default() += 1,
            Port::Step(_) => self.count_step(id),
            Port::Const(_) => {}
        }
        let p = self.ports.len() as u16;
        self.ports.push(port);
        self.port_of.insert(id, p);
        p
    }

    /// A scalar step may read many coordinates: each of them then no longer stands alone. Forty steps that double the one
    /// before are forty nodes and a million million ways through them.
    fn count_step(&mut self, id: Id) {
        if !self.counted.insert(id) {
            return;
        }
        for child in children(&self.graph.node(id).clone()) {
            match self.graph.node(child) {
                Node::Coord(j) => *self.readers.entry(*j).or_default() += 2,
                _ => self.count_step(child),
            }
        }
    }

    fn scalar(&mut self, id: Id) -> u32 {
        if let Some(s) = self.scalar_of.get(&id) {
            return *s;
        }
        let op = match self.graph.node(id).clone() {
            Node::Const(bits) => ScalarOp::Const(f64::from_bits(bits)),
            Node::Coord(j) => ScalarOp::Coord(j),
            Node::Un(f, a) => ScalarOp::Un(f, self.scalar(a)),
            Node::Bin(f, a, b) => ScalarOp::Bin(f, self.scalar(a), self.scalar(b)),
            Node::Select(c, a, b) => {
                ScalarOp::Select(self.scalar(c), self.scalar(a), self.scalar(b))
            }
            Node::LogAddExp(a, b) => ScalarOp::LogAddExp(self.scalar(a), self.scalar(b)),
            // Affine nodes have a varying or known part, and the others are per row: none is a scalar.
            _ => ScalarOp::Const(f64::NAN),
        };
        self.scalars.push(op);
        let s = self.scalars.len() as u32 - 1;
        self.scalar_of.insert(id, s);
        s
    }

    fn known(&mut self, id: Id) -> u16 {
        if let Some(d) = self.data_of.get(&id) {
            return *d;
        }
        let node = match self.graph.node(id).clone() {
            Node::Const(bits) => DataNode::Const(f64::from_bits(bits)),
            Node::Var(v) => DataNode::Var(v),
            Node::Un(f, a) => DataNode::Un(f, self.known(a)),
            Node::Bin(f, a, b) => DataNode::Bin(f, self.known(a), self.known(b)),
            Node::Select(c, a, b) => DataNode::Select(self.known(c), self.known(a), self.known(b)),
            Node::LogAddExp(a, b) => DataNode::LogAddExp(self.known(a), self.known(b)),
            Node::Affine(terms, c) => self.known_affine(&terms, c),
            _ => DataNode::Const(f64::NAN),
        };
        self.data.push(node);
        let d = self.data.len() as u16 - 1;
        self.data_of.insert(id, d);
        d
    }

    fn known_affine(&mut self, terms: &[(Id, Id)], c: Id) -> DataNode {
        let mut sum = self.known(c);
        for (s, x) in terms {
            let (s, x) = (self.known(*s), self.known(*x));
            self.data.push(DataNode::Bin(Bin::Mul, s, x));
            let product = self.data.len() as u16 - 1;
            self.data.push(DataNode::Bin(Bin::Add, sum, product));
            sum = self.data.len() as u16 - 1;
        }
        let zero = self.graph.constant(0.0);
        let zero = self.known(zero);
        DataNode::Bin(Bin::Add, sum, zero)
    }

    /// A node as a column: a known column, or a register that an op fills.
    fn column(&mut self, id: Id) -> Src {
        match self.graph.class(id) {
            Class::Data => return Src::Data(self.known(id)),
            Class::Const | Class::Scalar => {
                if let Some(r) = self.reg_of.get(&id) {
                    return Src::Reg(*r);
                }
                let port = self.port(id);
                let out = self.register();
                self.push(Op::Fill { out, port });
                self.reg_of.insert(id, out);
                return Src::Reg(out);
            }
            Class::Vary => {}
        }
        if let Some(r) = self.reg_of.get(&id) {
            return Src::Reg(*r);
        }
        let out = match self.graph.node(id).clone() {
            Node::Un(Un::Exp, u) => self.exponential(u),
            Node::Affine(terms, c) => self.affine(&terms, c),
            Node::Un(f, a) => {
                let x = self.column(a);
                let out = self.register();
                self.push(Op::Un { f, out, x });
                out
            }
            Node::Bin(f, a, b) => {
                let (x, y) = (self.column(a), self.column(b));
                let out = self.register();
                self.push(Op::Bin { f, out, x, y });
                out
            }
            Node::LogAddExp(a, b) => {
                let (x, y) = (self.column(a), self.column(b));
                let out = self.register();
                self.push(Op::LogAddExp { out, x, y });
                out
            }
            Node::Select(c, a, b) => {
                let (c, x, y) = (self.column(c), self.column(a), self.column(b));
                let out = self.register();
                self.push(Op::Select { out, c, x, y });
                out
            }
            Node::Level(group) => {
                let out = self.register();
                self.push(Op::Gather {
                    out,
                    group: group as u16,
                });
                out
            }
            Node::Root {
                unknown,
                lower,
                upper,
                equation,
            } => self.root(unknown, lower, upper, equation),
            Node::Unknown(_) | Node::Const(_) | Node::Coord(_) | Node::Var(_) => {
                unreachable!(
                    "an unknown has its register from its `solve`, the others are not varying"
                )
            }
        };
        self.reg_of.insert(id, out);
        Src::Reg(out)
    }

    /// e^u; the last step of an affine u that nothing else reads is fused into the exponential.
    fn exponential(&mut self, u: Id) -> u16 {
        let alone = self.uses[u.0 as usize] == 1;
        if let (Node::Affine(terms, c), true) = (self.graph.node(u).clone(), alone) {
            self.note_amplitude(&terms, c);
            let (s, x, y) = self.affine_parts(&terms, c);
            let out = self.register();
            self.push(Op::ExpLinear { out, s, x, y });
            return out;
        }
        let x = self.column(u);
        let out = self.register();
        self.push(Op::Un { f: Un::Exp, out, x });
        out
    }

    /// All but the last term of Σ s·x + c are summed by ops; the last is left to the caller to fuse.
    fn affine_parts(&mut self, terms: &[(Id, Id)], c: Id) -> (u16, Src, Addend) {
        let mut addend = Addend::Port(self.port(c));
        let (last, first) = terms.split_last().expect("an affine node has a term");
        for (s, x) in first {
            let (s, x) = (self.port(*s), self.column(*x));
            let out = self.register();
            self.push(Op::Linear {
                out,
                s,
                x,
                y: addend,
            });
            addend = Addend::Column(Src::Reg(out));
        }
        let (s, x) = (self.port(last.0), self.column(last.1));
        (s, x, addend)
    }

    fn affine(&mut self, terms: &[(Id, Id)], c: Id) -> u16 {
        let one = |g: &Graph, s: Id| g.value(s) == Some(1.0);
        if terms.len() >= 2 && terms.iter().all(|(s, _)| one(&self.graph, *s)) {
            let port = self.port(c);
            let columns: Vec<Src> = terms.iter().map(|(_, x)| self.column(*x)).collect();
            let mut out = self.register();
            self.push(Op::Sum {
                out,
                x: columns[0],
                y: columns[1],
                c: port,
            });
            let zero = self.constant_port(0.0);
            for x in &columns[2..] {
                let next = self.register();
                self.push(Op::Sum {
                    out: next,
                    x: Src::Reg(out),
                    y: *x,
                    c: zero,
                });
                out = next;
            }
            return out;
        }
        let (s, x, y) = self.affine_parts(terms, c);
        let out = self.register();
        self.push(Op::Linear { out, s, x, y });
        out
    }

    /// Remembers e^(c + Σ sₖ·xₖ) when c is one coordinate and each sₖ a coordinate times a constant.
    fn note_amplitude(&mut self, terms: &[(Id, Id)], c: Id) {
        let coordinate = match self.graph.node(c) {
            Node::Coord(j) => *j as usize,
            _ => return,
        };
        let mut exponents = Vec::new();
        for (s, x) in terms {
            if self.graph.class(*x) != Class::Data {
                return;
            }
            let (j, factor) = match *self.graph.node(*s) {
                Node::Coord(j) => (j, 1.0),
                Node::Un(Un::Neg, a) => match self.graph.node(a) {
                    Node::Coord(j) => (*j, -1.0),
                    _ => return,
                },
                // e^(coordinate) as an exponent: not linear, but its sign is known and the fit may linearise it.
                _ => return,
            };
            exponents.push((j as usize, factor, usize::from(self.known(*x))));
        }
        self.amplitudes.push(Amplitude {
            coordinate,
            exponents,
        });
    }

    /// Emits, before a `solve`, whatever its equation reads that does not depend on the unknown: it is evaluated
    /// once, and its adjoints flow outside the solve.
    ///
    /// What reads the unknown of a `solve` inside the equation belongs to that one, and is left to it.
    fn hoist(&mut self, id: Id) {
        if !self.reads_unknown(id, &mut Vec::new()) {
            self.column(id);
            return;
        }
        let columns = match self.graph.node(id).clone() {
            Node::Affine(terms, _) => terms.into_iter().map(|(_, x)| x).collect(),
            other => children(&other),
        };
        for child in columns {
            self.hoist(child);
        }
    }

    /// Whether it reads an unknown that has no value yet: not one of a `solve` that is being written, nor one of its own.
    fn reads_unknown(&self, id: Id, own: &mut Vec<u32>) -> bool {
        match self.graph.node(id) {
            Node::Unknown(u) => !own.contains(u) && !self.reg_of.contains_key(&id),
            Node::Root {
                unknown,
                lower,
                upper,
                equation,
            } => {
                if self.reads_unknown(*lower, own) || self.reads_unknown(*upper, own) {
                    return true;
                }
                own.push(*unknown);
                let reads = self.reads_unknown(*equation, own);
                own.pop();
                reads
            }
            node => children(node)
                .into_iter()
                .any(|c| self.reads_unknown(c, own)),
        }
    }

    fn root(&mut self, unknown: u32, lower: Id, upper: Id, equation: Id) -> u16 {
        let (lower, upper) = (self.column(lower), self.column(upper));
        let node = self.graph.intern(Node::Unknown(unknown));
        self.hoist(equation);
        let y = self.register();
        self.reg_of.insert(node, y);
        self.ops.push(Vec::new());
        let equation = match self.column(equation) {
            Src::Reg(r) => r,
            Src::Data(d) => {
                let out = self.register();
                let (s, c) = (self.constant_port(1.0), self.constant_port(0.0));
                self.push(Op::Linear {
                    out,
                    s,
                    x: Src::Data(d),
                    y: Addend::Port(c),
                });
                out
            }
        };
        let inner = self.ops.pop().unwrap_or_default();
        // The root has a register of its own above all that its equation uses, so that the reverse sweep meets
        // the root before them.
        let out = self.register();
        self.push(Op::Root {
            out,
            unknown: y,
            lower,
            upper,
            equation,
            inner,
        });
        out
    }
}
