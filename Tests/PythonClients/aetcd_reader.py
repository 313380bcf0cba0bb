"""Reads and watches with the client `aetcd`: host, port, roots, certificate and key are the arguments.

Prints what it read, the word "watching", and what the watch brought until the key p/end was deleted; JSON, line by line.
"""

import asyncio
import json
import sys

import aetcd
import grpc


async def main():
    host, port, *files = sys.argv[1:]
    roots, certificate, key = (open(name, "rb").read() for name in files)

    # This client knows no TLS: its channel is made for it.
    def channel(target, options=None):
        credentials = grpc.ssl_channel_credentials(roots, key, certificate)
        return grpc.aio.secure_channel(target, credentials, options=list(options or []))

    aetcd.rpc.insecure_channel = channel
    async with aetcd.Client(host=host, port=int(port), timeout=30) as client:
        pair = await client.get(b"p/a")
        tell(
            get=[pair.value.decode(), pair.create_revision, pair.mod_revision, pair.version],
            missing=await client.get(b"p/nothing"),
            prefix=[[pair.key.decode(), pair.value.decode()] for pair in await client.get_prefix(b"p/")],
            major=(await client.status()).version.split(".")[0],
        )
        watch = await client.watch_prefix(b"p/", prev_kv=True)
        tell(watching=True)
        async for event in watch:
            deleted = event.kind == "DELETE"
            name = event.kv.key.decode()
            before = event.prev_kv.value.decode() if event.prev_kv else ""
            tell(event=["delete" if deleted else "put", name, event.kv.value.decode(), before])
            if deleted and name == "p/end":
                break
        await watch.cancel()


def tell(**facts):
    print(json.dumps(facts, sort_keys=True), flush=True)


asyncio.run(main())
