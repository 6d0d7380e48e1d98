//! A local cloud on loopback that answers like Hetzner, Stripe and Firebase.
