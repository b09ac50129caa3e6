#!/usr/bin/python3
"""calculator_spyne.py - the calculator by spyne, with spyne's own contract. Says "listening on PORT", and "ran add 1 2"
for each call."""
import socketserver
import sys
import wsgiref.simple_server

from spyne import Application, Double, Fault, ServiceBase, rpc
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication


def ran(operation, a, b):
    print("ran %s %.15g %.15g" % (operation, a, b), flush=True)


class Calculator(ServiceBase):
    @rpc(Double, Double, _returns=Double)
    def add(ctx, a, b):
        ran("add", a, b)
        return a + b

    @rpc(Double, Double, _returns=Double)
    def mul(ctx, a, b):
        ran("mul", a, b)
        return a * b

    @rpc(Double, Double, _returns=Double)
    def div(ctx, a, b):
        ran("div", a, b)
        if b == 0:
            raise Fault("Client", "division by zero")
        return a / b


class Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_):
        pass


application = WsgiApplication(Application(
    [Calculator], "urn:soapxmpp:calculator", name="calculator", in_protocol=Soap11(validator="lxml"),
    out_protocol=Soap11()))
with wsgiref.simple_server.make_server("127.0.0.1", 0, application, Server, Quiet) as server:
    print("listening on %d" % server.server_port, flush=True)
    server.serve_forever()
sys.exit(1)
