"""asyncio: producers, consumers, locks and timeouts on one loop."""
import asyncio


async def produce(queue, name, n):
    for i in range(n):
        await queue.put((name, i))
        await asyncio.sleep(0)


async def consume(queue, lock, seen):
    while True:
        item = await queue.get()
        async with lock:
            seen.append(item)
        queue.task_done()


async def main():
    queue, lock, seen = asyncio.Queue(maxsize=5), asyncio.Lock(), []
    consumers = [asyncio.create_task(consume(queue, lock, seen)) for _ in range(3)]
    await asyncio.gather(*(produce(queue, f"p{i}", 60) for i in range(4)))
    await queue.join()
    for task in consumers:
        task.cancel()
    await asyncio.gather(*consumers, return_exceptions=True)
    try:
        await asyncio.wait_for(asyncio.sleep(1), timeout=0.001)
    except asyncio.TimeoutError:
        pass


asyncio.run(main())
