"""What Firebase's own Python client sees: users, as JSON. (Its Firestore speaks gRPC, which the sandbox does not.)"""

import json
import os

import firebase_admin
from firebase_admin import auth

firebase_admin.initialize_app(options={"projectId": os.environ["GOOGLE_CLOUD_PROJECT"]})
users = list(auth.list_users().iterate_all())
for user in users:
    assert auth.get_user_by_email(user.email).uid == user.uid
print(json.dumps({
    "accounts": [{"id": u.uid, "email": u.email, "claims": u.custom_claims, "disabled": u.disabled} for u in users],
}))
