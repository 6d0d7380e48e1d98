//! The clouds of a run: the real ones, or the sandbox when none is configured.
use std::sync::Arc;

use ampere_core::evaluate::World;
use ampere_core::lang::config::Module;
use ampere_core::lang::diagnostic::Diagnostics;
use ampere_core::lang::eval::evaluate;
use ampere_core::lang::value::convert::convert;
use ampere_core::lang::value::{Type, Value};
use ampere_core::provider::Providers;
use ampere_core::snapshot::Snapshot;
use ampere_provider::{AmpereProvider, Endpoints, Settings, block_type};
use ampere_sandbox::{Config, Sandbox, StartError};

use crate::commands::sandbox::boxes;
use crate::failure::Failure;
use crate::kinds;
use crate::project::{DataDirectory, VariableValues};
use crate::world::DirectoryHost;

/// The provider's name in configurations.
const PROVIDER: &str = "ampere";

/// Who serves the kinds of a run.
pub struct Clouds {
    /// The providers.
    pub providers: Providers,
    /// Where the sandbox is, if it serves.
    pub sandbox_address: Option<String>,
    sandbox: Option<Sandbox>,
}

impl Clouds {
    /// Whether a configuration or a state has anything to do with a cloud.
    pub fn needed(module: &Module, snapshot: &Snapshot) -> bool {
        let known = kinds::all();
        let in_cloud = |resource_type: &str| known.get(resource_type).is_some_and(|kind| kind.listed());
        module.providers.iter().any(|block| &*block.name == PROVIDER)
            || module.resources.keys().any(|name| in_cloud(&name.resource_type))
            || !snapshot.tombstones.is_empty()
            || snapshot.objects.keys().any(|key| in_cloud(key.address.kind()))
    }

    /// No cloud at all: `terraform_data` only.
    pub fn none() -> Clouds {
        Clouds { providers: kinds::builtin(), sandbox_address: None, sandbox: None }
    }

    /// Connects to what the `provider "ampere"` block and the environment say; with nothing said, the sandbox is started, or
    /// the one that holds the directory already is used.
    ///
    /// # Errors
    /// Settings are missing or wrong, or the sandbox cannot be started.
    pub async fn connect(
        module: &Module,
        variables: &VariableValues,
        host: &DirectoryHost,
        data: &DataDirectory,
    ) -> Result<Clouds, Failure> {
        let block = provider_block(module, variables, host)?;
        let environment = |name: &str| std::env::var(name).ok();
        let mut clouds = Clouds::none();
        let mut endpoints = None;
        if Settings::wants_sandbox(&block, &environment) {
            let (sandbox, found) = start(data).await?;
            clouds.sandbox_address = Some(found.0);
            clouds.sandbox = sandbox;
            endpoints = Some(found.1);
        }
        let settings = Settings::resolve(&block, &environment, endpoints)
            .map_err(|findings| Failure::findings(findings, module.sources.clone()))?;
        let provider = AmpereProvider::new(&settings)
            .map_err(|error| Failure::error("The provider cannot be set up", format!("{error}.")))?;
        clouds.providers = clouds.providers.with(Arc::new(provider));
        Ok(clouds)
    }

    /// Whether the clouds would be a sandbox that has never been used: then nothing that is asked here says where the objects
    /// of a stack are.
    ///
    /// # Errors
    /// The `provider` block has faults.
    pub fn are_unknown(
        module: &Module,
        variables: &VariableValues,
        host: &DirectoryHost,
        data: &DataDirectory,
    ) -> Result<bool, Failure> {
        let block = provider_block(module, variables, host)?;
        Ok(Settings::wants_sandbox(&block, &|name| std::env::var(name).ok()) && !data.sandbox_path().exists())
    }

    /// Ends the sandbox, if this run started it.
    pub async fn close(self) {
        if let Some(sandbox) = self.sandbox
            && let Err(error) = sandbox.stop().await
        {
            tracing::warn!(%error, "the sandbox did not stop in good order");
        }
    }
}

/// The arguments of the `provider "ampere"` block; null without one.
fn provider_block(module: &Module, variables: &VariableValues, host: &DirectoryHost) -> Result<Value, Failure> {
    let block = module.providers.iter().find(|block| &*block.name == PROVIDER && block.alias.is_none());
    let Some(block) = block else { return Ok(Value::null(Type::Dynamic)) };
    let kinds = kinds::all();
    let world = World::new(module, variables, &kinds, host);
    let mut findings = Diagnostics::new();
    let mut arguments = Vec::new();
    for attribute in &block.config.attributes {
        let (value, found) = evaluate(&attribute.value, &world, host);
        findings.extend(found);
        arguments.push((attribute.name.clone(), value));
    }
    let Type::Object(known) = block_type() else { return Ok(Value::null(Type::Dynamic)) };
    for attribute in block.config.attributes.iter().filter(|a| !known.attributes.contains_key(&a.name)) {
        let detail = format!("An argument named {:?} is not expected here.", attribute.name);
        findings.push(
            ampere_core::lang::diagnostic::Diagnostic::error("Unsupported argument", detail).at(attribute.name_span),
        );
    }
    if findings.has_errors() {
        return Err(Failure::findings(findings, module.sources.clone()));
    }
    convert(&Value::object(arguments), &block_type()).map_err(|error| {
        let detail = format!("The provider block of \"{PROVIDER}\" is not suitable: {error}.");
        let finding = ampere_core::lang::diagnostic::Diagnostic::error("Invalid provider configuration", detail);
        Failure::findings(finding.at(block.span).concealed().into(), module.sources.clone())
    })
}

type Found = (String, Endpoints);

async fn start(data: &DataDirectory) -> Result<(Option<Sandbox>, Found), Failure> {
    let config = Config { directory: Some(data.sandbox_path()), boxes: Some(boxes()?), ..Config::default() };
    match Sandbox::start(config).await {
        Ok(sandbox) => {
            let found = (format!("http://{}", sandbox.address()), endpoints(sandbox.endpoints()));
            Ok((Some(sandbox), found))
        }
        Err(StartError::Busy { address: Some(address) }) => {
            let found = endpoints(&ampere_sandbox::Endpoints::of(&address));
            Ok((None, (address, found)))
        }
        Err(error) => Err(sandbox_failure(&error)),
    }
}

/// A failure of the sandbox, its cause included.
pub fn sandbox_failure(error: &StartError) -> Failure {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    Failure::error("The sandbox cannot be started", format!("{error}{cause}."))
}

fn endpoints(of: &ampere_sandbox::Endpoints) -> Endpoints {
    Endpoints {
        hetzner: of.hetzner.clone(),
        stripe: of.stripe.clone(),
        identity_toolkit: of.identity_toolkit.clone(),
        firestore: of.firestore.clone(),
        secure_token: Some(of.secure_token.clone()),
    }
}
