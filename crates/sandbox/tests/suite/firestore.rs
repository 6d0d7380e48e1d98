//! Documents, commits and queries of Firestore.

use serde_json::{Value, json};

use crate::kit::{Calls, sandbox};

const ROOT: &str = "projects/demo/databases/(default)/documents";

fn url(path: &str) -> String {
    format!("/firestore/v1/{ROOT}{path}")
}

fn text(value: &str) -> Value {
    json!({"stringValue": value})
}

#[tokio::test]
async fn a_document_is_made_changed_by_mask_and_deleted() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let fields = json!({"fields": {"name": text("Ada"), "age": {"integerValue": 36}}});
    let made = calls.post(&url("/accounts?documentId=ada"), fields.clone()).await.ok();
    assert_eq!(made["name"], format!("{ROOT}/accounts/ada"));
    assert_eq!(made["fields"]["age"]["integerValue"], "36");
    let again = calls.post(&url("/accounts?documentId=ada"), fields).await.refused(409);
    assert_eq!(again["error"]["status"], "ALREADY_EXISTS");

    let path = url("/accounts/ada?updateMask.fieldPaths=name&updateMask.fieldPaths=age");
    let changed = calls.call("PATCH", &path, json!({"fields": {"name": text("Eve")}})).await.ok();
    assert_eq!(changed["fields"], json!({"name": text("Eve")}));
    assert_eq!(changed["createTime"], made["createTime"]);
    assert!(changed["updateTime"].as_str() > made["updateTime"].as_str());
    let absent = url("/accounts/bob?currentDocument.exists=true");
    let missing = calls.call("PATCH", &absent, json!({"fields": {}})).await.refused(404);
    assert_eq!(missing["error"]["status"], "NOT_FOUND");
    calls.delete(&url("/accounts/ada")).await.ok();
    calls.delete(&url("/accounts/ada")).await.ok();
    calls.get(&url("/accounts/ada")).await.refused(404);
    calls.delete(&url("/accounts/ada?currentDocument.exists=true")).await.refused(404);
}

#[tokio::test]
async fn a_commit_happens_whole_or_not_at_all() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let write = |id: &str, condition: Value| {
        json!({
            "update": {"name": format!("{ROOT}/accounts/{id}"), "fields": {"n": text(id)}},
            "currentDocument": condition,
        })
    };
    let both = json!({"writes": [
        write("a", json!({"exists": false})), write("b", json!({"exists": true})),
    ]});
    calls.post(&url(":commit"), both).await.refused(404);
    calls.get(&url("/accounts/a")).await.refused(404);

    let made = json!({"writes": [write("a", json!({"exists": false})), write("b", json!({}))]});
    let done = calls.post(&url(":commit"), made).await.ok();
    assert_eq!(done["writeResults"].as_array().map(Vec::len), Some(2));
    let time = done["writeResults"][0]["updateTime"].clone();
    let first = json!({"writes": [write("a", json!({"updateTime": time}))]});
    calls.post(&url(":commit"), first.clone()).await.ok();
    let stale = calls.post(&url(":commit"), first).await.refused(400);
    assert_eq!(stale["error"]["status"], "FAILED_PRECONDITION");
    let delete = json!({"writes": [{"delete": format!("{ROOT}/accounts/a")}]});
    calls.post(&url(":commit"), delete).await.ok();

    let names = json!([format!("{ROOT}/accounts/a"), format!("{ROOT}/accounts/b")]);
    let read = calls.post(&url(":batchGet"), json!({"documents": names})).await.ok();
    assert_eq!(read[0]["missing"], names[0]);
    assert_eq!(read[1]["found"]["fields"]["n"], text("b"));
}

#[tokio::test]
async fn transforms_count_and_stamp() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let write = json!({"writes": [{
        "update": {"name": format!("{ROOT}/counters/c"), "fields": {}},
        "updateMask": {"fieldPaths": []},
        "updateTransforms": [
            {"fieldPath": "n", "increment": {"integerValue": "2"}},
            {"fieldPath": "at", "setToServerValue": "REQUEST_TIME"},
        ],
    }]});
    calls.post(&url(":commit"), write.clone()).await.ok();
    calls.post(&url(":commit"), write).await.ok();
    let counter = calls.get(&url("/counters/c")).await.ok();
    assert_eq!(counter["fields"]["n"]["integerValue"], "4");
    assert!(counter["fields"]["at"]["timestampValue"].is_string());
}

async fn fill(calls: &Calls) {
    for (id, stack, n) in [("a", "x", 3), ("b", "y", 1), ("c", "x", 1), ("d", "x", 2)] {
        let fields = json!({"fields": {"ampereStack": text(stack), "n": {"integerValue": n}}});
        calls.call("PATCH", &url(&format!("/accounts/{id}")), fields).await.ok();
    }
    let below = json!({"fields": {"ampereStack": text("x")}});
    calls.call("PATCH", &url("/accounts/a/boxes/1"), below).await.ok();
}

