"""Runs the client of the Python package aiohttp."""

import asyncio

import aiohttp
from tasks import received, serve_tasks


async def run(task, outcome):
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(task["url"], protocols=task["protocols"], max_msg_size=2**30)
        outcome["opened"] = True
        outcome["subprotocol"] = socket.protocol or ""
        action = task.get("action")
        if action == "send":
            for text in ("1", "2", "3"):
                await socket.send_str(text)
        if action == "close":
            await socket.close(code=1000, message=b"bye")
        if action == "ping":
            await socket.ping(b"lab")
        async for message in socket:
            if message.type == aiohttp.WSMsgType.ERROR:
                outcome["error"] = str(message.data)
                break
            received(outcome, message.data)
        outcome["code"] = socket.close_code
        if socket.exception() is not None:
            outcome["error"] = str(socket.exception())


asyncio.run(serve_tasks(run))
