//! `yamldecode` and `yamlencode`.
use super::call::Arguments;
use super::signature::{Function, FunctionError, Parameter};
use super::{yaml_decode, yaml_encode};
use crate::value::{Type, Value};

/// `yamldecode yamlencode`
pub(super) static FUNCTIONS: &[Function] = &[
    Function::typed("yamldecode", &[Parameter::string("src")], |_| Ok(Type::Dynamic), decode).nullable(),
    Function::new("yamlencode", &[Parameter::any("value").null().dynamic()], || Type::String, encode),
];

fn decode(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    yaml_decode::decode(a.encoded(0)?).map_err(FunctionError::new)
}

fn encode(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    if !a[0].is_wholly_known() {
        return Ok(a.unknown());
    }
    let text = yaml_encode::encode(&a[0]);
    a.check_text(text.len())?;
    Ok(Value::string(text))
}
