//! The syntax tree. Every node knows the bytes it came from; equality ignores them.

use isoflop_base::Span;

/// A law or a bare expression: `let` steps in order, an optional left side, the right side.
#[derive(Clone, Debug)]
pub struct Formula {
    /// `let name = expression;` steps, each may use the ones before it.
    pub lets: Vec<Let>,
    /// Left of `=`: a column or a transform of one. None for a bare expression.
    pub left: Option<Expr>,
    /// Right of `=`, or the whole expression.
    pub right: Expr,
}

/// One `let` step.
#[derive(Clone, Debug)]
pub struct Let {
    /// Name that later steps use.
    pub name: String,
    /// Bytes of the name.
    pub name_span: Span,
    /// Its value.
    pub value: Expr,
}

/// An expression with the bytes it came from.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands in the source text.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A finite number.
    Number(f64),
    /// A quoted text, `"adam"`; only filters and comparisons of text columns use it.
    Text(String),
    /// A variable, coefficient, column or `let` name.
    Name(String),
    /// An indexed coefficient, `E[corpus]` or `w[task, model]`.
    Indexed {
        /// Coefficient name.
        name: String,
        /// Index columns, each with its bytes.
        index: Vec<(String, Span)>,
    },
    /// `-x` or `not x`.
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`, `a < b`, `a and b` …
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `exp(x)`, `max(a, b)`, `logsumexp(a, b, c)`; `ln L` is the same as `ln(L)`.
    Call(Function, Vec<Expr>),
    /// `if a < b then x else y`.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `solve(y, lower, upper, equation)`: the `y` between the bounds at which the equation's value is zero.
    Solve {
        /// The unknown; it shadows nothing and is known only inside `equation`.
        name: String,
        /// Bytes of the unknown.
        name_span: Span,
        /// Lower end of the bracket.
        lower: Box<Expr>,
        /// Upper end of the bracket.
        upper: Box<Expr>,
        /// An expression of the unknown, zero at the answer.
        equation: Box<Expr>,
    },
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// Minus.
    Neg,
    /// Logical not.
    Not,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `^`, right associative, binds tighter than a minus on its left.
    Pow,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `and`
    And,
    /// `or`
    Or,
}

/// The functions of the language. There is no bare `log`: write `ln`, `log2` or `log10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// e^x.
    Exp,
    /// Natural logarithm.
    Ln,
    /// Logarithm to base 2.
    Log2,
    /// Logarithm to base 10.
    Log10,
    /// Square root.
    Sqrt,
    /// Absolute value.
    Abs,
    /// Smallest of one or more.
    Min,
    /// Largest of one or more.
    Max,
    /// 1 / (1 + e^-x).
    Sigmoid,
    /// ln(1 + e^x).
    Softplus,
    /// Hyperbolic tangent.
    Tanh,
    /// Sine of an angle in radians.
    Sin,
    /// Cosine of an angle in radians.
    Cos,
    /// Arc tangent, in radians between −π/2 and π/2.
    Atan,
    /// ln Σ e^x over its arguments, without overflow.
    Logsumexp,
}

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        self.lets == other.lets && self.left == other.left && self.right == other.right
    }
}

impl PartialEq for Let {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.value == other.value
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (ExprKind::Number(a), ExprKind::Number(b)) => a.to_bits() == b.to_bits(),
            (ExprKind::Text(a), ExprKind::Text(b)) | (ExprKind::Name(a), ExprKind::Name(b)) => {
                a == b
            }
            (ExprKind::Indexed { name: a, index: i }, ExprKind::Indexed { name: b, index: j }) => {
                a == b && i.iter().map(|x| &x.0).eq(j.iter().map(|x| &x.0))
            }
            (ExprKind::Unary(f, a), ExprKind::Unary(g, b)) => f == g && a == b,
            (ExprKind::Binary(f, a, b), ExprKind::Binary(g, c, d)) => f == g && a == c && b == d,
            (ExprKind::Call(f, a), ExprKind::Call(g, b)) => f == g && a == b,
            (ExprKind::If(a, b, c), ExprKind::If(d, e, f)) => a == d && b == e && c == f,
            (
                ExprKind::Solve {
                    name: a,
                    lower: b,
                    upper: c,
                    equation: d,
                    ..
                },
                ExprKind::Solve {
                    name: e,
                    lower: f,
                    upper: g,
                    equation: h,
                    ..
                },
            ) => a == e && b == f && c == g && d == h,
            _ => false,
        }
    }
}
