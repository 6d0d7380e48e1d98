//! The built-in functions, one rule a line, as Terraform 1.11 answers.
mod collections;
mod conversions;
mod dates;
mod encodings;
mod formats;
mod kit;
mod networks;
mod numbers;
mod patterns;
mod strings;
mod unknowns;
mod world;
mod yaml;
