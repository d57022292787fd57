#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Policy clients that are no Postfix.

usage: policy.py ask PORT NAME=VALUE...    a request; prints the answer
       policy.py say PORT < BYTES          what comes back on a connection, until it ends
       policy.py idle PORT N               N idle connections; then asks on one more, and on the last
                                           of them
"""
import resource
import socket
import sys


def dial(port):
    return socket.create_connection(('127.0.0.1', int(port)), timeout=60)


def ask(sock, attributes):
    sock.sendall(''.join(a + '\n' for a in attributes).encode('latin1') + b'\n')
    answer = b''
    while not answer.endswith(b'\n\n'):
        part = sock.recv(4096)
        if not part:
            break
        answer += part
    return answer.decode('latin1').strip()


def say(port):
    sock = dial(port)
    heard = b''
    try:
        sock.sendall(sys.stdin.buffer.read())
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    try:
        while part := sock.recv(65536):
            heard += part
    except OSError:
        pass
    print(heard.decode('latin1'), end='')


def idle(port, count):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = [dial(port) for _ in range(count)]
    request = ['request=smtpd_access_policy', 'protocol_state=DATA', 'client_address=198.51.100.1']
    print(ask(dial(port), request))
    print(ask(held[-1], request))
    print('first: %s' % ('closed' if held[0].recv(1) == b'' else 'open'))


def main():
    verb, port, *rest = sys.argv[1:]
    if verb == 'ask':
        print(ask(dial(port), rest))
    elif verb == 'say':
        say(port)
    else:
        idle(port, int(rest[0]))


main()
