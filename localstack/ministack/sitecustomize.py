# Python imports this by itself at the server's start (PYTHONPATH names its folder).
# MiniStack's Lambda Runtime API server writes headers and body as two segments; with
# Nagle on, each answer to a Go function waits for a delayed ACK: 40 ms an invocation.
import socketserver

socketserver.StreamRequestHandler.disable_nagle_algorithm = True
