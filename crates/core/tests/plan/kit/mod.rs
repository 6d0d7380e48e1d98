//! What the tests of the planner stand on: a scene (configuration, state, cloud), and plans as short texts.
mod household;
mod kinds;
mod listing;
mod world;

pub use household::household_kinds;
pub use kinds::kinds;
pub use listing::{listing, problems, steps};

use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_core::address::Address;
use ampere_core::identity::{AddressHash, ExternalId, Marker, StackId};
use ampere_core::inventory::{Inventory, ListProblem, Observed};
use ampere_core::kind::{Fingerprint, Kinds};
use ampere_core::plan::{Mode, Options, Plan, PlanInput, Target, plan};
use ampere_core::snapshot::{Object, ObjectKey, Snapshot};
use ampere_lang::config::{self, Module, variables};
use ampere_lang::eval::{Nowhere, constant};
use ampere_lang::source::FileId;
use ampere_lang::syntax::parse_expression;
use ampere_lang::value::convert::convert;
use ampere_lang::value::{Marks, Value};
use jiff::Timestamp;

/// Fingerprints for tests: keyed with nothing, but never the text itself.
pub struct TestFingerprint;

impl Fingerprint for TestFingerprint {
    fn fingerprint(&self, context: &str, secret: &str) -> String {
        blake3::hash(format!("{context}\0{secret}").as_bytes()).to_hex()[..16].to_string()
    }
}

/// The marker of an address, in the clear.
pub fn marker(address: &Address) -> Marker {
    Marker { stack: StackId("stack".into()), address: AddressHash(address.to_string().into()) }
}

/// A configuration, a state and a cloud.
pub struct Scene {
    pub kinds: Kinds,
    pub module: Module,
    pub variables: BTreeMap<Arc<str>, Value>,
    pub snapshot: Snapshot,
    pub inventory: Inventory,
    pub imported: BTreeMap<(Arc<str>, ExternalId), Observed>,
    pub options: Options,
    pub(crate) next_id: u32,
}

pub fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

impl Scene {
    /// Nothing is there yet, and the clouds have been listed.
    pub fn new(text: &str) -> Scene {
        let mut scene = Scene {
            kinds: kinds(),
            module: Module::default(),
            variables: BTreeMap::new(),
            snapshot: Snapshot::default(),
            inventory: Inventory::default(),
            imported: BTreeMap::new(),
            options: Options { refreshed: true, ..Options::default() },
            next_id: 1,
        };
        let listed = scene.kinds.iter().filter(|(_, kind)| kind.listed());
        scene.inventory.listings = listed.map(|(name, _)| (Arc::from(*name), Default::default())).collect();
        scene.configure(text);
        scene
    }

    /// Another configuration for the same stack.
    pub fn configure(&mut self, text: &str) -> &mut Scene {
        self.configure_with(text, &[])
    }

    /// Another configuration, with values of variables as texts.
    pub fn configure_with(&mut self, text: &str, values: &[(&str, &str)]) -> &mut Scene {
        let (mut module, findings) = config::load(vec![("main.tf".into(), text.into())]);
        assert!(!findings.has_errors(), "{:?}", findings.iter().collect::<Vec<_>>());
        let arguments = values
            .iter()
            .map(|(name, value)| variables::Argument::Var { name: (*name).into(), value: (*value).into() });
        let sources = variables::Sources { arguments: arguments.collect(), ..Default::default() };
        let (raw, findings) = variables::collect(&mut module, &sources);
        assert!(!findings.has_errors(), "{findings:?}");
        let (finished, findings) = variables::finish(&module, &raw);
        assert!(!findings.has_errors(), "{findings:?}");
        self.variables = finished.values;
        self.module = module;
        self
    }

