//! The Terraform configuration language: parse, decode, evaluate.
