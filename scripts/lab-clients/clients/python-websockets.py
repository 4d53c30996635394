"""Runs the client of the Python package websockets."""

import asyncio

import websockets
from tasks import received, serve_tasks


async def run(task, outcome):
    socket = await websockets.connect(
        task["url"], subprotocols=task["protocols"] or None, max_size=2**30, open_timeout=None
    )
    outcome["opened"] = True
    outcome["subprotocol"] = socket.subprotocol or ""
    try:
        action = task.get("action")
        if action == "send":
            for text in ("1", "2", "3"):
                await socket.send(text)
        if action == "close":
            await socket.close(1000, "bye")
        if action == "ping":
            await (await socket.ping("lab"))
            outcome["pongs"] = 1
        async for data in socket:
            received(outcome, data)
    except websockets.ConnectionClosed as error:
        if error.rcvd is None:
            outcome["error"] = str(error)
    finally:
        socket.transport.abort()
    outcome["code"] = socket.close_code
    outcome["reason"] = socket.close_reason


asyncio.run(serve_tasks(run))
