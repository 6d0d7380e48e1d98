//! What functions make of values that are not known yet, and of marks.
use crate::kit::World;

fn known(expression: &str) -> String {
    let value = World::default().evaluate(expression).unwrap_or_else(|e| panic!("{expression}: {e}"));
    ampere_lang::value::json::to_json(&value.unmark_deep().0).map_or_else(|_| "?".into(), |json| json.to_string())
}

#[test]
fn unknown_arguments_leave_known_what_can_be() {
    let cases = [
        (r#"startswith("pre-${var.unknown}", "pre-")"#, "true"),
        (r#"startswith(format("pre-%s", var.unknown), "x")"#, "false"),
        (r#"startswith(jsonencode({ a = var.unknown }), "{")"#, "true"),
        (r#"upper(var.unknown) == null"#, "false"),
        (r#"upper(var.unknown)"#, "?"),
        (r#"length([var.unknown, 1])"#, "2"),
        (r#"length(toset([var.unknown, "b"]))"#, "?"),
        (r#"length(toset([var.unknown, "b"])) > 0"#, "true"),
        (r#"length(sort(["b", var.unknown]))"#, "2"),
        (r#"alltrue([false, var.unknown == "x"])"#, "false"),
        (r#"alltrue([var.unknown == "x", false])"#, "?"),
        (r#"anytrue([var.unknown == "x", true])"#, "true"),
        (r#"contains(["v", var.unknown], "v")"#, "true"),
        (r#"contains(["w", var.unknown], "v")"#, "?"),
        (r#"coalesce("a", var.unknown)"#, r#""a""#),
        (r#"coalesce(var.unknown, "x")"#, "?"),
        (r#"element(["a", var.unknown], 0)"#, r#""a""#),
        (r#"index(["a", var.unknown], "a")"#, "0"),
        (r#"keys({ a = var.unknown })"#, r#"["a"]"#),
        (r#"lookup({ a = var.unknown, b = 2 }, "b")"#, "2"),
        (r#"slice([var.unknown, 1, 2], 1, 3)"#, "[1,2]"),
        (r#"setunion(["a", var.unknown], ["a"])"#, "?"),
        (r#"length(setproduct(split(",", var.unknown), ["a"]))"#, "?"),
        (r#"format("%s", null)"#, "?"),
    ];
    for (expression, expected) in cases {
        assert_eq!(known(expression), expected, "{expression}");
    }
}

/// Where the mark sensitive is: on the whole (`*`), or on these elements.
fn sensitive(expression: &str) -> String {
    let value = World::default().evaluate(expression).unwrap_or_else(|e| panic!("{expression}: {e}"));
    if value.marks().sensitive() {
        return "*".into();
    }
    let marked = |v: &ampere_lang::value::Value| v.deep_marks().sensitive();
    let of_list =
        value.elements().into_iter().flatten().enumerate().filter(|(_, v)| marked(v)).map(|(i, _)| i.to_string());
    let of_map = value.entries().into_iter().flatten().filter(|(_, v)| marked(v)).map(|(k, _)| k.to_string());
    of_list.chain(of_map).collect::<Vec<_>>().join(",")
}

#[test]
fn marks_stay_on_elements_where_elements_stay() {
    let cases = [
        ("upper(var.secret)", "*"),
        (r#"[var.secret, "b"]"#, "0"),
        ("length([var.secret])", ""),
        ("length(sensitive([1]))", "*"),
        (r#"element([var.secret, "b"], 1)"#, ""),
        (r#"element([var.secret, "b"], 0)"#, "*"),
        (r#"element(sensitive(["a", "b"]), 1)"#, "*"),
        ("keys({ a = var.secret })", ""),
        (r#"keys(sensitive({ a = "x" }))"#, "*"),
        ("values({ a = var.secret, b = 1 })", "0"),
        (r#"lookup({ a = var.secret, b = 1 }, "b")"#, ""),
        (r#"merge({ a = var.secret }, { b = 1 })"#, "a"),
        (r#"merge(sensitive({ a = 1 }), { b = 1 })"#, "*"),
        (r#"concat([var.secret], ["b"])"#, "0"),
        (r#"flatten([[var.secret], ["b"]])"#, "0"),
        (r#"flatten([sensitive(["a"]), ["b"]])"#, "*"),
        (r#"reverse([var.secret, "b"])"#, "1"),
        (r#"zipmap(["a", "b"], [var.secret, 2])"#, "a"),
        (r#"zipmap([var.secret, "b"], [1, 2])"#, "*"),
        (r#"toset([var.secret, "b"])"#, "*"),
        (r#"tolist([var.secret, 1])"#, "0"),
        (r#"join(",", [var.secret, "b"])"#, "*"),
        (r#"jsonencode({ a = var.secret })"#, "*"),
        ("nonsensitive(var.secret)", ""),
        (r#"setproduct([var.secret, "b"], ["x"])"#, "0"),
        (r#"coalesce("a", var.secret)"#, "*"),
    ];
    for (expression, expected) in cases {
        assert_eq!(sensitive(expression), expected, "{expression}");
    }
}

#[test]
fn messages_never_contain_a_secret() {
    let calls = [
        "tonumber(var.secret)",
        "tobool(var.secret)",
        "base64decode(var.secret)",
        "parseint(var.secret, 10)",
        "jsondecode(var.secret)",
        r#"yamldecode("a: [${var.secret}")"#,
        "cidrhost(var.secret, 1)",
        "cidrnetmask(var.secret)",
        r#"formatdate("YYYY", var.secret)"#,
        r#"timeadd("2024-01-01T00:00:00Z", var.secret)"#,
        r#"uuidv5(var.secret, "x")"#,
        r#"regex("(${var.secret}", "x")"#,
        r#"regex(var.secret, "x")"#,
        "lookup({ a = 1 }, var.secret)",
        r#"lookup(tomap({ a = 1 }), var.secret)"#,
        r#"textencodebase64("x", var.secret)"#,
        r#"csvdecode("a\n\"${var.secret}\"x")"#,
        r#"csvdecode("${var.secret},${var.secret}")"#,
        r#"format("%d", var.secret)"#,
        r#"format("${var.secret}%z", 1)"#,
        "sum([var.secret])",
        "pathexpand(\"~${var.secret}\")",
        r#"fileset(".", "[${var.secret}")"#,
        "rsadecrypt(var.secret, var.secret)",
        r#"zipmap([var.secret], [])"#,
    ];
    for call in calls {
        let message = World::default().evaluate(call).expect_err(call);
        assert!(!message.contains("hunter2"), "{call}: {message}");
    }
}

#[test]
fn calls_that_do_not_fit_the_parameters_are_refused() {
    let world = World::default();
    let fails = |call: &str, part: &str| {
        let message = world.evaluate(call).expect_err(call);
        assert!(message.contains(part), "{call}: {message}");
    };
    fails("upper()", "Not enough function arguments");
    fails(r#"upper("a", "b")"#, "Too many function arguments");
    fails("upper([])", r#"Invalid value for "str" parameter: string required"#);
    fails("upper(null)", r#"Invalid value for "str" parameter: argument must not be null"#);
    fails("uper(1)", r#"Did you mean "upper"?"#);
    fails(r#"join(",", ["a", null])"#, "element 1 is null; cannot concatenate null values");
}

#[test]
fn every_function_of_terraform_is_there() {
    // From `terraform metadata functions -json` of 1.11.4, less what the evaluator does itself.
    let expected = "abs abspath alltrue anytrue base64decode base64encode base64gzip base64sha256 base64sha512 basename \
        bcrypt ceil chomp chunklist cidrhost cidrnetmask cidrsubnet cidrsubnets coalesce coalescelist compact concat \
        contains csvdecode dirname distinct element endswith ephemeralasnull file filebase64 filebase64sha256 \
        filebase64sha512 fileexists filemd5 fileset filesha1 filesha256 filesha512 flatten floor format formatdate \
        formatlist indent index issensitive join jsondecode jsonencode keys length list log lookup lower map matchkeys max \
        md5 merge min nonsensitive one parseint pathexpand plantimestamp pow range regex regexall replace reverse \
        rsadecrypt sensitive setintersection setproduct setsubtract setunion sha1 sha256 sha512 signum slice sort split \
        startswith strcontains strrev substr sum textdecodebase64 textencodebase64 timeadd timecmp timestamp title tobool \
        tolist tomap tonumber toset tostring transpose trim trimprefix trimspace trimsuffix upper urlencode uuid uuidv5 \
        values yamldecode yamlencode zipmap";
    let found: Vec<&str> = ampere_lang::functions::names().collect();
    assert_eq!(found, expected.split_whitespace().collect::<Vec<_>>());
    assert!(ampere_lang::functions::lookup("core::upper").is_some());
}
