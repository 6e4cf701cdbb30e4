#!/usr/bin/env python3
"""A voice agent for the Smart Router, complete but for the voice: it sends back what it hears.

Needs Python 3.9 and aiohttp 3.8 (Debian: apt install python3-aiohttp; else: pip install aiohttp), and two settings:

    ROUTER_URL  where the router's API is, such as http://smart-router:8080
    HOST, PORT  where to listen (all addresses, 8080)

Put your conversation in the place of `converse`. docs/agents.md says what the rest is for.
"""

import asyncio
import json
import logging
import os
import signal

from aiohttp import ClientError, ClientSession, ClientTimeout, WSCloseCode, WSMsgType, web

ROUTER = os.environ["ROUTER_URL"].rstrip("/")
HOST = os.environ.get("HOST", "0.0.0.0")
PORT = int(os.environ.get("PORT", "8080"))
HEARTBEAT_S = float(os.environ.get("HEARTBEAT_S", "10"))  # three missed ones make the router ask
SHUTDOWN_S = float(os.environ.get("SHUTDOWN_S", "600"))  # below the pod's terminationGracePeriodSeconds

OVER = (404, 409, 410)  # the call has ended, or has another lease: this stream is nobody's

log = logging.getLogger("agent")


def event_of(text):
    """What a provider's message says has happened; None of a text that is no provider's message."""
    try:
        message = json.loads(text)
    except ValueError:
        return None
    return message.get("event") if isinstance(message, dict) else None


class Agent:
    def __init__(self):
        self.streams = {}  # the stream of each call; its size is what /status says
        self.stopping = False
        self.close_code = WSCloseCode.OK  # of whoever closes a stream first
        self.http = None

    # ---- what the router asks

    async def health(self, request):
        """For Kubernetes' readiness and the router's probe: an agent that stops wants no new call."""
        return web.Response(status=503 if self.stopping else 200)

    async def status(self, request):
        """How many calls it serves now; the router believes this number, so it must be true."""
        return web.json_response({"active_calls": len(self.streams)})

    # ---- a call

    async def stream(self, request):
        sid, token = request.match_info["sid"], request.match_info["token"]
        stream = web.WebSocketResponse(heartbeat=20)  # finds a connection that died in silence
        await stream.prepare(request)
        call = Call(self.http, sid, token, stream)
        self.streams[call] = stream
        log.info("stream opened sid=%s", sid)  # the token is a secret: it is never logged
        beats = None
        try:
            if await call.stands("connected"):
                beats = asyncio.create_task(call.beat())
                if await self.converse(call):
                    await call.ended("agent_ended")
        finally:
            if beats:
                beats.cancel()
            del self.streams[call]
            await stream.close(code=self.close_code)
            log.info("stream closed sid=%s code=%s", sid, stream.close_code)
        return stream

    async def converse(self, call):
        """The conversation: your part. True if it is over, False if only the stream is.

        A stream that breaks is not the end of its call: the provider asks the router what comes next, and the caller
        may go on, here or elsewhere. So nothing is sent for it.
        """
        if await call.takes_over():
            log.info("caller was talking to another agent sid=%s", call.sid)  # a good moment to say sorry
        async for message in call.stream:
            if message.type == WSMsgType.BINARY:
                await call.stream.send_bytes(message.data)
            elif message.type == WSMsgType.TEXT:
                event = event_of(message.data)
                if event == "stop":  # Plivo and Twilio: the caller has hung up, or the stream was stopped
                    return False
                if event in ("media", None):  # None: somebody who tries it by hand
                    await call.stream.send_str(message.data)
                if event == "goodbye":  # stands for: the agent has said all that there was to say
                    return True
        return False

    # ---- the end

    async def stop(self):
        """No new calls; those that are here may end. What is left goes on elsewhere, so no `ended` is sent for it."""
        self.stopping = True
        deadline = asyncio.get_running_loop().time() + SHUTDOWN_S
        while self.streams and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.2)
        self.close_code = WSCloseCode.GOING_AWAY
        for stream in list(self.streams.values()):
            await stream.close(code=self.close_code)


class Call:
    """One call at the router. Its token speaks for this call and lease alone."""

    def __init__(self, http, sid, token, stream):
        self.http, self.sid, self.stream = http, sid, stream
        self.url = f"{ROUTER}/calls/{sid}"
        self.headers = {"Authorization": f"Bearer {token}"}

    async def stands(self, word):
        """Sends `connected` or `heartbeat`: False if the call is over or another's. A fault is no answer."""
        try:
            async with self.http.post(f"{self.url}/{word}", headers=self.headers) as answer:
                return answer.status not in OVER
        except (ClientError, asyncio.TimeoutError):
            return True  # the router is away: keep the caller

    async def beat(self):
        while await self.stands("heartbeat"):
            await asyncio.sleep(HEARTBEAT_S)
        await self.stream.close()

    async def takes_over(self):
        try:
            async with self.http.get(self.url, headers=self.headers) as answer:
                return answer.status == 200 and (await answer.json()).get("takes_over", False)
        except (ClientError, asyncio.TimeoutError):
            return False

    async def ended(self, reason):
        """Gives the pod back. Repeating it is harmless, so a fault is tried again a few times."""
        for pause in (0, 0.5, 1, 2, 4):
            await asyncio.sleep(pause)
            try:
                async with self.http.post(f"{self.url}/ended", headers=self.headers, json={"reason": reason}) as answer:
                    if answer.status < 500:
                        return
            except (ClientError, asyncio.TimeoutError):
                pass
        log.warning("end not told, the router finds it out by itself sid=%s", self.sid)


async def main():
    agent = Agent()
    agent.http = ClientSession(timeout=ClientTimeout(total=5))
    app = web.Application()
    app.add_routes([
        web.get("/health", agent.health),
        web.get("/status", agent.status),
        web.get("/agent/{pod}/{sid}/{token}", agent.stream),
    ])
    runner = web.AppRunner(app, access_log=None)  # its lines would hold the path, and with it the token
    await runner.setup()
    await web.TCPSite(runner, HOST, PORT).start()
    log.info("agent listens port=%d", PORT)

    told = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, told.set)
    await told.wait()
    await agent.stop()
    await runner.cleanup()
    await agent.http.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(main())
