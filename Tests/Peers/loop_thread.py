"""An asyncio server on a thread of its own, for the scripted providers."""

import asyncio
import threading


class LoopThread:
    """What `serve` answers on a free port of the loopback, until `stop`."""

    def __init__(self, serve, port=0, **options):
        self.loop = None
        self.port = None
        self.listening = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(serve, port, options), daemon=True)
        self.thread.start()
        assert self.listening.wait(10), "the scripted provider did not listen within 10 s"

    def run(self, serve, port, options):
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(
            asyncio.start_server(serve, "127.0.0.1", port, backlog=1024, **options))
        self.port = server.sockets[0].getsockname()[1]
        self.listening.set()
        self.loop.run_forever()
        # Whoever is still being served is let go of before the loop goes, or Python complains at its own end.
        server.close()
        served = asyncio.all_tasks(self.loop)
        for task in served:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*served, return_exceptions=True))
        self.loop.close()

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
