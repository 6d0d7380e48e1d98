"""What Hetzner's own Python client sees: servers, firewalls, ssh_keys, as JSON."""

import json
import os

from hcloud import Client

client = Client(token=os.environ["HCLOUD_TOKEN"], api_endpoint=os.environ["HCLOUD_ENDPOINT"], application_name="conformance")
servers = client.servers.get_all()
for server in servers:
    # Reading one by its id goes another way than listing.
    assert client.servers.get_by_id(server.id).name == server.name
print(json.dumps({
    "servers": [
        {
            "id": s.id, "name": s.name, "status": s.status, "labels": s.labels,
            "server_type": s.server_type.name, "ipv4": s.public_net.ipv4 and s.public_net.ipv4.ip,
        }
        for s in servers
    ],
    "firewalls": [{"id": f.id, "name": f.name, "labels": f.labels, "rules": len(f.rules)} for f in client.firewalls.get_all()],
    "ssh_keys": [{"id": k.id, "name": k.name, "labels": k.labels} for k in client.ssh_keys.get_all()],
}))
