//! A state as people read it.
use ampere_lang::value::{Marks, Value};

use super::Text;
use super::diff::{self, Options, Pair};
use crate::kind::Kinds;
use crate::snapshot::{Object, ObjectKey, OutputValue, Snapshot};

const OPTIONS: Options = Options { without_symbols: true, show_unchanged: true, without_null: true };

/// What `show` prints of the state.
pub fn to_text(snapshot: &Snapshot, kinds: &Kinds) -> Text {
    let mut text = Text::new();
    if snapshot.objects.is_empty() && snapshot.outputs.is_empty() {
        text.plain("The state file is empty. No resources are represented.").newline();
        return text;
    }
    for (i, (key, object)) in snapshot.objects.iter().enumerate() {
        if i > 0 {
            text.newline();
        }
        text.append(object_to_text(key, object, kinds));
    }
    if !snapshot.outputs.is_empty() {
        text.plain("\n\nOutputs:\n\n");
        for (name, output) in &snapshot.outputs {
            write_output(&mut text, name, output);
        }
    }
    text
}

/// What `state show` prints of one object.
pub fn object_to_text(key: &ObjectKey, object: &Object, kinds: &Kinds) -> Text {
    let mut text = Text::new();
    let address = &key.address;
    let schema = kinds.get(address.kind()).map(|k| k.schema());
    let marks = match (&key.deposed, object.tainted) {
        (Some(deposed), _) => format!(" (deposed object {deposed})"),
        (None, true) => " (tainted)".to_owned(),
        (None, false) => String::new(),
    };
    text.plain(format!("# {address}:{marks}")).newline();
    let pair = Pair { before: Some(&object.attributes), after: Some(&object.attributes) };
    let mut attributes = diff::attributes(schema, pair, &[]);
    attributes.retain(|a| !matches!(a.node.body, diff::Body::WriteOnly));
    text.plain(format!("resource \"{}\" \"{}\" {{", address.resource.resource_type, address.resource.name)).newline();
    diff::block_body(&mut text, &attributes, OPTIONS);
    text.plain("}").newline();
    text
}

fn write_output(text: &mut Text, name: &str, output: &OutputValue) {
    let value: Value =
        if output.sensitive { output.value.clone().with_marks(Marks::SENSITIVE) } else { output.value.clone() };
    let node = diff::compare(Pair { before: Some(&value), after: Some(&value) });
    text.plain(format!("{name} = "));
    diff::write(text, &node, 0, OPTIONS);
    text.newline();
}
