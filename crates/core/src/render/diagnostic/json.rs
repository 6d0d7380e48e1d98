//! Findings in Terraform's JSON form.
use ampere_lang::diagnostic::{Diagnostic, Diagnostics, Severity};
use ampere_lang::source::{Pos, SourceMap};
use serde_json::{Map, Value, json};

use super::Snippet;

/// One finding as an object with `severity`, `summary`, `detail` and, where there are such, `address`, `range`, `snippet`
/// and our `ampere.promise`. The snippet of a concealed source is left out.
pub fn diagnostic(finding: &Diagnostic, sources: &SourceMap) -> Value {
    let mut object = Map::new();
    object.insert("severity".into(), severity(finding.severity).into());
    object.insert("summary".into(), finding.summary.clone().into());
    object.insert("detail".into(), finding.detail.clone().into());
    if let Some(address) = &finding.address {
        object.insert("address".into(), address.clone().into());
    }
    if let Some(snippet) = Snippet::of(finding, sources) {
        let range = json!({ "filename": snippet.file, "start": position(snippet.start), "end": position(snippet.end) });
        object.insert("range".into(), range);
        if let Some(code) = snippet.code {
            let (from, to) = snippet.highlight;
            let body = json!({
                "context": snippet.context,
                "code": code,
                "start_line": snippet.start.line,
                "highlight_start_offset": from,
                "highlight_end_offset": to,
                "values": [],
            });
            object.insert("snippet".into(), body);
        }
    }
    if let Some(promise) = finding.promise {
        object.insert("ampere".into(), json!({ "promise": promise }));
    }
    Value::Object(object)
}

/// What `validate -json` prints: format version 1.0.
pub fn validate_report(findings: &Diagnostics, sources: &SourceMap) -> Value {
    let count = |severity| findings.iter().filter(|d| d.severity == severity).count();
    json!({
        "format_version": "1.0",
        "valid": !findings.has_errors(),
        "error_count": count(Severity::Error),
        "warning_count": count(Severity::Warning),
        "diagnostics": findings.iter().map(|d| diagnostic(d, sources)).collect::<Vec<_>>(),
    })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn position(pos: Pos) -> Value {
    json!({ "line": pos.line, "column": pos.column, "byte": pos.byte })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ampere_lang::source::Span;

    #[test]
    fn a_concealed_source_keeps_its_place_and_loses_its_text() {
        let mut sources = SourceMap::default();
        let file = sources.add("main.tf", "value = \"sk-ant-EXAMPLE-1\"\n");
        let end = Pos { line: 1, column: 27, byte: 26 };
        let span = Span { file, start: Pos { line: 1, column: 9, byte: 8 }, end };
        let finding =
            Diagnostic::error("Literal secret", "Use an ephemeral variable.").at(span).concealed().for_promise("S1");
        let json = diagnostic(&finding, &sources);
        assert_eq!(json["range"]["start"]["column"], 9);
        assert_eq!(json["ampere"]["promise"], "S1");
        assert!(!json.to_string().contains("EXAMPLE"));
    }

    #[test]
    fn the_report_counts() {
        let mut findings = Diagnostics::new();
        findings.push(Diagnostic::warning("w", ""));
        let report = validate_report(&findings, &SourceMap::default());
        assert_eq!((&report["valid"], &report["warning_count"]), (&json!(true), &json!(1)));
    }
}
