"""Reads and watches with the client `etcd3`: host, port, roots, certificate and key are the arguments.

Prints what it read, the word "watching", and what the watch brought until the key p/end was deleted; JSON, line by line.
"""

import json
import sys

import etcd3


def main():
    host, port, roots, certificate, key = sys.argv[1:]
    client = etcd3.client(
        host=host, port=int(port), ca_cert=roots, cert_cert=certificate, cert_key=key, timeout=30
    )
    value, metadata = client.get("p/a")
    tell(
        get=[value.decode(), metadata.create_revision, metadata.mod_revision, metadata.version],
        missing=client.get("p/nothing")[0],
        prefix=[[metadata.key.decode(), value.decode()] for value, metadata in client.get_prefix("p/")],
        major=client.status().version.split(".")[0],
    )
    events, cancel = client.watch_prefix("p/", prev_kv=True)
    tell(watching=True)
    for event in events:
        deleted = isinstance(event, etcd3.events.DeleteEvent)
        name = event.key.decode()
        tell(event=["delete" if deleted else "put", name, event.value.decode(), event.prev_value.decode()])
        if deleted and name == "p/end":
            break
    cancel()
    client.close()


def tell(**facts):
    print(json.dumps(facts, sort_keys=True), flush=True)


main()
