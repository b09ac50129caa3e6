"""soapxmpp.py - the library for asyncio: calls and services of envelopes as bytes, by cffi on libsoapxmppcore.

    async with Link(jid="alice@example.org/desk", password="...") as link:
        answer = await link.call("xmpp:calc@example.org/soap", envelope)

A Link has everything that the library promises between two of its peers: a call outlives broken connections and runs at
most once, envelopes arrive byte for byte, big ones in pieces. Nothing is compiled: the declarations are those of the
installed soap_xmpp.h. Everything runs on the loop's thread but what may block, which runs on a thread of its executor.
"""
import asyncio
import os
import re
import subprocess
from functools import partial

from cffi import FFI


def _read_header():
    folder = os.environ.get("SOAPXMPP_INCLUDE") or subprocess.run(
        ["pkg-config", "--variable=includedir", "soapxmppcore"], check=True, capture_output=True, text=True).stdout.strip()
    with open(f"{folder}/soap_xmpp.h", encoding="utf-8") as file:
        text = re.sub(r"(?s)/\*.*?\*/", "", file.read().split("/* ---- plugin ---- */")[0])
    text = re.sub(r"(?m)^#(.*\\\n)*.*$", "", text)  # directives
    return text.replace('extern "C" {', "")


ffi = FFI()
ffi.cdef(_read_header())
lib = ffi.dlopen(os.environ.get("SOAPXMPP_LIBRARY", "libsoapxmppcore.so.0"))

WHY_BYTES, PIECE_BYTES = 1024, 65536
OUTCOMES = {lib.SOAP_XMPP_EXECUTED: "executed", lib.SOAP_XMPP_NOT_EXECUTED: "not executed",
            lib.SOAP_XMPP_UNKNOWN: "unknown"}


def _text(pointer):
    return ffi.string(pointer).decode() if pointer else ""


class Failed(Exception):
    """A call without an answer. outcome: "executed", "not executed" or "unknown"; condition: RFC 6120 8.3.3, or ""."""

    def __init__(self, text, outcome="not executed", condition=""):
        super().__init__(text)
        self.outcome, self.condition = outcome, condition


class Fault(Exception):
    """An envelope that holds a SOAP fault: raised by a call, and by a service to answer with one."""

    def __init__(self, envelope):
        super().__init__(envelope.decode(errors="replace"))
        self.envelope = envelope


class Declined(Exception):
    """Raised by a service that certainly has not run a request: another process may."""

    def __init__(self, text, condition="service-unavailable"):
        super().__init__(text)
        self.condition = condition


class Request:
    """One to serve. Its texts are those of soap_xmpp.h: sender, to, id, action, operation, namespace, traceparent."""

    def __init__(self, handle):
        self.sender = _text(lib.soap_xmpp_request_from(handle))
        for name in "to", "id", "action", "operation", "namespace", "traceparent":
            setattr(self, name, _text(getattr(lib, f"soap_xmpp_request_{name}")(handle)))
        self.version = lib.soap_xmpp_request_version(handle)
        try:
            self.envelope = _read(lib.soap_xmpp_request_read, handle)
        except ValueError as damage:
            raise Declined(str(damage), "bad-request") from None


def _read(read, handle):
    """ValueError: the envelope is damaged, or too large."""
    out, why, pieces = ffi.new("char[]", PIECE_BYTES), ffi.new("char[]", WHY_BYTES), []
    while (got := read(handle, out, PIECE_BYTES, why, WHY_BYTES)) > 0:
        pieces.append(ffi.buffer(out, got)[:])
    if got < 0:
        raise ValueError(_text(why))
    return b"".join(pieces)


