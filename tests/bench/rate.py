# SPDX-License-Identifier: GPL-2.0
"""In the guest: how many events a second reach a reader before the ring drops some, with
the ring as large as it is by default, and one processor for target, kernel and reader."""
import json
import subprocess

import peer

MS = 500


class Reader(peer.LeaktraceLive):
    """Takes every event, into a file in memory."""

    waits = "timerfd"

    def command(self, pid):
        return [peer.LEAKTRACE, "record", str(pid), "--kinds", "fd", "--events",
                "-o", "/dev/shm/events"]

    ready = peer.Peer.ready


def status():
    said = subprocess.run([peer.LEAKTRACE, "status", "--json"], capture_output=True, text=True,
                          check=True).stdout
    return json.loads(said)["status"]


class Flood:
    """The target, which as on a processor of its own waits for nobody."""

    def __init__(self, path):
        self.process = subprocess.Popen(["chrt", "-f", "1", path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        self.pid = int(self.process.stdout.readline().split()[1])

    def at(self, pairs):
        """At PAIRS a millisecond (0: as fast as it can): what was made, a second; and lost."""
        before = status()["lost"]
        self.process.stdin.write(f"{pairs} {MS}\n")
        events, ns = map(int, self.process.stdout.readline().split())
        after = status()
        lost = {cause: after["lost"][cause] - before[cause] for cause in ("ring", "socket")}
        print(json.dumps({"pairs": pairs, "events": events, "ns": ns, **lost,
                          "ring_bytes": after["ring_bytes"]}), flush=True)
        return lost["ring"] + lost["socket"] == 0


def main(work):
    flood, reader = Flood(work + "/flood"), Reader("record", "leaktrace record --events", "fd")
    try:
        reader.start(flood.pid)
        flood.at(1)		# warm
        if flood.at(0):
            return
        good, bad = 1, 64
        while bad - good > 1:
            pairs = (good + bad) // 2
            if flood.at(pairs):
                good = pairs
            else:
                bad = pairs
    finally:
        reader.stop()
        flood.process.kill()
        flood.process.wait()
