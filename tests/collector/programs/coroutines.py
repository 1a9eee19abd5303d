"""asyncio with tasks, queues, cancellation, asynchronous generators and context managers."""
import asyncio
import contextlib


async def count(n):
    for i in range(n):
        yield i
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def opened(log):
    log.append("in")
    try:
        yield log
    finally:
        await asyncio.sleep(0)
        log.append("out")


async def produce(queue):
    async for i in count(20):
        await queue.put(i)
    await queue.put(None)


async def consume(queue):
    total = 0
    while True:
        item = await queue.get()
        if item is None:
            return total
        total += item


async def fail():
    await asyncio.sleep(0)
    raise KeyError("as expected")


async def for_ever():
    try:
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        await asyncio.sleep(0)
        raise


async def all_of_it():
    queue, log = asyncio.Queue(3), []
    async with opened(log):
        results = await asyncio.gather(produce(queue), consume(queue), fail(), return_exceptions=True)
    task = asyncio.ensure_future(for_ever())
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    unfinished = count(5)
    await unfinished.__anext__()
    await unfinished.aclose()
    return results, log


def main():
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(all_of_it())
    finally:
        loop.close()