class Link:
    """One connection. Settings are members of struct soap_xmpp_config: jid="...", max_depth=100. Without any they are
    those of the environment: SOAP_XMPP_JID and so on. The loop that runs is the one that it belongs to."""

    def __init__(self, **settings):
        self._calls, self._tasks, self._serve = {}, set(), None
        config, kept, why = ffi.new("struct soap_xmpp_config *"), [], ffi.new("char[]", WHY_BYTES)
        lib.soap_xmpp_config_init_bytes(config, ffi.sizeof(config[0]))
        if not settings and lib.soap_xmpp_config_from_env(config, why, WHY_BYTES) != 0:
            raise ValueError(_text(why))
        for name, value in settings.items():
            if isinstance(value, str):
                kept.append(ffi.new("char[]", value.encode()))
                value = kept[-1]
            setattr(config, name, value)
        self._link = lib.soap_xmpp_open(config, why, WHY_BYTES)
        if not self._link:
            raise ValueError(_text(why))
        self._loop = asyncio.get_running_loop()
        self._fd = lib.soap_xmpp_fd(self._link)
        if self._fd < 0:
            lib.soap_xmpp_close(self._link)
            raise OSError("no descriptor for the link")
        self._loop.add_reader(self._fd, self._turn)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.close()

    async def online(self, timeout_ms=-1):
        """The link's JID once it is online. Failed: it isn't, and why. Calls needn't wait for this."""
        text = ffi.new("char[]", 4096)
        if await self._loop.run_in_executor(None, lib.soap_xmpp_wait_online, self._link, timeout_ms) != 0:
            lib.soap_xmpp_reason(self._link, text, 4096)
            raise Failed(_text(text))
        lib.soap_xmpp_jid(self._link, text, 4096)
        return _text(text)

    async def call(self, endpoint, envelope, timeout_ms=0, **more):
        """The answer's envelope, b"" if there is none. more: members of struct soap_xmpp_post, as action="...". Raises
        Fault and Failed. A cancelled call may still run."""
        post, why = ffi.new("struct soap_xmpp_post *"), ffi.new("char[]", WHY_BYTES)
        lib.soap_xmpp_post_init_bytes(post, ffi.sizeof(post[0]))
        texts = {"endpoint": endpoint.encode(), "envelope": envelope}
        texts.update((name, value.encode()) for name, value in more.items() if isinstance(value, str))
        kept = {name: ffi.new("char[]", value) for name, value in texts.items()}
        for name, value in {**more, **kept}.items():
            setattr(post, name, value)
        post.envelope_bytes, post.timeout_ms = len(envelope), timeout_ms
        handle = lib.soap_xmpp_post(self._link, post, why, WHY_BYTES)
        if not handle:
            raise Failed(_text(why))
        done = self._calls[handle] = self._loop.create_future()
        try:
            await done
            return self._result(handle)
        finally:
            self._calls.pop(handle, None)
            lib.soap_xmpp_cancel(handle)

    @staticmethod
    def _result(handle):
        end, outcome = lib.soap_xmpp_call_end(handle), OUTCOMES[lib.soap_xmpp_call_outcome(handle)]
        if end not in (lib.SOAP_XMPP_END_ANSWER, lib.SOAP_XMPP_END_FAULT, lib.SOAP_XMPP_END_EMPTY):
            raise Failed(_text(lib.soap_xmpp_call_text(handle)), outcome, _text(lib.soap_xmpp_call_condition(handle)))
        try:
            envelope = _read(lib.soap_xmpp_call_read, handle)
        except ValueError as damage:
            raise Failed(str(damage), outcome) from None
        if end == lib.SOAP_XMPP_END_FAULT:
            raise Fault(envelope)
        return envelope

    def serve(self, answer):
        """From now on requests that a rule lets pass go to await answer(request), which returns an envelope as bytes,
        or None for an empty answer, or raises Fault or Declined. Whatever else it raises refuses the request: its caller
        is told that it may have run. As many run at a time as come: bound them where they need it."""
        self._serve = answer
        self._turn()

    def _turn(self):
        """The descriptor is readable while one of the two has something, and from the stop on."""
        while handle := lib.soap_xmpp_wait(self._link, 0):
            if handle in self._calls and not self._calls[handle].done():
                self._calls[handle].set_result(None)
            elif handle not in self._calls:
                lib.soap_xmpp_cancel(handle)  # an answer to a named call of a process before this one
        stopped = ffi.new("int *")
        while self._serve and (handle := lib.soap_xmpp_take(self._link, 0, stopped)):
            task = self._loop.create_task(self._answer(handle))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if stopped[0] or lib.soap_xmpp_state(self._link) in (lib.SOAP_XMPP_STOPPING, lib.SOAP_XMPP_CLOSED):
            self._loop.remove_reader(self._fd)

    async def _answer(self, handle):
        try:
            end = partial(self._send, handle, await self._serve(Request(handle)))
        except Fault as fault:
            end = partial(self._send, handle, fault.envelope)
        except Declined as declined:
            end = partial(lib.soap_xmpp_decline, handle, declined.condition.encode(), str(declined).encode())
        except (Exception, asyncio.CancelledError) as failure:
            end = partial(lib.soap_xmpp_refuse, handle, str(failure).encode() or ffi.NULL)
        await self._loop.run_in_executor(None, end)

    @staticmethod
    def _send(handle, envelope):
        why = ffi.new("char[]", WHY_BYTES)
        if lib.soap_xmpp_answer(handle, envelope or ffi.NULL, len(envelope or b""), why, WHY_BYTES) != 0:
            lib.soap_xmpp_refuse(handle, why)

    async def close(self, drain_ms=5000):
        """Lets what runs here be answered, for drain_ms at most; calls under way end as stopped."""
        await self._loop.run_in_executor(None, lib.soap_xmpp_stop, self._link, drain_ms)
        self._turn()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._loop.remove_reader(self._fd)
        lib.soap_xmpp_close(self._link)
