//! `--once`: somebody signs up and leaves again, through HTTP.
use std::error::Error;
use std::io::Write as _;

use serde_json::{Value, json};

/// Signs a customer up, looks at the plan, deletes the customer, and fails unless each did what it should.
pub async fn run(url: &str) -> Result<(), Box<dyn Error>> {
    // The workspace's one TLS provider; reqwest is built without a choice of its own.
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = reqwest::Client::new();
    say("POST /customers");
    let form = json!({
        "name": "ada",
        "email": "ada@example.com",
        "model": "anthropic/claude-sonnet-4-6",
        "model_key": "sk-ant-EXAMPLE-not-a-real-key",
    });
    let last = told(client.post(format!("{url}/customers")).json(&form).send().await?).await?;
    expect(&last, "added", 4)?;

    say("GET /plan");
    let plan: Value = client.get(format!("{url}/plan")).send().await?.json().await?;
    say(&plan.to_string());
    if plan["changes"] != json!([]) {
        return Err("a second plan finds changes".into());
    }

    say("DELETE /customers/ada");
    let last = told(client.delete(format!("{url}/customers/ada")).send().await?).await?;
    expect(&last, "destroyed", 4)
}

/// Prints the lines of an answer; returns the last one.
async fn told(answer: reqwest::Response) -> Result<Value, Box<dyn Error>> {
    let text = answer.error_for_status()?.text().await?;
    text.lines().for_each(say);
    let last = text.lines().last().ok_or("an answer without a line")?;
    Ok(serde_json::from_str(last)?)
}

fn expect(last: &Value, what: &str, number: u64) -> Result<(), Box<dyn Error>> {
    match last["done"] == true && last[what] == number {
        true => Ok(()),
        false => Err(format!("{number} {what} were expected").into()),
    }
}

/// Prints a line.
pub fn say(line: &str) {
    // A closed pipe is no reason to stop in the middle of a signup.
    let _ = writeln!(std::io::stdout(), "{line}");
}
