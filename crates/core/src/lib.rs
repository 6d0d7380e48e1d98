//! Model, planner, engine, store, vault and audit log. Knows no cloud.
