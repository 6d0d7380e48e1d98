//! What binds to what, what templates come to, and where the parser goes on after an error.
use ampere_lang::source::FileId;
use ampere_lang::syntax::ast::{BinaryOp, Expr, ExprKind, TemplatePart, UnaryOp};
use ampere_lang::syntax::{parse_expression, parse_native, parse_template};

const FILE: FileId = FileId(0);

/// An expression with every bracket written out.
fn shape(expr: &Expr) -> String {
    let list = |items: &[Expr]| items.iter().map(shape).collect::<Vec<_>>().join(" ");
    match &*expr.kind {
        ExprKind::Literal(value) => format!("{value:?}"),
        ExprKind::Template(parts) => format!("t[{}]", parts_shape(parts)),
        ExprKind::Tuple(items) => format!("[{}]", list(items)),
        ExprKind::Object(items) => {
            let items: Vec<_> = items.iter().map(|i| format!("{}={}", shape(&i.key), shape(&i.value))).collect();
            format!("{{{}}}", items.join(" "))
        }
        ExprKind::For(f) => format!(
            "for({:?} {} {} {} {} {} {})",
            f.key_name.as_deref(),
            f.value_name,
            shape(&f.collection),
            f.key.as_ref().map_or("-".into(), shape),
            shape(&f.value),
            f.cond.as_ref().map_or("-".into(), shape),
            f.group
        ),
        ExprKind::Call(call) => format!("{}({}{})", call.name, list(&call.args), if call.expand { "..." } else { "" }),
        ExprKind::Root(name) => name.to_string(),
        ExprKind::GetAttr { object, name, .. } => format!("{}.{name}", shape(object)),
        ExprKind::Index { object, key } => format!("{}[{}]", shape(object), shape(key)),
        ExprKind::Splat { source, each } => format!("splat({} {})", shape(source), shape(each)),
        ExprKind::SplatItem => "@".into(),
        ExprKind::Unary { op: UnaryOp::Not, operand } => format!("(! {})", shape(operand)),
        ExprKind::Unary { op: UnaryOp::Negate, operand } => format!("(- {})", shape(operand)),
        ExprKind::Binary { op, lhs, rhs } => format!("({} {} {})", shape(lhs), sign(*op), shape(rhs)),
        ExprKind::Conditional { cond, yes, no } => format!("({} ? {} : {})", shape(cond), shape(yes), shape(no)),
        ExprKind::Parens(inner) => format!("p{}", shape(inner)),
    }
}

fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "||",
        BinaryOp::And => "&&",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessOrEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterOrEqual => ">=",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
    }
}

fn parts_shape(parts: &[TemplatePart]) -> String {
    let part = |part: &TemplatePart| match part {
        TemplatePart::Literal(text) => format!("{text:?}"),
        TemplatePart::Interpolation(expr) => shape(expr),
        TemplatePart::If { cond, yes, no } => {
            format!("if({} {} {})", shape(cond), parts_shape(yes), parts_shape(no))
        }
        TemplatePart::For { key, value, collection, body } => {
            format!("for({:?} {value} {} {})", key.as_deref(), shape(collection), parts_shape(body))
        }
    };
    parts.iter().map(part).collect::<Vec<_>>().join(" ")
}

fn expr(text: &str) -> String {
    let (expr, findings) = parse_expression(FILE, text);
    assert!(findings.is_empty(), "{text}: {findings:?}");
    shape(&expr)
}

/// The shape of the value of `a` in a file.
fn value(text: &str) -> String {
    let (body, findings) = parse_native(FILE, text);
    assert!(findings.is_empty(), "{text}: {findings:?}");
    shape(&body.attributes[0].value)
}

#[test]
fn operators_bind_by_precedence_and_to_the_left() {
    assert_eq!(expr("a || b && c == d < e + f * g"), "(a || (b && (c == (d < (e + (f * g))))))");
    assert_eq!(expr("a * b + c < d == e && f || g"), "((((((a * b) + c) < d) == e) && f) || g)");
    assert_eq!(expr("a - b - c / d % e"), "((a - b) - ((c / d) % e))");
    assert_eq!(expr("-a.b + !c && -(d)"), "(((- a.b) + (! c)) && (- pd))");
    assert_eq!(expr("!-!a"), "(! (- (! a)))");
    assert_eq!(expr("a ? b : c ? d : e"), "(a ? b : (c ? d : e))");
    assert_eq!(expr("a || b ? c : d + e"), "((a || b) ? c : (d + e))");
}

#[test]
fn traversals_and_splats() {
    assert_eq!(expr("a.b[c.d].e"), "a.b[c.d].e");
    assert_eq!(expr("a.*.b.c[d]"), "splat(a @.b.c)[d]");
    assert_eq!(expr("a[*].b[c].d"), "splat(a @.b[c].d)");
    assert_eq!(expr("a[*].b[*].c"), "splat(a splat(@.b @.c))");
    assert_eq!(expr("a.*.b[*].c"), "splat(splat(a @.b) @.c)");
    assert_eq!(value("a = b.0.c\n"), expr("b[0].c"));
    assert_eq!(expr("f(a, b...).c"), "f(a b...).c");
    assert_eq!(expr("provider::x::y(a,)"), "provider::x::y(a)");
    assert_eq!(expr("{ a = 1 }.a"), format!("{{\"a\"={}}}.a", expr("1")));
}

