"""What Stripe's own Python client sees: customers, subscriptions, as JSON."""

import json
import os

import stripe

client = stripe.StripeClient(os.environ["STRIPE_API_KEY"], base_addresses={"api": os.environ["STRIPE_API_BASE"]})
customers = list(client.v1.customers.list({"limit": 1}).auto_paging_iter())
subscriptions = list(client.v1.subscriptions.list({"limit": 1, "status": "all"}).auto_paging_iter())
for subscription in subscriptions:
    assert client.v1.subscriptions.retrieve(subscription.id).status == subscription.status
print(json.dumps({
    "customers": [{"id": c.id, "email": c.email, "metadata": dict(c.metadata.to_dict())} for c in customers],
    "subscriptions": [
        {"id": s.id, "status": s.status, "customer": s.customer, "metadata": dict(s.metadata.to_dict())} for s in subscriptions
    ],
}))
