//! The rules of `terraform_data`.
use ampere_lang::value::{Path, Refinement, Type, Value};

use crate::kind::{Kind, PlanRequest, Planned};
use crate::schema::{Attribute, Basis, Category, Classification, OnChange, Presence, Retention, Schema, Subject, Use};

/// `terraform_data`: it remembers `input`, hands it on as `output`, and is replaced when `triggers_replace` changes.
///
/// <https://developer.hashicorp.com/terraform/language/resources/terraform-data>
pub struct TerraformData {
    schema: Schema,
}

/// What a user keeps in it is the user's configuration and goes nowhere.
const SETTINGS: Classification = Classification {
    category: Category::UserAccountSettings,
    uses: &[Use::EssentialServiceOperations],
    subject: Subject::Customer,
    basis: Basis::Contract,
    retention: Retention::Account,
    recipients: &[],
    promise: "C5",
};

impl TerraformData {
    /// The resource type.
    pub const NAME: &'static str = "terraform_data";
}

impl Default for TerraformData {
    fn default() -> TerraformData {
        let attribute = |name, ty, presence, description| Attribute {
            name,
            ty,
            presence,
            on_change: OnChange::Update,
            write_only: false,
            sensitive: false,
            description,
            privacy: SETTINGS,
        };
        let attributes = vec![
            attribute("id", Type::String, Presence::Computed, "A random UUID."),
            attribute("input", Type::Dynamic, Presence::Optional, "Any value, remembered."),
            attribute("output", Type::Dynamic, Presence::Computed, "The input, once it has been stored."),
            attribute("triggers_replace", Type::Dynamic, Presence::Optional, "A change of it replaces the resource."),
        ];
        let summary = "Remembers a value and follows the resource lifecycle, without any cloud.";
        TerraformData { schema: Schema { kind: Self::NAME, summary, version: 0, attributes } }
    }
}

impl Kind for TerraformData {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn listed(&self) -> bool {
        false
    }

    fn plan(&self, request: PlanRequest<'_>) -> Planned {
        let input = attribute(&request.proposed, "input");
        let Some(prior) = request.prior else {
            return Planned::new(with(request.proposed, [("id", new_id()), ("output", output_for(&input))]));
        };
        if !attribute(prior, "triggers_replace").same(&attribute(&request.proposed, "triggers_replace")) {
            let after = with(request.proposed, [("id", new_id()), ("output", output_for(&input))]);
            return Planned { replace: vec![Path::attribute("triggers_replace")], ..Planned::new(after) };
        }
        if !attribute(prior, "input").same(&input) {
            return Planned::new(with(request.proposed, [("output", output_for(&input))]));
        }
        Planned::new(request.proposed)
    }
}

fn new_id() -> Value {
    Value::refined(Type::String, Refinement { not_null: true, ..Refinement::default() })
}

/// The output always has the input's type, even when that is null. As in Terraform it does not take over marks.
fn output_for(input: &Value) -> Value {
    if input.is_null() { input.clone().unmark_deep().0 } else { Value::unknown(input.ty().clone()) }
}

pub(super) fn attribute(object: &Value, name: &str) -> Value {
    object.get(name).unwrap_or_else(|| Value::null(Type::Dynamic))
}

pub(super) fn with<const N: usize>(object: Value, changes: [(&str, Value); N]) -> Value {
    let mut entries = object.entries().cloned().unwrap_or_default();
    for (name, value) in changes {
        entries.insert(name.into(), value);
    }
    Value::object(entries)
}
