# SPDX-License-Identifier: GPL-2.0-or-later
"""All parts, or those named. Each takes a helper of its own and leaves nothing behind."""

import sys
import time
import traceback

import client
import ipset_part
import kill_part
import life_part
import nft_part
import packet_part
import ports_part
import route_part
import sockets_part
import traffic_part
import user_part
import watch_part

PARTS = {'packet': packet_part, 'nft': nft_part, 'ports': ports_part, 'user': user_part,
         'watch': watch_part, 'ipset': ipset_part, 'route': route_part,
         'sockets': sockets_part, 'traffic': traffic_part,
         'life': life_part, 'kill': kill_part}


def main():
    client.sh('ip link set lo up')
    for name in sys.argv[1:] or PARTS:
        print(f'== {name}')
        start = time.monotonic()
        try:
            PARTS[name].run()
        except Exception:  # a part that cannot go on is a failure; the others still run
            traceback.print_exc()
            client.check(f'{name} runs to its end', False)
        print(f'     {name}: {time.monotonic() - start:.1f} s')
    client.finish()


main()