async fn ids(calls: &Calls, path: &str, query: Value) -> Vec<String> {
    let answer = calls.post(&url(path), json!({"structuredQuery": query})).await.ok();
    let found = answer.as_array().expect("a list").iter();
    let name = |item: &Value| item["document"]["name"].as_str().map(str::to_owned);
    found.filter_map(name).map(|name| name.rsplit('/').next().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn a_query_filters_orders_pages_and_reaches_subcollections() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    fill(&calls).await;
    let from = json!([{"collectionId": "accounts"}]);
    let stack = json!({"fieldFilter": {
        "field": {"fieldPath": "ampereStack"}, "op": "EQUAL", "value": text("x"),
    }});
    let small = json!({"fieldFilter": {
        "field": {"fieldPath": "n"}, "op": "LESS_THAN", "value": {"integerValue": "3"},
    }});
    let both = json!({"compositeFilter": {"op": "AND", "filters": [stack, small]}});
    let run = ":runQuery";
    assert_eq!(ids(&calls, run, json!({"from": from, "where": stack})).await, ["a", "c", "d"]);
    assert_eq!(ids(&calls, run, json!({"from": from, "where": both})).await, ["c", "d"]);
    let down = json!([{"field": {"fieldPath": "n"}, "direction": "DESCENDING"}]);
    let ordered = json!({"from": from, "orderBy": down, "limit": 2});
    assert_eq!(ids(&calls, run, ordered).await, ["a", "d"]);
    let by_name = json!([{"field": {"fieldPath": "__name__"}}]);
    let after = json!({"values": [{"referenceValue": format!("{ROOT}/accounts/b")}], "before": false});
    let page = json!({"from": from, "orderBy": by_name, "startAt": after, "limit": 1});
    assert_eq!(ids(&calls, run, page).await, ["c"]);
    let below = json!({"from": [{"collectionId": "boxes"}]});
    assert_eq!(ids(&calls, "/accounts/a:runQuery", below).await, ["1"]);
    let everywhere = json!({"from": [{"collectionId": "boxes", "allDescendants": true}]});
    assert_eq!(ids(&calls, run, everywhere).await, ["1"]);
    let none = json!({"from": [{"collectionId": "nothing"}]});
    assert!(ids(&calls, run, none).await.is_empty());
}

#[tokio::test]
async fn a_collection_is_listed_page_by_page_without_what_lies_below() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    fill(&calls).await;
    let first = calls.get(&url("/accounts?pageSize=3")).await.ok();
    assert_eq!(first["documents"].as_array().map(Vec::len), Some(3));
    let token = first["nextPageToken"].as_str().expect("more");
    let rest = calls.get(&url(&format!("/accounts?pageSize=3&pageToken={token}"))).await.ok();
    assert_eq!(rest["documents"].as_array().map(Vec::len), Some(1));
    assert!(rest["nextPageToken"].is_null());
}

#[tokio::test]
async fn what_is_empty_is_left_out_as_everywhere_in_googles_json() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let empty = calls.call("PATCH", &url("/c/empty"), json!({})).await.ok();
    assert!(empty.get("fields").is_none(), "{empty}");
    let fields = json!({"fields": {"list": {"arrayValue": {}}, "map": {"mapValue": {}}}});
    let made = calls.call("PATCH", &url("/c/d"), fields.clone()).await.ok();
    assert_eq!(made["fields"], fields["fields"]);
    let nothing = calls.post(&url(":commit"), json!({})).await.ok();
    assert!(nothing.get("writeResults").is_none() && nothing["commitTime"].is_string());
}

#[tokio::test]
async fn what_is_not_valid_is_refused() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    for fields in [json!({"a": "plain"}), json!({"a": {"integerValue": "x"}}), json!({"a": {}})] {
        let refused = calls.call("PATCH", &url("/c/d"), json!({"fields": fields})).await.refused(400);
        assert_eq!(refused["error"]["status"], "INVALID_ARGUMENT");
    }
    let large = json!({"fields": {"a": text(&"x".repeat(1024 * 1024))}});
    calls.call("PATCH", &url("/c/d"), large).await.refused(400);
    calls.call("PATCH", &url("/c"), json!({})).await.refused(400);
    let gone = url("/c/gone?currentDocument.updateTime=2026-01-01T00:00:00Z");
    let stale = calls.delete(&gone).await.refused(400);
    assert_eq!(stale["error"]["status"], "FAILED_PRECONDITION");
    let foreign = json!({"writes": [{"delete": "projects/other/databases/(default)/documents/c/d"}]});
    calls.post(&url(":commit"), foreign).await.refused(400);
    let transaction = json!({"writes": [], "transaction": "dA=="});
    calls.post(&url(":commit"), transaction).await.refused(501);
}
