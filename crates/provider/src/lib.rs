//! Firebase, Stripe and Hetzner Cloud behind the engine's provider trait.
