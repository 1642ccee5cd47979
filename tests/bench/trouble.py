"""All at once: 10 of 100 printers dead, the broker a black hole, the resolver hung."""
import os
import socket
import time

from house import BUILD, House, address, free_port, until

PRINTERS, DEAD, NAMED = 100, 10, 5


class BlackHole:
    """A port whose SYNs are not answered: a listener whose queue is full."""

    def __init__(self, port):
        self.sockets = [socket.socket()]
        self.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sockets[0].bind(("127.0.0.1", port))
        self.sockets[0].listen(0)
        while self.answers(port):
            pass

    def answers(self, port):
        """Is a connection made? It is kept, and fills the queue."""
        sock = socket.socket()
        sock.settimeout(0.3)
        self.sockets.append(sock)
        try:
            sock.connect(("127.0.0.1", port))
        except socket.timeout:
            return False
        return True

    def close(self):
        for sock in self.sockets:
            sock.close()


def host_of(index):
    """Half of the dead have names that the resolver hangs on."""
    return f"p{index}.hung" if index < NAMED else address(index)


def ask_lag(house):
    """The longest turn of the loop since it was asked last, ms. Asked in a connection of its own."""
    watch = house.watch("printer2mqtt")
    time.sleep(1)
    watch.ask("begin")
    watch.ask("health")
    time.sleep(2)
    lag = watch.ask("end")["lag_ms"]
    watch.rows()
    watch.end()
    return lag


def wait_lag(house):
    """The same, when the bridge is back."""
    lags = []
    until("bridge/health came", lambda: lags.append(ask_lag(house)) or lags[-1] >= 0, 120)
    return lags[-1]


def bench(rows, quick):
    seconds = 15 if quick else 60
    env = {**os.environ, "LD_PRELOAD": str(BUILD / "tests/bench/libbench_hang.so")}
    with House(PRINTERS, dead=DEAD) as house:
        house.start_bridge(env=env, broker="broker.hung", url=host_of)
        house.wait_polled(8)
        time.sleep(10)
        wait_lag(house)
        house.broker.end()
        hole = BlackHole(house.broker_port)
        house.load.ask("reset")
        time.sleep(seconds)
        seen = house.load.ask("stats")
        hole.close()
        house.start_broker()
        lag = wait_lag(house)
    ideal = (PRINTERS - DEAD) * seen["seconds"]
    what = "10 of 100 printers dead, broker a black hole, resolver hung"
    rows.add(what + ": polls of the others / ideal", ">= 0.99", seen["polls"] / ideal >= 0.99, f"{seen['polls'] / ideal:.3f}")
    rows.at_most("the same: longest turn of the loop, the broker's return included", 5, lag, "{:.1f} ms")
    rows.remark(f"Trouble: {seen['ignored']} requests stayed without an answer; a printer that lives was asked every "
                f"{seen['gap_ms']:.0f} ms at the most.")
