//! `--once`: somebody signs up and leaves again, through HTTP.
use std::error::Error;
use std::io::Write as _;

use serde_json::{Value, json};

/// Signs a customer up, looks at the plan, deletes the customer, and fails unless each did what it should: for her, and for
/// nobody else. `firebase` is where people sign in.
pub async fn run(url: &str, firebase: &str) -> Result<(), Box<dyn Error>> {
    // The workspace's one TLS provider; reqwest is built without a choice of its own.
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = reqwest::Client::new();
    let ada = sign_in(&client, firebase, json!({ "sub": "1", "email": "ada@example.com", "name": "Ada" })).await?;
    let mallory = sign_in(&client, firebase, json!({ "sub": "2", "email": "mallory@example.com" })).await?;

    say("POST /customers");
    let form = json!({
        "name": "ada",
        "model": "anthropic/claude-sonnet-4-6",
        "model_key": "sk-ant-EXAMPLE-not-a-real-key",
    });
    let sign_up = || client.post(format!("{url}/customers")).json(&form);
    for forged in ["", "e30.e30.", mallory.rsplit_once('.').map_or("", |(unsigned, _)| unsigned)] {
        refused(sign_up().bearer_auth(forged).send().await?)?;
    }
    let last = told(sign_up().bearer_auth(&ada).send().await?).await?;
    // The account is taken over, the rest is made.
    expect(&last, "added", 3)?;

    say("GET /plan");
    let plan: Value = client.get(format!("{url}/plan")).bearer_auth(&ada).send().await?.json().await?;
    say(&plan.to_string());
    if plan["changes"] != json!([]) {
        return Err("a second plan finds changes".into());
    }

    say("DELETE /customers/ada");
    let delete = |token: &str| client.delete(format!("{url}/customers/ada")).bearer_auth(token).send();
    let last = told(delete(&mallory).await?).await?;
    if last["done"] != false {
        return Err("somebody else's customer was deleted".into());
    }
    let last = told(delete(&ada).await?).await?;
    expect(&last, "destroyed", 4)?;
    // Her user is gone, and so is what her token was good for, though it has not expired.
    refused(client.get(format!("{url}/plan")).bearer_auth(&ada).send().await?)
}

/// What the browser does: signs somebody in with Google, and gets their id token. (In the sandbox Google's own token is plain
/// JSON.)
async fn sign_in(client: &reqwest::Client, firebase: &str, google: Value) -> Result<String, Box<dyn Error>> {
    let body = json!({ "postBody": format!("id_token={google}&providerId=google.com"), "returnSecureToken": true });
    let answer = client.post(format!("{firebase}/v1/accounts:signInWithIdp?key=EXAMPLE")).json(&body).send().await?;
    let answer: Value = answer.error_for_status()?.json().await?;
    Ok(answer["idToken"].as_str().ok_or("no id token")?.to_owned())
}

fn refused(answer: reqwest::Response) -> Result<(), Box<dyn Error>> {
    match answer.status().as_u16() {
        401 => Ok(()),
        status => Err(format!("somebody who is not signed in got {status}").into()),
    }
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
