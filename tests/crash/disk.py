# SPDX-License-Identifier: GPL-2.0-or-later
"""
A disk whose power can be cut, served as a network block device (the NBD protocol,
https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md).

As a disk with a volatile cache does, it keeps what is written in memory until it is told to
flush. When the power goes, any part of that is lost, in units of a sector.
"""

import os
import socket
import struct
import threading

SECTOR = 512
OPTION, ANSWER = 0x49484156454F5054, 0x3E889045565A9
EXPORT_NAME, ABORT, INFO, GO = 1, 2, 6, 7
ACK, REP_INFO, UNSUPPORTED = 1, 3, 0x80000001
FLAGS = 1 | 4 | 8  # there are flags; flush; force unit access
READ, WRITE, DISCONNECT, FLUSH = range(4)
FUA = 1


class Disk(threading.Thread):
    """Serves one connection after another on a unix socket, until closed."""

    def __init__(self, image, path):
        super().__init__(daemon=True)
        self.fd = os.open(image, os.O_RDWR)
        self.size = os.fstat(self.fd).st_size
        self.lock = threading.Lock()
        self.cache = {}   # sector number -> bytes, not flushed yet
        self.flushes = 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.start()

    def run(self):
        while True:
            try:
                peer = self.listener.accept()[0]
            except OSError:
                return
            try:
                with peer:
                    if self.greet(peer):
                        while self.serve(peer):
                            pass
            except (ConnectionError, EOFError):
                pass

    @staticmethod
    def take(peer, count):
        data = b''
        while len(data) < count:
            more = peer.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def greet(self, peer):
        """Whether requests follow."""
        peer.sendall(b'NBDMAGICIHAVEOPT' + struct.pack('>H', 1 | 2))
        self.take(peer, 4)
        while True:
            _, option, length = struct.unpack('>QII', self.take(peer, 16))
            self.take(peer, length)

            def answer(kind, data=b'', option=option):
                peer.sendall(struct.pack('>QIII', ANSWER, option, kind, len(data)) + data)
            if option in (INFO, GO):
                answer(REP_INFO, struct.pack('>HQH', 0, self.size, FLAGS))
                answer(ACK)
                if option == GO:
                    return True
            elif option == EXPORT_NAME:
                peer.sendall(struct.pack('>QH', self.size, FLAGS))
                return True
            elif option == ABORT:
                answer(ACK)
                return False
            else:
                answer(UNSUPPORTED)

    def serve(self, peer):
        _, flags, kind, handle, offset, length = struct.unpack('>IHHQQI', self.take(peer, 28))
        data = b''
        if kind == DISCONNECT:
            return False
        with self.lock:
            if kind == READ:
                data = self.read(offset, length)
            elif kind == WRITE:
                self.write(offset, self.take(peer, length), flags & FUA)
            elif kind == FLUSH:
                self.flush()
        error = 0 if kind in (READ, WRITE, FLUSH) else 95
        peer.sendall(struct.pack('>IIQ', 0x67446698, error, handle) + data)
        return True

    def read(self, offset, length):
        data = bytearray(os.pread(self.fd, length, offset))
        for sector in range(offset // SECTOR, -(-(offset + length) // SECTOR)):
            if sector in self.cache:
                at = sector * SECTOR - offset
                data[at:at + SECTOR] = self.cache[sector]
        return bytes(data)

    def write(self, offset, data, through):
        if offset % SECTOR or len(data) % SECTOR:
            raise ConnectionError('not in sectors')
        for at in range(0, len(data), SECTOR):
            self.cache[(offset + at) // SECTOR] = data[at:at + SECTOR]
        if through:  # as a flush of everything, which is allowed and what cheap disks do
            self.flush()

    def flush(self):
        for sector, data in self.cache.items():
            os.pwrite(self.fd, data, sector * SECTOR)
        self.cache.clear()
        self.flushes += 1

    def cut(self, random, keep):
        """The power goes: of what was not flushed each sector is kept with this probability.
        How many were kept and lost."""
        with self.lock:
            kept = [sector for sector in self.cache if random.random() < keep]
            for sector in kept:
                os.pwrite(self.fd, self.cache[sector], sector * SECTOR)
            lost = len(self.cache) - len(kept)
            self.cache.clear()
            return len(kept), lost

    def close(self):
        self.listener.close()
        os.close(self.fd)
