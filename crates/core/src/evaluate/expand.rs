//! `count` and `for_each`: which instances a resource has.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::config::{Resource, ResourceName};
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::eval::{InstanceKey, evaluate};
use ampere_lang::syntax::ast::Expr;
use ampere_lang::value::convert::convert;
use ampere_lang::value::{Marks, Type, Value};

use super::graph::Node;
use super::world::World;

/// The instances of a resource block.
#[derive(Clone, Debug, Default)]
pub struct Expansion {
    keys: Vec<Option<InstanceKey>>,
    values: BTreeMap<Arc<str>, Value>,
}

impl Expansion {
    /// Their keys, in order; one `None` for a resource without `count` and `for_each`.
    pub fn keys(&self) -> &[Option<InstanceKey>] {
        &self.keys
    }

    /// `each.value` of an instance.
    pub fn each_value(&self, key: &InstanceKey) -> Option<Value> {
        match key {
            InstanceKey::Key(text) => self.values.get(text).cloned(),
            InstanceKey::Index(_) => None,
        }
    }

    /// Whether there is an instance of that key.
    pub fn contains(&self, key: &Option<InstanceKey>) -> bool {
        match key {
            Some(InstanceKey::Index(n)) => {
                usize::try_from(*n).is_ok_and(|n| matches!(self.keys.get(n), Some(Some(InstanceKey::Index(_)))))
            }
            Some(InstanceKey::Key(text)) => self.values.contains_key(text),
            None => matches!(self.keys.first(), Some(None)),
        }
    }
}

impl World<'_> {
    /// The instance keys of a resource. Asked again, it gives the same answer without evaluating again.
    ///
    /// # Errors
    /// Terraform's findings about `count` and `for_each`: unknown, null, sensitive, ephemeral, not whole, of a wrong type.
    pub fn expand(&self, name: &ResourceName) -> Result<Vec<Option<InstanceKey>>, Diagnostics> {
        self.expansion(name).map(|expansion| expansion.keys.clone())
    }

    /// As [`World::expand`], with the values of `for_each`.
    ///
    /// # Errors
    /// The same.
    pub fn expansion(&self, name: &ResourceName) -> Result<Arc<Expansion>, Diagnostics> {
        let Some(resource) = self.resource(name) else { return Ok(Arc::default()) };
        if let Some(known) = self.entry(name).and_then(|entry| entry.expansion.clone()) {
            return Ok(known);
        }
        let expansion = Arc::new(self.evaluate_expansion(resource)?);
        if let Some(mut entry) = self.entry(name) {
            entry.expansion = Some(expansion.clone());
            entry.whole = None;
        }
        Ok(expansion)
    }

    /// Expands every resource, each after what its `count` or `for_each` needs: for apply, once the planned objects are set.
    /// What cannot be expanded is found again where it is needed.
    pub fn expand_all(&self) {
        for node in self.order().unwrap_or_default() {
            if let Node::Resource(name) = node {
                let _ = self.expansion(&name);
            }
        }
    }

    fn evaluate_expansion(&self, resource: &Resource) -> Result<Expansion, Diagnostics> {
        match (&resource.count, &resource.for_each) {
            (Some(expr), _) => {
                let n = check_count(&self.meta_argument(expr)?).map_err(|d| d.at(expr.span))?;
                let keys = (0..n).map(|i| Some(InstanceKey::Index(i))).collect();
                Ok(Expansion { keys, values: BTreeMap::new() })
            }
            (None, Some(expr)) => {
                let values = check_each(&self.meta_argument(expr)?).map_err(|d| d.at(expr.span))?;
                Ok(Expansion { keys: values.keys().map(|k| Some(InstanceKey::Key(k.clone()))).collect(), values })
            }
            (None, None) => Ok(Expansion { keys: vec![None], values: BTreeMap::new() }),
        }
    }

    /// Findings about `count` and `for_each` that do not depend on the value, for `validate`.
    pub(crate) fn check_repetition(&self, resource: &Resource) -> Diagnostics {
        let (Some(expr), of_count) = (resource.count.as_ref().or(resource.for_each.as_ref()), resource.count.is_some())
        else {
            return Diagnostics::new();
        };
        let (value, mut findings) = evaluate(expr, self, self.host);
        if findings.has_errors() {
            return findings;
        }
        let checked = match (value.is_wholly_known(), of_count) {
            (true, true) => check_count(&value).map(|_| ()),
            (true, false) => check_each(&value).map(|_| ()),
            (false, true) => check_count_marks(&value),
            (false, false) => check_each_marks(&value),
        };
        if let Err(finding) = checked {
            findings.push(finding.at(expr.span));
        }
        findings
    }

    fn meta_argument(&self, expr: &Expr) -> Result<Value, Diagnostics> {
        let (value, findings) = evaluate(expr, self, self.host);
        if findings.has_errors() { Err(findings) } else { Ok(value) }
    }
}

