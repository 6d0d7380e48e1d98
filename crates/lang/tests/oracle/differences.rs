//! Where the two differ, and why ours is right: each with both answers, so that a change on either side is seen.
//!
//! The reference is HashiCorp's own parser, `hclsyntax`. Apart from these, `hcl-edit` keeps numbers as `f64` and strip
//! markers as they stand; [`shape`](super::shape) and [`theirs`](super::theirs) level that.
use super::{ours, theirs};

struct Difference {
    why: &'static str,
    text: &'static str,
    ours: Option<&'static str>,
    theirs: Option<&'static str>,
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        why: "a key that comes twice is allowed, and the last one counts",
        text: "x = { a = 1, a = 2 }",
        ours: Some("x = (object \"a\"=1 \"a\"=2)\n"),
        theirs: None,
    },
    Difference {
        why: "keywords are plain names where a key is wanted",
        text: "x = { null = 1, true = 2 }",
        ours: Some("x = (object \"null\"=1 \"true\"=2)\n"),
        theirs: Some("x = (object null=1 true=2)\n"),
    },
    Difference {
        why: "a minus is an operator, also before a number",
        text: "x = -1",
        ours: Some("x = (- 1)\n"),
        theirs: Some("x = -1\n"),
    },
    Difference {
        why: "`<<-` takes the indentation of text between directives too",
        text: "x = <<-EOT\n  %{ if a }\n  b\n  %{ endif }\n  EOT\n",
        ours: Some("x = (template $(if a \"\\nb\\n\" \"\") \"\\n\")\n"),
        theirs: Some("x = (template $(if a \"\\n  b\\n  \" \"\") \"\\n\")\n"),
    },
    Difference {
        why: "escapes are escapes between directives of a quoted template too",
        text: "x = \"%{ if a }\\n%{ endif }\"\n",
        ours: Some("x = (template $(if a \"\\n\" \"\"))\n"),
        theirs: Some("x = (template $(if a \"\\\\n\" \"\"))\n"),
    },
    Difference {
        why: "a splat of attributes alone cannot hold another",
        text: "x = a.*.b.*.c",
        ours: None,
        theirs: Some("x = (splat (splat a (get @ b)) (get @ c))\n"),
    },
    Difference {
        why: "two legacy indexes in a row are not permitted",
        text: "x = a.0.0",
        ours: None,
        theirs: Some("x = (index (index a 0) 0)\n"),
    },
    Difference {
        why: "a quoted string ends on its line",
        text: "x = \"a\nb\"",
        ours: None,
        theirs: Some("x = \"a\\nb\"\n"),
    },
    Difference {
        why: "a byte order mark at the start of a file is skipped",
        text: "\u{feff}x = 1",
        ours: Some("x = 1\n"),
        theirs: None,
    },
];

#[test]
fn the_two_differ_where_we_know_it_and_nowhere_else() {
    for Difference { why, text, ours: our, theirs: their } in DIFFERENCES {
        assert_eq!(ours::shape(text).ok().as_deref(), *our, "ours of {text:?}: {why}");
        assert_eq!(theirs::shape(text).ok().as_deref(), *their, "theirs of {text:?}: {why}");
    }
}
