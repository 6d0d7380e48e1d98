//! The identity of a plan: a hash over all it says.
use std::sync::Arc;

use ampere_lang::diagnostic::Diagnostic;
use ampere_lang::value::{Data, Path, Type, Value, path};

use super::{Change, Mode, Operation, Plan, Step, Target};
use crate::address::Address;
use crate::kind::Fingerprint;

/// The plan with its id, and its steps with the keys that come from it.
///
/// When it was made is no part of the id: the same question has the same plan. It is part of the keys, by which clouds tell
/// a call that is repeated from a new one: a plan made again later is no repetition.
///
/// Sensitive values go into the hash as keyed fingerprints: who knows a plan's id cannot try values until one fits.
pub(super) fn identified(mut plan: Plan, fingerprint: &dyn Fingerprint) -> Plan {
    let mut encoder = Encoder { hasher: blake3::Hasher::new(), fingerprint };
    encoder.plan(&plan);
    plan.id = encoder.hasher.finalize().to_hex().to_string();
    for step in &mut plan.steps {
        let text = format!("{}/{}/{}", plan.id, plan.made_at, step.index);
        step.key = blake3::hash(text.as_bytes()).to_hex()[..32].to_string();
    }
    plan
}

/// Writes every part with its length or a tag before it, so that different plans never give the same bytes.
struct Encoder<'a> {
    hasher: blake3::Hasher,
    fingerprint: &'a dyn Fingerprint,
}

