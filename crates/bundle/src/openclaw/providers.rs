//! The model providers, and what OpenClaw must be told about each.
//!
//! Nine of them are known to OpenClaw's own package: a key is enough. For the others OpenClaw has plugins outside its package;
//! instead of installing seventeen of them on every box, the box is told the provider's public endpoint. These endpoints are
//! constants of this table, from OpenClaw's pages of the providers (`docs/providers/*.md` of the package, 2026.9.6) and its plugins'
//! manifests. No bundle can name another one (promise N2).
use serde_json::{Value, json};

/// A model provider.
#[derive(Debug, PartialEq, Eq)]
pub struct ModelProvider {
    /// OpenClaw's name of it, and the kind of a secret that holds its key.
    pub name: &'static str,
    reach: Reach,
    quirks: &'static [Quirk],
}

/// How OpenClaw reaches a provider.
#[derive(Debug, PartialEq, Eq)]
enum Reach {
    /// By a plugin of its own package, of the provider's name, that knows endpoint and models.
    Plugin,
    /// By the endpoint given here; its plugin does not come with the package, or does not know the endpoint.
    Endpoint { api: Api, url: &'static str },
    /// OpenCode Zen, where the protocol depends on the model.
    Zen,
}

/// The protocols that OpenClaw speaks, by its own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Api {
    Completions,
    Responses,
    Messages,
    Gemini,
}

/// What is different with a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quirk {
    /// Turns are made by OpenClaw itself. For OpenAI it would otherwise ask for a plugin that starts another program.
    OwnRuntime,
    /// A plugin of the package knows how to speak to it, though not where.
    HasPlugin,
    /// Its models cannot call tools.
    NoTools,
    /// It sends no usage within a stream.
    NoUsageInStream,
}

/// The names of the model providers, sorted.
pub const MODEL_PROVIDERS: [&str; TABLE.len()] = {
    let mut names = [""; TABLE.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = TABLE[i].name;
        i += 1;
    }
    names
};

pub(super) static PROVIDERS: [ModelProvider; TABLE.len()] = TABLE;

const TABLE: [ModelProvider; 27] = [
    plugin("anthropic", &[]),
    completions("byteplus", "https://ark.ap-southeast.bytepluses.com/api/v3"),
    completions("cerebras", "https://api.cerebras.ai/v1"),
    completions("deepseek", "https://api.deepseek.com"),
    completions("fireworks", "https://api.fireworks.ai/inference/v1"),
    plugin("google", &[]),
    completions("groq", "https://api.groq.com/openai/v1"),
    plugin("huggingface", &[]),
    completions("kilocode", "https://api.kilo.ai/api/gateway"),
    messages("minimax", "https://api.minimax.io/anthropic", &[Quirk::HasPlugin]),
    completions("mistral", "https://api.mistral.ai/v1"),
    completions("moonshot", "https://api.moonshot.ai/v1"),
    plugin("nvidia", &[]),
    plugin("openai", &[Quirk::OwnRuntime]),
    ModelProvider { name: "opencode", reach: Reach::Zen, quirks: &[] },
    plugin("openrouter", &[]),
    // OpenClaw itself knows Perplexity for searching only.
    ModelProvider { quirks: &[Quirk::NoTools], ..completions("perplexity", "https://api.perplexity.ai") },
    completions("qianfan", "https://qianfan.baidubce.com/v2"),
    completions("qwen", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
    messages("synthetic", "https://api.synthetic.new/anthropic", &[]),
    plugin("together", &[]),
    ModelProvider { quirks: &[Quirk::NoUsageInStream], ..completions("venice", "https://api.venice.ai/api/v1") },
    messages("vercel-ai-gateway", "https://ai-gateway.vercel.sh", &[]),
    completions("volcengine", "https://ark.cn-beijing.volces.com/api/v3"),
    plugin("xai", &[]),
    completions("xiaomi", "https://api.xiaomimimo.com/v1"),
    completions("zai", "https://api.z.ai/api/paas/v4"),
];

const fn plugin(name: &'static str, quirks: &'static [Quirk]) -> ModelProvider {
    ModelProvider { name, reach: Reach::Plugin, quirks }
}

const fn completions(name: &'static str, url: &'static str) -> ModelProvider {
    ModelProvider { name, reach: Reach::Endpoint { api: Api::Completions, url }, quirks: &[] }
}

const fn messages(name: &'static str, url: &'static str, quirks: &'static [Quirk]) -> ModelProvider {
    ModelProvider { name, reach: Reach::Endpoint { api: Api::Messages, url }, quirks }
}

impl ModelProvider {
    /// The provider of that name.
    pub fn named(name: &str) -> Option<&'static ModelProvider> {
        PROVIDERS.iter().find(|provider| provider.name == name)
    }

    /// The plugin of OpenClaw's package that speaks to it, if there is one.
    pub(super) fn plugin(&self) -> Option<&'static str> {
        (self.reach == Reach::Plugin || self.has(Quirk::HasPlugin)).then_some(self.name)
    }

    /// Its entry below `models.providers`, for the models that are used. `None` if there is nothing to say.
    pub(super) fn entry(&self, model: Option<&str>, key: Option<Value>) -> Option<Value> {
        let mut entry = match (&self.reach, model) {
            (Reach::Plugin, _) => json!({}),
            (_, None) => return None,
            (Reach::Endpoint { api, url }, Some(model)) => self.endpoint(*api, url, model),
            (Reach::Zen, Some(model)) => {
                let (api, url) = zen(model);
                self.endpoint(api, url, model)
            }
        };
        if self.has(Quirk::OwnRuntime) {
            entry["agentRuntime"] = json!({ "id": "openclaw" });
        }
        if let Some(key) = key {
            entry["apiKey"] = key;
        }
        entry.as_object().is_some_and(|entry| !entry.is_empty()).then_some(entry)
    }

    fn endpoint(&self, api: Api, url: &str, model: &str) -> Value {
        let mut model = json!({ "id": model, "name": model });
        if self.has(Quirk::NoTools) {
            model["compat"] = json!({ "supportsTools": false });
        }
        if self.has(Quirk::NoUsageInStream) {
            model["compat"] = json!({ "supportsUsageInStreaming": false });
        }
        json!({ "api": api.name(), "baseUrl": url, "models": [model] })
    }

    fn has(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }
}

