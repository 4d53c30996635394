"""Takes tasks from stdin, a JSON object on each line, and writes the outcome of each to stdout."""

import asyncio
import json
import sys


async def serve_tasks(run):
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)
    print("{}", flush=True)  # ready
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        task = json.loads(line)
        outcome = {"opened": False, "messages": 0, "bytes": 0, "hangs": False}
        try:
            await asyncio.wait_for(run(task, outcome), task["timeout"] / 1000)
        except asyncio.TimeoutError:
            outcome["hangs"] = True
        except Exception as error:
            outcome.setdefault("error", f"{type(error).__name__}: {error}")
        print(json.dumps(outcome), flush=True)


def received(outcome, data):
    outcome["messages"] += 1
    outcome["bytes"] += len(data.encode() if isinstance(data, str) else data)
