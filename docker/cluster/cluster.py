#!/usr/bin/env python3
"""A stand-in for a cluster, for docker/compose.yaml: of Kubernetes' API only what the router reads, which is pods.

Each agent is shown as the pod of a StatefulSet. It is looked up by its name and asked for /health every second: the pod
is Ready while it answers 200, and one that was away or has another address comes back as another container, so that
its old calls are lost as on Kubernetes. A restart within one second is not seen. Needs Python 3.9 and aiohttp 3.8.

    AGENTS      name=host:port, separated by commas; the pods' names and where they are
    TIERS       their tiers in the same order (gold,basic), or nothing
    HOST, PORT  where to listen (all addresses, 8080)
"""

import asyncio
import copy
import json
import os
import signal
import socket
import uuid

from aiohttp import ClientError, ClientSession, ClientTimeout, web

NAMESPACE = "default"
HEARTBEAT_S = 20  # below the router's 60 s, after which a silent watch counts as dead
HISTORY = 1000


class Cluster:
    def __init__(self, agents, tiers):
        self.version = 1
        self.pods = {}  # by name, as stored
        self.history = []  # (version, type, pod), oldest first
        self.watches = set()  # one queue for each
        self.agents = agents
        self.tiers = tiers

    def put(self, pod):
        kind = "MODIFIED" if pod["metadata"]["name"] in self.pods else "ADDED"
        self.version += 1
        pod["metadata"]["resourceVersion"] = str(self.version)
        self.pods[pod["metadata"]["name"]] = pod
        event = (self.version, kind, copy.deepcopy(pod))
        self.history = (self.history + [event])[-HISTORY:]
        for queue in self.watches:
            queue.put_nowait(event)

    async def follow(self):
        """Looks at each agent once a second, for ever."""
        async with ClientSession(timeout=ClientTimeout(total=1)) as http:
            while True:
                await asyncio.gather(*(self.look(http, i, *agent) for i, agent in enumerate(self.agents)))
                await asyncio.sleep(1)

    async def look(self, http, ordinal, name, host, port):
        address, ready = None, False
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, family=socket.AF_INET, type=socket.SOCK_STREAM)
            address = found[0][4][0]
            async with http.get(f"http://{address}:{port}/health") as answer:
                ready = answer.status == 200
            answered = True
        except (OSError, ClientError, asyncio.TimeoutError):
            answered = False
        now = self.pods.get(name)
        if now is None:
            if answered:
                self.put(pod(name, self.tiers[ordinal] if ordinal < len(self.tiers) else None, address, port, ready))
            return
        seen = state(now)
        if answered and (address != seen["address"] or not seen["running"]):
            fresh = pod(name, None, address, port, ready)  # another container of the same pod
            fresh["metadata"] = dict(now["metadata"])
            self.put(fresh)
        elif ready != seen["ready"] or answered != seen["running"]:
            changed = copy.deepcopy(now)
            set_state(changed, ready, answered)
            self.put(changed)


def pod(name, tier, address, port, ready):
    labels = {"app": "voice-agent", "controller-revision-hash": "voice-agent-compose"}
    if tier:
        labels["voice.smartrouter.io/tier"] = tier
    made = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name, "namespace": NAMESPACE, "uid": str(uuid.uuid4()), "labels": labels,
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "voice-agent",
                                 "uid": "voice-agent", "controller": True}]},
        "spec": {"containers": [{"name": "agent", "image": "agent", "ports": [{"name": "ws", "containerPort": port}]}]},
        "status": {
            "phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": [],
            "containerStatuses": [{"name": "agent", "image": "agent", "imageID": "agent", "restartCount": 0,
                                   "containerID": f"containerd://{uuid.uuid4().hex}"}]},
    }
    set_state(made, ready, True)
    return made


def state(pod):
    status = pod["status"]
    return {"address": status["podIP"], "ready": status["conditions"][0]["status"] == "True",
            "running": "running" in status["containerStatuses"][0]["state"]}


def set_state(pod, ready, running):
    """A container that went away keeps its id until another one runs: unknown is no other incarnation."""
    pod["status"]["conditions"] = [{"type": "Ready", "status": "True" if ready else "False"}]
    pod["status"]["containerStatuses"][0].update(
        ready=ready, started=running, state={"running": {}} if running else {"waiting": {"reason": "NoAnswer"}})


def failure(code, reason):
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code}
    return web.json_response(status, status=code)


class Api:
    def __init__(self, cluster):
        self.cluster = cluster

    async def one(self, request):
        found = self.cluster.pods.get(request.match_info["name"])
        return web.json_response(found) if found else failure(404, "NotFound")

    async def all(self, request):
        if request.query.get("watch") in ("true", "1"):
            return await self.watch(request)
        return web.json_response({"apiVersion": "v1", "kind": "PodList", "items": list(self.cluster.pods.values()),
                                  "metadata": {"resourceVersion": str(self.cluster.version)}})

    async def watch(self, request):
        since = int(request.query.get("resourceVersion") or 0)
        queue = asyncio.Queue()
        for event in self.cluster.history:
            if event[0] > since:
                queue.put_nowait(event)
        self.cluster.watches.add(queue)
        try:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await self.by_socket(request, queue)
            return await self.by_lines(request, queue)
        finally:
            self.cluster.watches.discard(queue)

    async def by_socket(self, request, queue):
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S)
        await socket.prepare(request)
        sending = asyncio.create_task(self.tell(queue, socket))
        try:
            async for _ in socket:
                pass  # a watch has nothing to say; it ends when it closes
        finally:
            sending.cancel()
        return socket

    async def tell(self, queue, socket):
        await self.send(queue, socket.send_str)
        await socket.close()

    async def by_lines(self, request, queue):
        lines = web.StreamResponse(headers={"Content-Type": "application/json"})
        await lines.prepare(request)
        await self.send(queue, lambda text: lines.write(text.encode() + b"\n"))

    async def send(self, queue, write):
        while True:
            try:
                event = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
                if event is None:
                    return  # this program stops
                _, kind, item = event
            except asyncio.TimeoutError:
                kind, item = "BOOKMARK", {"apiVersion": "v1", "kind": "Pod",
                                          "metadata": {"resourceVersion": str(self.cluster.version)}}
            try:
                await write(json.dumps({"type": kind, "object": item}))
            except ConnectionError:
                return


def agents(text):
    for entry in text.split(","):
        name, _, address = entry.strip().partition("=")
        host, _, port = address.rpartition(":")
        yield name, host, int(port)


async def main():
    cluster = Cluster(list(agents(os.environ["AGENTS"])), [t for t in os.environ.get("TIERS", "").split(",") if t])
    api = Api(cluster)
    app = web.Application()
    app.add_routes([
        web.get(f"/api/v1/namespaces/{NAMESPACE}/pods", api.all),
        web.get(f"/api/v1/namespaces/{NAMESPACE}/pods/{{name}}", api.one),
    ])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8080"))).start()
    following = asyncio.create_task(cluster.follow())
    told = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, told.set)
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait({waiting, following}, return_when=asyncio.FIRST_COMPLETED)
    if following.done():
        following.result()  # what stopped it, said by its own trace
    following.cancel()
    for queue in cluster.watches:
        queue.put_nowait(None)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