impl Api {
    fn name(self) -> &'static str {
        match self {
            Api::Completions => "openai-completions",
            Api::Responses => "openai-responses",
            Api::Messages => "anthropic-messages",
            Api::Gemini => "google-generative-ai",
        }
    }
}

/// Zen's protocol for a model, and where it is spoken: as in the manifest of OpenClaw's plugin for it.
fn zen(model: &str) -> (Api, &'static str) {
    if model.starts_with("claude-") {
        (Api::Messages, "https://opencode.ai/zen")
    } else if model.starts_with("gpt-") {
        (Api::Responses, "https://opencode.ai/zen/v1")
    } else if model.starts_with("gemini-") {
        (Api::Gemini, "https://opencode.ai/zen/v1")
    } else {
        (Api::Completions, "https://opencode.ai/zen/v1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_endpoint_is_a_public_one() {
        assert!(MODEL_PROVIDERS.is_sorted());
        for provider in &PROVIDERS {
            let Some(entry) = provider.entry(Some("m"), None) else { continue };
            let Some(url) = entry.get("baseUrl").and_then(Value::as_str) else { continue };
            let host = url.strip_prefix("https://").and_then(|rest| rest.split('/').next()).unwrap();
            assert!(host.contains('.') && !host.contains(['@', ':']) && !url.ends_with('/'), "{url}");
            assert!(!host.contains("ampere"), "n2: {url}");
        }
    }

    #[test]
    fn a_provider_without_a_model_in_use_is_named_only_if_its_plugin_has_the_models() {
        let key = || Some(json!("KEY"));
        assert_eq!(ModelProvider::named("xai").unwrap().entry(None, key()), Some(json!({ "apiKey": "KEY" })));
        assert_eq!(ModelProvider::named("xai").unwrap().entry(None, None), None);
        assert_eq!(ModelProvider::named("groq").unwrap().entry(None, key()), None);
    }

    #[test]
    fn zen_speaks_to_each_family_its_own_way() {
        let api = |model| ModelProvider::named("opencode").unwrap().entry(Some(model), None).unwrap()["api"].clone();
        assert_eq!(api("claude-opus-4-6"), "anthropic-messages");
        assert_eq!(api("gpt-5.5"), "openai-responses");
        assert_eq!(api("kimi-k3"), "openai-completions");
    }
}
