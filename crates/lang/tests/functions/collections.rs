//! Lists, sets, maps.
use crate::kit::agree;

#[test]
fn alltrue() {
    agree(&[(r#"alltrue([true, "true"])"#, "true"), ("alltrue([])", "true"), ("alltrue([true, null])", "false")]);
}

#[test]
fn anytrue() {
    agree(&[("anytrue([false, null])", "false"), ("anytrue([])", "false"), (r#"anytrue(["true"])"#, "true")]);
}

#[test]
fn coalesce() {
    agree(&[
        (r#"coalesce("", "b")"#, r#""b""#),
        (r#"coalesce(null, 5, "x")"#, r#""5""#),
        (r#"coalesce("", null)"#, "!"),
        ("coalesce([], [1])", "[]"),
        ("coalesce({}, {a = 1})", "{}"),
        ("coalesce(false, true)", "false"),
    ]);
}

#[test]
fn coalescelist() {
    agree(&[
        ("coalescelist([], [1, 2])", "[1,2]"),
        ("coalescelist([], [])", "!"),
        (r#"coalescelist(null, ["a"])"#, "!"),
        (r#"coalescelist("a")"#, "!"),
    ]);
}

#[test]
fn compact() {
    agree(&[(r#"compact(["a", "", null, "b"])"#, r#"["a","b"]"#), (r#"compact([1, "", 2])"#, r#"["1","2"]"#)]);
}

#[test]
fn concat() {
    agree(&[
        (r#"concat(["a"], [1, true])"#, r#"["a",1,true]"#),
        (r#"concat(tolist(["a"]), tolist([1]))"#, r#"["a","1"]"#),
        ("concat([], [])", "[]"),
        ("concat()", "!"),
        (r#"concat("a")"#, "!"),
        (r#"concat(toset(["a"]))"#, "!"),
    ]);
}

#[test]
fn contains() {
    agree(&[
        (r#"contains(["a", "b"], "a")"#, "true"),
        (r#"contains([1, 2], "1")"#, "false"),
        (r#"contains(tolist(["1"]), 1)"#, "false"),
        ("contains(toset([1]), 1)", "true"),
        ("contains({a = 1}, 1)", "!"),
        ("contains([[1]], [1])", "true"),
        ("contains([tolist([1])], [1])", "false"),
    ]);
}

#[test]
fn distinct() {
    agree(&[
        (r#"distinct(["b", "a", "b", 1])"#, r#"["b","a","1"]"#),
        (r#"distinct([1, "1", true])"#, r#"["1","true"]"#),
        ("distinct([[1], [1], [2]])", "[[1],[2]]"),
        ("distinct([{a = 1}, {a = 1}])", r#"[{"a":1}]"#),
        ("distinct([])", "[]"),
        (r#"distinct(toset(["a"]))"#, r#"["a"]"#),
    ]);
}

#[test]
fn element() {
    agree(&[
        (r#"element(["a", "b", "c"], 4)"#, r#""b""#),
        (r#"element(["a", "b"], -1)"#, "!"),
        (r#"element(tolist(["a", "b"]), -1)"#, r#""b""#),
        (r#"element(tolist(["a", "b", "c"]), -5)"#, r#""b""#),
        ("element([], 0)", "!"),
        (r#"element(["a"], 1.5)"#, "!"),
        (r#"element(toset(["a"]), 0)"#, "!"),
        (r#"element([1, "a"], 1)"#, r#""a""#),
    ]);
}

#[test]
fn flatten() {
    agree(&[
        (r#"flatten([["a", []], ["b", [["c"]]]])"#, r#"["a","b","c"]"#),
        (r#"flatten([1, "a"])"#, r#"[1,"a"]"#),
        ("flatten([null, [null]])", "[null,null]"),
        (r#"flatten(toset([["b"], ["a"]]))"#, r#"["a","b"]"#),
        ("flatten({a = 1})", "!"),
        ("flatten([])", "[]"),
    ]);
}

#[test]
fn index() {
    agree(&[
        (r#"index(["a", "b"], "b")"#, "1"),
        (r#"index([1], "1")"#, "!"),
        ("index([], 1)", "!"),
        ("index(toset([1]), 1)", "!"),
    ]);
}

#[test]
fn keys() {
    agree(&[
        ("keys({b = 1, a = 2})", r#"["a","b"]"#),
        ("keys(tomap({b = 1, a = 2}))", r#"["a","b"]"#),
        ("keys({})", "[]"),
        ("keys([])", "!"),
    ]);
}

#[test]
fn lookup() {
    agree(&[
        (r#"lookup({a = 1}, "a")"#, "1"),
        (r#"lookup({a = 1}, "b", "x")"#, r#""x""#),
        (r#"lookup({a = 1}, "b")"#, "!"),
        (r#"lookup(tomap({a = 1}), "b", "2")"#, "2"),
        (r#"lookup(tomap({a = 1}), "b", "x")"#, "!"),
        (r#"lookup(tomap({a = 1}), "b")"#, "!"),
        (r#"lookup(tomap({a = 1}), "b", null)"#, "null"),
        ("lookup([1], 0)", "!"),
        (r#"lookup({a = 1}, "a", 1, 2)"#, "!"),
    ]);
}

#[test]
fn matchkeys() {
    agree(&[
        (r#"matchkeys(["i1", "i2", "i3"], ["a", "b", "a"], ["a"])"#, r#"["i1","i3"]"#),
        (r#"matchkeys([1, 2], ["a"], ["a"])"#, "!"),
        (r#"matchkeys([1], ["a"], [])"#, "[]"),
        (r#"matchkeys([1, 2], [1, 2], ["2"])"#, "[2]"),
    ]);
}

#[test]
fn merge() {
    agree(&[
        (r#"merge({a = 1}, {b = "x"}, {a = 3})"#, r#"{"a":3,"b":"x"}"#),
        ("merge(tomap({a = 1}), tomap({b = 2}))", r#"{"a":1,"b":2}"#),
        (r#"merge(tomap({a = 1}), tomap({b = "x"}))"#, r#"{"a":1,"b":"x"}"#),
        (r#"merge({a = 1}, tomap({b = "x"}))"#, r#"{"a":1,"b":"x"}"#),
        ("merge()", "{}"),
        ("merge(null, {a = 1})", r#"{"a":1}"#),
        ("merge([])", "!"),
        ("merge({a = {b = 1}}, {a = {c = 2}})", r#"{"a":{"c":2}}"#),
    ]);
}

#[test]
fn one() {
    agree(&[
        ("one([])", "null"),
        (r#"one(["a"])"#, r#""a""#),
        (r#"one(["a", "b"])"#, "!"),
        (r#"one(toset(["a"]))"#, r#""a""#),
        ("one(null)", "!"),
        ("one({})", "!"),
    ]);
}

#[test]
fn reverse() {
    agree(&[
        (r#"reverse([1, "a", true])"#, r#"[true,"a",1]"#),
        ("reverse(tolist([1, 2]))", "[2,1]"),
        (r#"reverse(toset(["a", "b"]))"#, r#"["b","a"]"#),
        ("reverse([])", "[]"),
        (r#"reverse("abc")"#, "!"),
    ]);
}

#[test]
fn setintersection() {
    agree(&[
        (r#"setintersection(["a", "b"], ["b", "c"])"#, r#"["b"]"#),
        (r#"setintersection([1, 2], ["2"])"#, r#"["2"]"#),
    ]);
}

#[test]
fn setsubtract() {
    agree(&[(r#"setsubtract(["a", "b"], ["b"])"#, r#"["a"]"#), (r#"setsubtract([], ["b"])"#, "[]")]);
}

#[test]
fn setunion() {
    agree(&[
        (r#"setunion(["b", "a"], ["c"], [1])"#, r#"["1","a","b","c"]"#),
        ("setunion([])", "[]"),
        ("setunion([], [])", "[]"),
        (r#"setunion([[1]], [["a"]])"#, r#"[["1"],["a"]]"#),
    ]);
}

#[test]
fn setproduct() {
    agree(&[
        (r#"setproduct(["a", "b"], [1, 2])"#, r#"[["a",1],["a",2],["b",1],["b",2]]"#),
        (r#"setproduct(toset(["b", "a"]), ["x"])"#, r#"[["a","x"],["b","x"]]"#),
        (r#"setproduct([], ["a"])"#, "[]"),
        (r#"setproduct(["a"])"#, "!"),
        (r#"setproduct(["a", 1], [true])"#, r#"[["a",true],["1",true]]"#),
        (r#"setproduct([[1], [2]], ["a"])"#, r#"[[[1],"a"],[[2],"a"]]"#),
    ]);
}

#[test]
fn slice() {
    agree(&[
        (r#"slice(["a", "b", "c"], 1, 2)"#, r#"["b"]"#),
        (r#"slice(tolist(["a", "b", "c"]), 0, 3)"#, r#"["a","b","c"]"#),
        (r#"slice(["a"], 1, 1)"#, "[]"),
        (r#"slice(["a"], 0, 2)"#, "!"),
        (r#"slice(["a"], 1, 0)"#, "!"),
        (r#"slice(["a"], -1, 0)"#, "!"),
        (r#"slice(toset(["a"]), 0, 1)"#, "!"),
    ]);
}

#[test]
fn transpose() {
    agree(&[
        (r#"transpose({a = ["1", "2"], b = ["2"]})"#, r#"{"1":["a"],"2":["a","b"]}"#),
        ("transpose({})", "{}"),
        ("transpose({a = []})", "{}"),
    ]);
}

#[test]
fn values() {
    agree(&[
        (r#"values({b = 1, a = "x"})"#, r#"["x",1]"#),
        ("values(tomap({b = 1, a = 2}))", "[2,1]"),
        ("values({})", "[]"),
    ]);
}

#[test]
fn zipmap() {
    agree(&[
        (r#"zipmap(["a", "b"], [1, "x"])"#, r#"{"a":1,"b":"x"}"#),
        (r#"zipmap(["a", "b"], tolist([1, 2]))"#, r#"{"a":1,"b":2}"#),
        (r#"zipmap(["a"], [1, 2])"#, "!"),
        ("zipmap([], [])", "{}"),
        (r#"zipmap(["a", "a"], [1, 2])"#, r#"{"a":2}"#),
        (r#"zipmap(["a"], "x")"#, "!"),
    ]);
}

#[test]
fn chunklist() {
    agree(&[
        ("chunklist([1, 2, 3], 2)", "[[1,2],[3]]"),
        ("chunklist([1, 2, 3], 0)", "[[1,2,3]]"),
        ("chunklist([], 2)", "[]"),
        ("chunklist([1], -1)", "!"),
        (r#"chunklist(["a", 1], 1)"#, r#"[["a"],["1"]]"#),
    ]);
}

#[test]
fn list() {
    agree(&[(r#"list("a")"#, "!")]);
}
