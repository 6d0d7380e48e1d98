//! From text to tree: HCL native syntax and its JSON form.
pub mod ast;