    pub fn input(&self) -> PlanInput<'_> {
        PlanInput {
            module: &self.module,
            variables: &self.variables,
            kinds: &self.kinds,
            snapshot: &self.snapshot,
            inventory: &self.inventory,
            imported: &self.imported,
            options: &self.options,
            host: &Nowhere,
            fingerprint: &TestFingerprint,
            marker: &marker,
            now: now(),
        }
    }

    pub fn plan(&self) -> Plan {
        plan(&self.input())
    }

    /// The plan as a short text.
    pub fn listing(&self) -> String {
        listing(&self.plan())
    }

    /// Plans, applies, and plans again: the second plan must have nothing to do.
    pub fn converge(&mut self) -> &mut Scene {
        let plan = self.plan();
        assert_eq!(problems(&plan), "");
        self.apply(&plan);
        let again = self.plan();
        let steps = steps(&again);
        assert_eq!(steps, "", "the second plan has something to do");
        self
    }

    pub fn target(&mut self, names: &[&str]) -> &mut Scene {
        self.options.targets = names
            .iter()
            .map(|name| match config::parse_resource_address(name).unwrap() {
                (resource, None) => Target::Resource(resource),
                (resource, key) => Target::Instance(Address { resource, key }),
            })
            .collect();
        self
    }

    pub fn mode(&mut self, mode: Mode) -> &mut Scene {
        self.options.mode = mode;
        self
    }

    /// An object of the state, with attributes written as an HCL object.
    pub fn state(&mut self, at: &str, id: &str, attributes: &str) -> &mut Scene {
        let address = address(at);
        let attributes = self.object(address.kind(), attributes);
        let object = Object {
            id: ExternalId::from(id),
            attributes,
            dependencies: Vec::new(),
            create_before_destroy: false,
            tainted: false,
            schema_version: 0,
            sealed: None,
        };
        self.snapshot.objects.insert(ObjectKey::current(address), object);
        self
    }

    /// A whole object of a kind from an HCL object.
    pub fn object(&self, kind: &str, text: &str) -> Value {
        let schema = self.kinds[kind].schema();
        let written = hcl(text);
        let values = schema.attributes.iter().map(|a| {
            let value = written.get(a.name).unwrap_or_else(|| Value::null(a.ty.without_optional()));
            let value = convert(&value, &a.ty).unwrap();
            (a.name, if a.sensitive { value.with_marks(Marks::SENSITIVE) } else { value })
        });
        Value::object(values)
    }

    /// An object in the cloud that bears the marker of an address.
    pub fn cloud(&mut self, at: &str, id: &str, attributes: &str) -> &mut Scene {
        let address = address(at);
        let attributes = hcl(attributes).entries().cloned().unwrap_or_default();
        self.observe(
            address.kind(),
            Observed {
                id: Some(ExternalId::from(id)),
                marker: marker(&address),
                attributes,
                parts: Vec::new(),
                missing: Vec::new(),
            },
        )
    }

    pub fn observe(&mut self, kind: &str, observed: Observed) -> &mut Scene {
        self.inventory.listings.entry(kind.into()).or_default().objects.push(observed);
        self
    }

    /// The object of that id, as the cloud has it.
    pub fn observed(&mut self, id: &str) -> &mut Observed {
        let mut all = self.inventory.listings.values_mut().flat_map(|listing| &mut listing.objects);
        all.find(|o| o.id.as_ref().is_some_and(|found| &*found.0 == id)).unwrap()
    }

    /// Someone deletes it by hand.
    pub fn vanish(&mut self, id: &str) -> &mut Scene {
        for listing in self.inventory.listings.values_mut() {
            listing.objects.retain(|o| o.id.as_ref().is_none_or(|found| &*found.0 != id));
        }
        self
    }

    /// The listing of a kind has a problem.
    pub fn incomplete(&mut self, kind: &str) -> &mut Scene {
        let problem = ListProblem { place: "GET /objects, page 2".into(), message: "not JSON".into() };
        self.inventory.listings.entry(kind.into()).or_default().problems.push(problem);
        self
    }
}

pub fn address(text: &str) -> Address {
    let (resource, key) = config::parse_resource_address(text).unwrap();
    Address { resource, key }
}

pub fn hcl(text: &str) -> Value {
    let (expr, findings) = parse_expression(FileId(0), text);
    assert!(!findings.has_errors(), "{findings:?}");
    let (value, findings) = constant(&expr);
    assert!(!findings.has_errors(), "{findings:?}");
    value
}