/// The number that `count` is. A sensitive one is accepted (as Terraform does).
fn check_count(value: &Value) -> Result<u64, Diagnostic> {
    let bad = |detail: String| Diagnostic::error("Invalid count argument", detail);
    if value.marks().ephemeral() {
        return Err(bad(
            "The given \"count\" is derived from an ephemeral value, which means that Ampere cannot persist \
                        it between plan/apply rounds. Use only non-ephemeral values to specify the number of resource \
                        instances."
                .into(),
        ));
    }
    if value.is_null() {
        return Err(bad("The given \"count\" argument value is null. An integer is required.".into()));
    }
    let unsuitable = |why: &str| bad(format!("The given \"count\" argument value is unsuitable: {why}."));
    let number = convert(value, &Type::Number)
        .map_err(|e| Diagnostic::error("Incorrect value type", format!("Invalid expression value: {e}.")))?;
    if !number.is_known() {
        return Err(bad(
            "The \"count\" value depends on resource attributes that cannot be determined until apply, so \
                        Ampere cannot predict how many instances will be created. To work around this, use the -target \
                        argument to first apply only the resources that the count depends on."
                .into(),
        ));
    }
    match number.as_number() {
        Some(n) if n.is_negative() => Err(unsuitable("must be greater than or equal to zero")),
        Some(n) => n.to_u64().filter(|n| *n <= MOST_INSTANCES).ok_or_else(|| match n.is_integer() {
            true => unsuitable(&format!("must not be greater than {MOST_INSTANCES}")),
            false => unsuitable("must be a whole number"),
        }),
        None => Err(unsuitable("a number is required")),
    }
}

fn check_count_marks(value: &Value) -> Result<(), Diagnostic> {
    if !value.marks().ephemeral() {
        return Ok(());
    }
    let detail = "The given \"count\" is derived from an ephemeral value, which means that Ampere cannot persist it \
                  between plan/apply rounds. Use only non-ephemeral values to specify the number of resource instances.";
    Err(Diagnostic::error("Invalid count argument", detail))
}

/// The most instances of one block: twice the largest stack that is thought of. A slip of the keyboard must not use up the
/// machine's memory.
const MOST_INSTANCES: u64 = 200_000;

/// The elements of a `for_each` value (of a resource or an import block), by key.
///
/// # Errors
/// Terraform's finding, without a place.
pub fn check_each(value: &Value) -> Result<BTreeMap<Arc<str>, Value>, Diagnostic> {
    let bad = |detail: String| Diagnostic::error("Invalid for_each argument", detail);
    let unsuitable = |why: String| bad(format!("The given \"for_each\" argument value is unsuitable: {why}."));
    check_each_marks(value)?;
    if value.length_bounds().0 as u64 > MOST_INSTANCES {
        return Err(unsuitable(format!("it has more than {MOST_INSTANCES} elements")));
    }
    if value.is_null() {
        return Err(bad("The given \"for_each\" argument value is null. A map, or set of strings is allowed.".into()));
    }
    match value.ty() {
        Type::Dynamic => return Err(bad(format!("{}{AS_MAP}{OR_TARGET}", unknown_keys("map", "keys derived from")))),
        Type::Map(_) | Type::Object(_) if !value.is_known() => {
            return Err(bad(format!("{}{AS_MAP}{OR_TARGET}", unknown_keys("map", "keys derived from"))));
        }
        Type::Map(_) | Type::Object(_) => {}
        Type::Set(_) if !value.is_wholly_known() => {
            return Err(bad(format!("{}{FROM_SET}{OR_TARGET}", unknown_keys("set", "values derived from"))));
        }
        Type::Set(element) if **element != Type::String => {
            if value.elements().is_some_and(<[Value]>::is_empty) {
                return Ok(BTreeMap::new());
            }
            let detail = format!(
                "The given \"for_each\" argument value is unsuitable: \"for_each\" supports maps and sets of strings, but you \
                 have provided a set containing type {}.",
                element.friendly_name()
            );
            return Err(Diagnostic::error("Invalid for_each set argument", detail));
        }
        Type::Set(_) => return set_elements(value),
        other => {
            return Err(unsuitable(format!(
                "the \"for_each\" argument must be a map, or set of strings, and you have provided a value of type {}",
                other.friendly_name()
            )));
        }
    }
    Ok(value.entries().cloned().unwrap_or_default())
}

fn set_elements(value: &Value) -> Result<BTreeMap<Arc<str>, Value>, Diagnostic> {
    let mut found = BTreeMap::new();
    for element in value.elements().unwrap_or_default() {
        let Some(text) = element.as_str() else {
            let detail =
                "The given \"for_each\" argument value is unsuitable: \"for_each\" sets must not contain null values.";
            return Err(Diagnostic::error("Invalid for_each set argument", detail));
        };
        found.insert(text.into(), element.clone());
    }
    Ok(found)
}

fn check_each_marks(value: &Value) -> Result<(), Diagnostic> {
    let mut marks = value.marks();
    if matches!(value.ty(), Type::Set(_)) {
        marks |= value.deep_marks();
    }
    let bad = |detail: &str| Err(Diagnostic::error("Invalid for_each argument", detail));
    if marks.ephemeral() {
        return bad("The given \"for_each\" value is derived from an ephemeral value, which means that Ampere cannot \
                    persist it between plan/apply rounds. Use only non-ephemeral values to specify a resource's instance \
                    keys.");
    }
    if marks != Marks::NONE {
        return bad(
            "Sensitive values, or values derived from sensitive values, cannot be used as for_each arguments. If \
                    used, the sensitive value could be exposed as a resource instance key.",
        );
    }
    Ok(())
}

fn unknown_keys(what: &str, part: &str) -> String {
    format!(
        "The \"for_each\" {what} includes {part} resource attributes that cannot be determined until apply, and so Terraform \
         cannot determine the full set of keys that will identify the instances of this resource.\n\nWhen working with \
         unknown values in for_each, it's better to "
    )
}

const AS_MAP: &str = "define the map keys statically in your configuration and place apply-time results only in the map \
                      values.\n\n";
const FROM_SET: &str = "use a map value where the keys are defined statically in your configuration and where only the \
                        values contain apply-time results.\n\n";
const OR_TARGET: &str = "Alternatively, you could use the -target planning option to first apply only the resources that the \
                         for_each value depends on, and then apply a second time to fully converge.";
