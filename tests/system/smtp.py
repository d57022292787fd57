#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An SMTP session with the Postfix of postfix.sh, as another client.

usage: smtp.py [--port N] ADDRESS NAME COMMAND...

Sends the commands and prints each answer's last line. Among the commands "LOGIN USER PASSWORD"
is the whole of AUTH LOGIN, "PLAIN USER PASSWORD" of AUTH PLAIN, "MAIL-TO RECIPIENT" a whole
message; "sleep N" waits, "HANG-UP LINE" sends it and is gone. Ends with 1 when the server hangs up.
"""
import base64
import socket
import sys
import time


def hung_up():
    print('hung up')
    sys.exit(1)


class Session:
    def __init__(self, port):
        self.sock = socket.create_connection(('127.0.0.1', port), timeout=120)
        self.file = self.sock.makefile('rb')

    def answer(self):
        while True:
            line = self.file.readline()
            if not line:
                hung_up()
            if line[3:4] != b'-':
                return line.decode('latin1').rstrip()

    def send(self, line):
        self.sock.sendall(line.encode('latin1') + b'\r\n')
        return self.answer()

    def tell(self, line):
        print(self.send(line), flush=True)


def coded(text):
    return base64.b64encode(text.encode('latin1')).decode()


def command(session, line):
    word, _, rest = line.partition(' ')
    if word == 'sleep':
        time.sleep(float(rest))
    elif word == 'HANG-UP':
        session.sock.sendall(rest.encode('latin1') + b'\r\n')
        sys.exit(0)
    elif word == 'LOGIN':
        user, _, password = rest.rpartition(' ')
        session.send('AUTH LOGIN')
        session.send(coded(user))
        session.tell(coded(password))
    elif word == 'PLAIN':
        user, _, password = rest.rpartition(' ')
        session.tell('AUTH PLAIN ' + coded('\0%s\0%s' % (user, password)))
    elif word == 'MAIL-TO':
        session.send('MAIL FROM:<a@client.example>')
        session.send('RCPT TO:<%s>' % rest)
        session.send('DATA')
        session.tell('Subject: test\r\n\r\ntext\r\n.')
    else:
        session.tell(line)


def main():
    args = sys.argv[1:]
    port = 25
    if args[0] == '--port':
        port = int(args[1])
        args = args[2:]
    address, name, *commands = args
    session = Session(port)
    session.answer()
    session.send('EHLO client.example')
    if ':' in address:
        address = 'IPV6:' + address
    session.send('XCLIENT ADDR=%s NAME=%s' % (address, name))
    session.send('EHLO client.example')
    for line in commands:
        command(session, line)


try:
    main()
except (ConnectionResetError, BrokenPipeError):
    hung_up()
