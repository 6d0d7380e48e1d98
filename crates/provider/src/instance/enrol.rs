//! What a plan says of the box inside an instance.
use std::sync::Arc;

use ampere_core::kind::{PlanRequest, Planned};
use ampere_lang::value::{Path, Type, Value};

use super::mailbox::{DELIVERED, ENROLMENT, KEY, SEALED, Stage};
use crate::attributes::{set, text};
use crate::secret;

/// Plans a box to have the newest version of every secret, and to go on to where it is sealed. One that was not sealed in time, or
/// was refused, is replaced.
pub(super) fn plan(request: &PlanRequest<'_>, planned: &mut Planned) {
    planned.after = set(&planned.after, DELIVERED, delivered(request));
    let found = request.prior.and_then(|prior| text(prior, ENROLMENT));
    if found != Some(Stage::Sealed.as_str()) {
        // What a box has not shown is not promised.
        planned.after = set(&planned.after, SEALED, Value::unknown(Type::Bool));
        planned.after = set(&planned.after, ENROLMENT, Value::unknown(Type::String));
    }
    if request.prior.and_then(|prior| text(prior, KEY)).is_none() {
        planned.after = set(&planned.after, KEY, Value::unknown(Type::String));
    }
    if [Stage::Expired, Stage::Refused].iter().any(|lost| found == Some(lost.as_str())) {
        planned.replace.push(Path::attribute(ENROLMENT));
    }
}

/// The version of every secret that the box is to have, by its id.
fn delivered(request: &PlanRequest<'_>) -> Value {
    let unknown = || Value::unknown(Type::map(Type::Number));
    let Some(wanted) = request.config.get("secrets").filter(|secrets| !secrets.is_null()) else {
        return Value::map::<Arc<str>>(Type::Number, []);
    };
    let Some(ids) = wanted.elements().filter(|_| wanted.is_wholly_known()) else { return unknown() };
    let has = request.prior.and_then(|prior| prior.get(DELIVERED));
    let mut versions = Vec::new();
    for id in ids.iter().filter_map(Value::as_str) {
        let secret = request.objects.object(secret::KIND, id);
        let version = match secret {
            Some(secret) => secret.get("version"),
            // One that this plan does not know (it is another stack's, or was given as a text).
            None => has.as_ref().and_then(|has| has.get(id)),
        };
        let Some(version) = version.filter(|version| !version.is_null()) else { return unknown() };
        versions.push((Arc::from(id), version));
    }
    Value::map(Type::Number, versions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ampere_core::address::Address;
    use ampere_core::kind::{Fingerprint, Kind, Objects};

    struct World;
    impl Fingerprint for World {
        fn fingerprint(&self, _context: &str, _secret: &str) -> String {
            String::new()
        }
    }
    /// Every secret is planned at version 2.
    impl Objects for World {
        fn object(&self, kind: &str, _id: &str) -> Option<Value> {
            (kind == "ampere_secret").then(|| Value::object([("version", Value::number(2))]))
        }
    }

    fn planned(prior: Option<&str>) -> Planned {
        let config = Value::object([("secrets", Value::list(Type::String, [Value::string("secret-1")]))]);
        let prior = prior.map(|enrolment| {
            Value::object([
                (ENROLMENT, Value::string(enrolment)),
                (SEALED, Value::bool(enrolment == "sealed")),
                (KEY, Value::string("SHA256:x")),
                (DELIVERED, Value::map(Type::Number, [("secret-1", Value::number(1))])),
            ])
        });
        let proposed = prior.clone().unwrap_or_else(|| config.clone());
        let address = Address::new("ampere_instance", "a");
        super::super::InstanceKind::new(crate::instance::Inside::Agent).plan(PlanRequest {
            address: &address,
            prior: prior.as_ref(),
            config: &config,
            proposed,
            fingerprint: &World,
            objects: &World,
            sealed: true,
        })
    }

    #[test]
    fn a_new_version_of_a_secret_is_a_change_of_the_instance_that_has_it() {
        let after = planned(Some("sealed")).after;
        let delivered = after.get(DELIVERED).unwrap();
        assert!(delivered.get("secret-1").unwrap().same(&Value::number(2)));
        assert_eq!(after.get(KEY).unwrap().as_str(), Some("SHA256:x"), "its keys stay");
    }

    #[test]
    fn what_was_not_sealed_is_gone_on_with_and_what_cannot_be_is_replaced() {
        for (found, replaced) in
            [("waiting", false), ("enrolled", false), ("sealed", false), ("expired", true), ("refused", true)]
        {
            let planned = planned(Some(found));
            assert_eq!(!planned.replace.is_empty(), replaced, "{found}");
            let promised = planned.after.get(SEALED).unwrap();
            assert_eq!(promised.as_bool(), (found == "sealed").then_some(true), "{found}");
            assert_eq!(promised.is_known(), found == "sealed");
        }
        assert!(planned(None).after.get(KEY).is_some_and(|key| !key.is_known()));
    }
}
