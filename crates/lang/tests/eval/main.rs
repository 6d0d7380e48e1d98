//! Evaluation of the expression language, as Terraform 1.11.4 answers.
mod built;