impl Encoder<'_> {
    fn number(&mut self, n: u64) {
        self.hasher.update(&n.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.hasher.update(text.as_bytes());
    }

    /// Anything whose `Debug` form says all about it and nothing secret.
    fn plain(&mut self, item: &impl std::fmt::Debug) {
        self.text(&format!("{item:?}"));
    }

    fn option<T>(&mut self, item: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.number(u64::from(item.is_some()));
        if let Some(item) = item {
            write(self, item);
        }
    }

    fn list<T>(&mut self, items: impl ExactSizeIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.number(items.len() as u64);
        items.for_each(|item| write(self, item));
    }

    fn plan(&mut self, plan: &Plan) {
        self.text("ampere plan 1");
        self.number(match plan.mode {
            Mode::Normal => 0,
            Mode::Destroy => 1,
            Mode::RefreshOnly => 2,
            Mode::Retention => 3,
            Mode::Recover => 4,
        });
        self.number(plan.base);
        self.list(plan.changes.iter(), |e, change| e.change(change));
        self.list(plan.drift.iter(), |e, drift| {
            e.address(&drift.address);
            e.value(&drift.before, "");
            e.option(drift.after.as_ref(), |e, v| e.value(v, ""));
        });
        self.list(plan.deferred.iter(), |e, d| e.plain(d));
        self.list(plan.outputs.iter(), |e, (name, change)| {
            e.text(name);
            e.plain(&(change.action, change.sensitive));
            e.option(change.before.as_ref(), |e, v| e.value(v, name));
            e.option(change.after.as_ref(), |e, v| e.value(v, name));
        });
        self.list(plan.steps.iter(), |e, step| e.step(step));
        self.list(plan.departures.iter(), |e, departure| e.plain(departure));
        self.list(plan.checks.iter(), |e, check| e.plain(&check));
        self.list(plan.targets.iter(), |e, target| match target {
            Target::Resource(name) => e.text(&format!("resource {name}")),
            Target::Instance(address) => e.text(&format!("instance {address}")),
        });
        self.list(plan.diagnostics.iter(), |e, d| e.diagnostic(d));
    }

    fn change(&mut self, change: &Change) {
        self.address(&change.address);
        self.option(change.deposed.as_ref(), |e, key| e.text(key));
        self.option(change.previous_address.as_ref(), Self::address);
        self.plain(&(change.action, &change.reason, &change.id, &change.importing, &change.deadline, &change.loss));
        self.option(change.before.as_ref(), |e, v| e.value(v, ""));
        self.option(change.after.as_ref(), |e, v| e.value(v, ""));
        self.list(change.replace_paths.iter(), Self::path);
    }

    fn step(&mut self, step: &Step) {
        self.number(u64::from(step.index));
        self.address(&step.address);
        self.option(step.deposed.as_ref(), |e, key| e.text(key));
        self.list(step.after.iter(), |e, other| e.number(u64::from(*other)));
        self.plain(&step.precondition);
        match &step.operation {
            Operation::Create => self.text("create"),
            Operation::Update { id } => self.plain(&("update", id)),
            Operation::Delete { id, before, marker } => {
                self.plain(&("delete", id, marker));
                self.value(before, "");
            }
            Operation::Depose { key, id, before, marker } => {
                self.plain(&("depose", key, id, marker));
                self.value(before, "");
            }
            Operation::Record { id, attributes, moved_from } => {
                self.plain(&("record", id));
                self.value(attributes, "");
                self.option(moved_from.as_ref(), Self::address);
            }
            Operation::Forget => self.text("forget"),
            Operation::Join => self.text("join"),
        }
    }

    fn address(&mut self, address: &Address) {
        self.text(&address.to_string());
    }

    fn path(&mut self, path: &Path) {
        self.list(path.0.iter(), |e, step| match step {
            path::Step::Attribute(name) => e.plain(&("attribute", name)),
            path::Step::Index(n) => e.plain(&("index", n)),
            path::Step::Key(key) => e.plain(&("key", key)),
        });
    }

    fn diagnostic(&mut self, d: &Diagnostic) {
        self.plain(&(d.severity, &d.summary, &d.detail, &d.subject, &d.address));
    }

    fn ty(&mut self, ty: &Type) {
        match ty {
            Type::Dynamic => self.text("any"),
            Type::Bool => self.text("bool"),
            Type::Number => self.text("number"),
            Type::String => self.text("string"),
            Type::List(element) => self.collection("list", element),
            Type::Set(element) => self.collection("set", element),
            Type::Map(element) => self.collection("map", element),
            Type::Tuple(items) => {
                self.text("tuple");
                self.list(items.iter(), Self::ty);
            }
            Type::Object(object) => {
                self.text("object");
                self.list(object.attributes.iter(), |e, (name, ty)| {
                    e.text(name);
                    e.ty(ty);
                });
            }
        }
    }

    fn collection(&mut self, name: &str, element: &Type) {
        self.text(name);
        self.ty(element);
    }

    /// A value: its type once at the top where it cannot be seen from the content, then the content.
    fn value(&mut self, value: &Value, place: &str) {
        self.plain(&value.marks());
        match value.data() {
            Data::Null => self.typed("null", value),
            Data::Unknown(refinement) => {
                self.typed("unknown", value);
                self.plain(refinement);
            }
            Data::Bool(b) => self.leaf("bool", value, b.to_string(), place),
            Data::Number(n) => self.leaf("number", value, n.to_string(), place),
            Data::String(s) => self.leaf("string", value, s.to_string(), place),
            Data::Sequence(items) => {
                self.container(value);
                self.list(items.iter(), |e, item| e.value(&item.clone().with_marks(value.marks()), place));
            }
            Data::Mapping(entries) => {
                self.container(value);
                self.list(entries.iter(), |e, (name, item): (&Arc<str>, &Value)| {
                    e.text(name);
                    e.value(&item.clone().with_marks(value.marks()), name);
                });
            }
        }
    }

    fn leaf(&mut self, name: &str, value: &Value, text: String, place: &str) {
        self.text(name);
        match value.marks().is_empty() {
            true => self.text(&text),
            false => {
                let fingerprint = self.fingerprint.fingerprint(place, &text);
                self.text(&fingerprint);
            }
        }
    }

    fn typed(&mut self, name: &str, value: &Value) {
        self.text(name);
        self.ty(value.ty());
    }

    fn container(&mut self, value: &Value) {
        match value.ty() {
            Type::Tuple(_) => self.text("tuple"),
            Type::Object(_) => self.text("object"),
            collection => self.ty(collection),
        }
    }
}
