//! A make-believe apply: steps are done at once, and always succeed.
use std::sync::Arc;

use ampere_core::address::Address;
use ampere_core::evaluate::World;
use ampere_core::identity::{ExternalId, Marker};
use ampere_core::inventory::Observed;
use ampere_core::plan::{Action, Operation, Plan, Step, propose};
use ampere_core::retention::Tombstone;
use ampere_core::snapshot::{Object, ObjectKey, OutputValue};
use ampere_lang::eval::Nowhere;
use ampere_lang::value::Value;

use super::{Scene, TestFingerprint, marker};

impl Scene {
    /// Does what a plan says, to the state and to the cloud.
    pub fn apply(&mut self, plan: &Plan) -> &mut Scene {
        let begun = plan.departures.iter().map(|d| (d.owner.clone(), Tombstone::new(d, Some(super::now()))));
        self.snapshot.tombstones.extend(begun);
        let module = self.module.clone();
        let variables = self.variables.clone();
        let kinds = self.kinds.clone();
        let world = World::new(&module, &variables, &kinds, &Nowhere).applying();
        for change in plan.changes.iter().filter(|c| c.deposed.is_none()) {
            if let Some(after) = &change.after {
                world.set(&change.address, after.clone());
            }
        }
        world.expand_all();
        plan.ended().for_each(|address| world.set_absent(address));
        for step in &plan.steps {
            self.step(&world, step);
        }
        let findings: Vec<_> = plan.outputs.iter().filter(|(_, o)| o.action != Action::NoOp).collect();
        for (name, change) in findings {
            match world.output(name).filter(|_| change.after.is_some()) {
                Some((value, _)) if !value.is_null() => {
                    let sensitive = module.outputs[name].sensitive;
                    self.snapshot.outputs.insert(name.clone(), OutputValue { value, sensitive });
                }
                _ => {
                    self.snapshot.outputs.remove(name);
                }
            }
        }
        self.snapshot.serial += 1;
        self
    }

    fn step(&mut self, world: &World<'_>, step: &Step) {
        let key = ObjectKey { address: step.address.clone(), deposed: step.deposed.clone() };
        match &step.operation {
            Operation::Join => {}
            Operation::Forget => {
                self.snapshot.objects.remove(&key);
            }
            Operation::Record { id, attributes, moved_from } => {
                let old = moved_from.as_ref().map(|from| ObjectKey::current(from.clone())).unwrap_or(key.clone());
                let tainted = self.snapshot.objects.remove(&old).is_some_and(|o| o.tainted);
                world.set(&step.address, attributes.clone());
                self.put(world, key, id.clone(), attributes.clone(), tainted);
            }
            Operation::Create => {
                let attributes = self.make(world, &step.address, None);
                let id = attributes.get("id").unwrap().as_str().unwrap().into();
                self.place(&step.address, &id, &attributes, marker(&step.address));
                world.set(&step.address, attributes.clone());
                self.put(world, key, id, attributes, false);
            }
            Operation::Update { id } => {
                let prior = self.snapshot.objects.get(&key).map(|object| object.attributes.clone());
                let attributes = self.make(world, &step.address, prior.as_ref());
                self.place(&step.address, id, &attributes, marker(&step.address));
                world.set(&step.address, attributes.clone());
                self.put(world, key, id.clone(), attributes, false);
            }
            Operation::Depose { key: deposed, id, before, marker } => {
                let object = self.snapshot.objects.remove(&key).unwrap();
                self.place(&step.address, id, before, marker.clone());
                let key = ObjectKey { address: key.address, deposed: Some(deposed.clone()) };
                self.snapshot.objects.insert(key, object);
            }
            Operation::Delete { id, marker, .. } => {
                let bears =
                    self.inventory.listings.values().flat_map(|l| &l.objects).find(|o| o.id.as_ref() == Some(id));
                if let Some(observed) = bears {
                    assert_eq!(observed.marker, *marker, "the step names another marker than the object bears");
                }
                self.vanish(&id.0.clone());
                self.snapshot.objects.remove(&key);
            }
        }
    }

    fn put(&mut self, world: &World<'_>, key: ObjectKey, id: ExternalId, attributes: Value, tainted: bool) {
        let dependencies = world.dependencies(&key.address);
        let object = Object {
            id,
            attributes,
            dependencies,
            create_before_destroy: false,
            tainted,
            schema_version: 0,
            sealed: None,
        };
        self.snapshot.objects.insert(key, object);
    }

    /// The object as a cloud would make it: what is open gets a value.
    fn make(&mut self, world: &World<'_>, address: &Address, prior: Option<&Value>) -> Value {
        let (config, findings) = world.config(address).unwrap();
        assert!(!findings.has_errors(), "{findings:?}");
        let kind = self.kinds[address.kind()].clone();
        let proposal = propose(&*kind, address, prior, &config.value, &TestFingerprint, &(), true);
        let input = proposal.after.get("input");
        // One that vanished is made again under the id that is planned.
        let planned = world.get(address).and_then(|planned| planned.get("id"));
        let entries = proposal.after.entries().unwrap();
        Value::object(entries.iter().map(|(name, value)| {
            let value = match &**name {
                _ if value.is_wholly_known() => value.clone(),
                "output" => input.clone().unwrap(),
                "id" if planned.as_ref().is_some_and(Value::is_wholly_known) => planned.clone().unwrap(),
                "id" => {
                    self.next_id += 1;
                    Value::string(format!("{}-{}", address.resource.name, self.next_id - 1))
                }
                "status" => Value::string("active"),
                other => Value::string(format!("made-{other}")),
            };
            (name.clone(), value)
        }))
    }

    fn place(&mut self, address: &Address, id: &ExternalId, attributes: &Value, marker: Marker) {
        if !self.kinds[address.kind()].listed() {
            return;
        }
        self.vanish(&id.0.clone());
        let attributes = attributes.entries().cloned().unwrap_or_default();
        let known = attributes.into_iter().filter(|(_, value)| !value.is_null());
        let known = known.map(|(name, value)| (name, value.unmark_deep().0)).collect();
        let observed =
            Observed { id: Some(id.clone()), marker, attributes: known, parts: Vec::new(), missing: Vec::new() };
        self.observe(&Arc::<str>::from(address.kind()), observed);
    }
}
