"""How often the machine itself (other programs, the host of a virtual machine) holds up a program that only looks at the clock.

    stalls.py [SECONDS]"""
import subprocess
import sys
import time

from house import OTHERS, TESTED, cores

LONG_MS = 1


def spin(seconds):
    """Prints how many gaps were long, and the longest, in ms."""
    end = time.perf_counter() + seconds
    last, gaps = time.perf_counter(), []
    while last < end:
        now = time.perf_counter()
        if now - last > LONG_MS / 1000:
            gaps.append((now - last) * 1000)
        last = now
    print(len(gaps), max(gaps, default=0))


def tell(seconds):
    """On both cores at once, as in the benchmarks; what the tested one met."""
    used = [TESTED, OTHERS] if cores() > 1 else [TESTED]
    command = ["/usr/bin/python3", __file__, str(seconds)]
    spinning = [subprocess.Popen(["taskset", "-c", core, *command] if cores() > 1 else command, stdout=subprocess.PIPE, text=True)
                for core in used]
    count, longest = [child.communicate()[0].split() for child in spinning][0]
    return (f"The machine itself: in {seconds} s with all cores busy a program that only looks at the clock was held up for more than "
            f"{LONG_MS} ms {count} times, once for {float(longest):.1f} ms.")


if __name__ == "__main__":
    spin(float(sys.argv[1]) if len(sys.argv) > 1 else 5)
