//! Evaluation of the expression language, as Terraform 1.11.4 answers.
mod access;
mod built;
mod calls;
mod conditions;
mod control;
mod deep;
mod kit;
mod marks;
mod operators;
mod references;
mod rendering;
mod templates;
mod unknowns;