#[test]
fn collections_and_for() {
    assert_eq!(
        expr("{ a = b, (c) = d, e.f : g, \"h\" = i, null = true }"),
        "{\"a\"=b pc=d e.f=g \"h\"=i \"null\"=true}"
    );
    assert_eq!(value("a = {\n  b = c # x\n\n  d = e, f = g\n}\n"), "{\"b\"=c \"d\"=e \"f\"=g}");
    assert_eq!(value("a = [\n  b, // x\n  c\n  ,\n]\n"), "[b c]");
    assert_eq!(expr("[for a in b : c if d]"), "for(None a b - c d false)");
    assert_eq!(value("a = {\n  for k, v in b :\n  k => v...\n}\n"), "for(Some(\"k\") v b k v - true)");
}

#[test]
fn templates() {
    assert_eq!(expr(r#""a${b}c""#), r#"t["a" b "c"]"#);
    assert_eq!(expr(r#""${b}""#), "t[b]");
    assert_eq!(expr(r#"" ${~ b ~} ""#), r#"t["" b ""]"#);
    assert_eq!(expr(r#""$${a} %%{b} \t\u00e9""#), r#""${a} %{b} \té""#);
    assert_eq!(
        expr(r#""%{ if a }x%{ else }y%{ endif }%{ for k, v in c }${k}%{ endfor }""#),
        r#"t[if(a "x" "y") for(Some("k") v c k)]"#
    );
    assert_eq!(expr(r#""${"${a}"}""#), "t[t[a]]");
    assert_eq!(expr(r#""${ { a = "}" } }""#), r#"t[{"a"="}"}]"#);
}

#[test]
fn heredocs() {
    assert_eq!(value("a = <<EOT\n x \\n\n  ${b}\nEOTx\n EOT \n"), r#"t[" x \\n\n  " b "\nEOTx\n"]"#);
    assert_eq!(value("a = <<-EOT\n    x\n      y\n\n    EOT\n"), r#""x\n  y\n\n""#);
    assert_eq!(value("a = <<-EOT\n\t\tx\n   y\n  EOT\n"), r#""x\n y\n""#);
    assert_eq!(value("a = <<-EOT\n    x\n  ${b}\n  EOT\n"), r#"t["  x\n" b "\n"]"#);
    assert_eq!(value("a = <<EOT\r\nx\r\nEOT\r\n"), r#""x\r\n""#);
    assert_eq!(value("a = <<EOT\nEOT\n"), r#""""#);
    assert_eq!(value("a = [<<A\nx\nA\n, b]\n"), r#"["x\n" b]"#);
    // White space is trimmed up to the line end only, in the piece next to the marker.
    assert_eq!(value("a = <<EOT\n%{ if b ~}\n  x\n%{ endif ~}\nEOT\n"), r#"t[if(b "  x\n" ) ""]"#);
}

#[test]
fn template_files_keep_quotes_and_backslashes() {
    let (expr, findings) = parse_template(FILE, "\"a\" \\n $${b}\n${c}\n");
    assert!(findings.is_empty());
    assert_eq!(shape(&expr), r#"t["\"a\" \\n ${b}\n" c "\n"]"#);
}

/// `line:column summary` of the findings, and the names of the arguments and blocks that were read.
fn findings(text: &str) -> (Vec<String>, Vec<String>) {
    let (body, findings) = parse_native(FILE, text);
    let place = |d: &ampere_lang::diagnostic::Diagnostic| d.subject.map_or((0, 0), |s| (s.start.line, s.start.column));
    let found = findings.iter().map(|d| format!("{}:{} {}", place(d).0, place(d).1, d.summary)).collect();
    let blocks = body.blocks.iter().map(|b| b.block_type.to_string());
    let arguments = body.blocks.iter().flat_map(|b| &b.body.attributes).chain(&body.attributes);
    (found, blocks.chain(arguments.map(|a| a.name.to_string())).collect())
}

#[test]
fn an_error_costs_one_item() {
    let (found, read) = findings("a {\n  b = 1 2\n  c = \"x\n  d = (1\n  + )\n  e = 3\n}\nf {\n  g = 'x'\n}\n");
    assert_eq!(
        found,
        [
            "3:9 Invalid multi-line string",
            "9:7 Invalid character",
            "2:9 Missing newline after argument",
            "5:5 Invalid expression",
        ]
    );
    assert_eq!(read, ["a", "f", "b", "c", "d", "e", "g"]);
}

#[test]
fn unbalanced_brackets_do_not_swallow_the_file() {
    let (found, read) = findings("a {\n  b = [\n    1\n    2\n  c = 1\n}\nd {\n  e = = 1\n}\n");
    assert_eq!(found, ["4:5 Missing item separator", "8:7 Invalid expression"]);
    assert_eq!(read, ["a", "d", "b", "c", "e"]);
}

#[test]
fn findings_point_at_grapheme_columns() {
    let (found, _) = findings("a = \"日本e\u{301}\" b\r\n");
    assert_eq!(found, ["1:11 Missing newline after argument"]);
    let (found, _) = findings("\u{feff}a = 1 b\n");
    assert_eq!(found, ["1:7 Missing newline after argument"]);
}

#[test]
fn every_cut_of_a_file_is_survived() {
    let text = "a \"b\" {\n  c = \"x ${d[\"e\"]} %{ if f }g%{ endif }\\n\" # h\n  i = <<-EOT\n    j ${k}\n    EOT\n  l = {for m, n in [1]: m => n... if !o}\n}\n";
    for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
        parse_native(FILE, &text[..at]);
        parse_native(FILE, &text[at..]);
        parse_expression(FILE, &text[at..]);
        parse_template(FILE, &text[at..]);
    }
}
