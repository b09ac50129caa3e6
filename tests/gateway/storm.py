"""storm.py - calls without a pause, while who carries them is killed and comes back: each ends, none runs twice, and
what was said of it is true."""

import http.client
import random
import threading
import time

import gateway_lab
from gateway_lab import Call, HangUp, operation, post


class Storm(gateway_lab.GatewayLab):
    CALLERS = 6

    def backend_of(self, seed):
        choice = random.Random(seed)

        def act(call):
            what = choice.random()
            if what < 0.05:
                raise HangUp
            if what < 0.08:
                call.send("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 500\r\n\r\n<half")
                raise HangUp
            time.sleep(choice.choice([0, 0, 0.02]))
            Call.answer(call)

        return self.ledger(act)

    def call_on(self, which, ends):
        """Numbers of its own, one after the other."""
        number = which
        while not self.over.is_set():
            try:
                ends[number] = post(self.chain_of_two.url, operation("add", number, 0))
            except (OSError, http.client.HTTPException) as error:
                ends[number] = error
                self.over.wait(0.05)
            number += self.CALLERS

    def kill_one(self, choice):
        """One of both gateways, or all that the service has open, or what the subclass has."""
        victim = choice.choice(["serving", "routing", "connections", *self.others()])
        if victim == "connections":
            with self.service.news:
                streams = list(self.service.streams)
            for stream in streams:
                try:
                    stream.shutdown(2)
                except OSError:
                    pass
        elif victim in ("serving", "routing"):
            gateway = getattr(self.chain_of_two, victim)
            gateway.kill()
            again = gateway.again()
            self.addCleanup(again.kill)
            setattr(self.chain_of_two, victim, again)
        else:
            victim()

    def others(self):
        return []

    def rages(self, seconds, seed):
        print("    storm: seed %d" % seed, flush=True)
        choice = random.Random(seed)
        self.service, self.over, ends = self.backend_of(seed), threading.Event(), {}
        self.chain_of_two = self.chain(self.service.url, "connections = 4 keepalive = 5", "timeout = 20")
        threads = [threading.Thread(target=self.call_on, args=(which, ends)) for which in range(self.CALLERS)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                time.sleep(choice.uniform(0.1, 0.6))
                self.kill_one(choice)
        finally:
            self.over.set()
            for thread in threads:
                thread.join(2 * gateway_lab.PATIENCE_S)
        self.assertFalse(any(thread.is_alive() for thread in threads))
        return self.judge(ends)

    def judge(self, ends):
        """Counts of what was said."""
        ran, said = {}, {}
        for number in self.service.numbers:
            ran[number] = ran.get(number, 0) + 1
        self.assertEqual([number for number, count in ran.items() if count > 1], [])
        for number, answer in ends.items():
            outcome = getattr(answer, "outcome", None)
            said[outcome] = said.get(outcome, 0) + 1
            if outcome is None:
                self.assertIsInstance(answer, Exception, answer)  # nobody was there to say one
            elif outcome != "unknown":
                self.assertEqual(ran.get(str(number), 0), outcome == "executed", "%d: %r" % (number, answer))
            if getattr(answer, "status", 0) == 200:
                self.assertEqual((answer.value, outcome), (str(number), "executed"))
        return said
