"""foreign.py PAYLOAD - a service that knows nothing of ours (slixmpp), and answers every request with that XML."""
import asyncio
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "samples/languages/zeep"))
from stream import Stream  # noqa: E402


async def serve(payload):
    stream = Stream()
    stream.serve(lambda caller, envelope: (payload, False))
    await stream.go_online()
    print(f"serving at xmpp:{stream.boundjid}", flush=True)
    await asyncio.Event().wait()


asyncio.get_event_loop_policy().get_event_loop().run_until_complete(serve(sys.argv[1]))
