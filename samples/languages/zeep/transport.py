"""transport.py - zeep over XMPP: a transport whose addresses begin with "xmpp:". Others go by HTTP, as ever."""
import asyncio
import concurrent.futures
import threading

from lxml import etree
from zeep.exceptions import TransportError
from zeep.transports import Transport

from stream import Refused, Stream

HTTP_BINDING = b'transport="http://schemas.xmlsoap.org/soap/http"'
XMPP_BINDING = b'transport="http://jabber.org/protocol/soap"'


class Response:
    """Of requests.Response what zeep reads."""

    encoding = "utf-8"

    def __init__(self, envelope, is_fault):
        self.status_code = 500 if is_fault else 200
        self.content = envelope.encode()
        self.headers = {"Content-Type": "text/xml"}


class XmppTransport(Transport):
    """One stream, on a thread of its own, for calls from any thread. Close it at the end."""

    def __init__(self, timeout_s=60, **options):
        super().__init__(**options)
        self.timeout_s = timeout_s
        self._online = concurrent.futures.Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), daemon=True)
        self._thread.start()
        self._stream = self._online.result()

    async def _live(self):
        self._loop, self._closed = asyncio.get_running_loop(), asyncio.Event()
        try:
            stream = Stream()
            await stream.go_online()
        except Exception as failure:
            self._online.set_exception(failure)
            return
        self._online.set_result(stream)
        await self._closed.wait()
        await stream.disconnect()

    def close(self):
        self._loop.call_soon_threadsafe(self._closed.set)
        self._thread.join()

    def load(self, url):
        """zeep passes over bindings whose transport it doesn't know."""
        return super().load(url).replace(XMPP_BINDING, HTTP_BINDING)

    def post_xml(self, address, envelope, headers):
        if not address.startswith("xmpp:"):
            return super().post_xml(address, envelope, headers)
        text = etree.tostring(envelope, encoding="unicode")
        call = self._stream.ask(address[len("xmpp:"):], text, self.timeout_s)
        try:
            return Response(*asyncio.run_coroutine_threadsafe(call, self._loop).result())
        except Refused as refused:
            raise TransportError(str(refused)) from None
        except asyncio.TimeoutError:
            raise TransportError("no answer in time; the call may have run") from None
