"""Pykka: a thread for each actor."""

import threading
import time

import pykka
from common import Gaps, Stopwatch, main, resident


class Sink(pykka.ThreadingActor):
    def __init__(self, last, done):
        super().__init__()
        self.last = last
        self.done = done

    def on_receive(self, message):
        if message == self.last:
            self.done.set()


class Echo(pykka.ThreadingActor):
    def on_receive(self, message):
        return message


def tell(size):
    done = threading.Event()
    ref = Sink.start(size, done)
    with Stopwatch() as watch:
        for number in range(1, size + 1):
            ref.tell(number)
        done.wait()
    return watch.micros(size)


def ask(size):
    ref = Echo.start()
    with Stopwatch() as watch:
        for number in range(size):
            ref.ask(number, timeout=5.0)
    return watch.micros(size)


def fan_out(size):
    refs = [Echo.start() for _ in range(size)]
    for _ in range(2):
        with Stopwatch() as watch:
            pykka.get_all([ref.ask(1, block=False) for ref in refs])
    return watch.micros(size)


def spawn(size):
    with Stopwatch() as watch:
        for _ in range(size):
            Echo.start()
    return watch.micros(size)


def memory(size):
    Echo.start()
    before = resident()
    for _ in range(size):
        Echo.start()
    return (resident() - before) / size


def fairness(size):
    gaps, done = Gaps(), threading.Event()

    def tick():
        while not done.is_set():
            time.sleep(0.001)
            gaps.tick()

    ref = Sink.start(size, done)
    ticker = threading.Thread(target=tick)
    ticker.start()
    time.sleep(0.01)
    gaps.start()
    for number in range(1, size + 1):
        ref.tell(number)
    done.wait()
    worst = gaps.millis
    ticker.join()
    return worst


if __name__ == "__main__":
    try:
        main({measure.__name__: measure for measure in (tell, ask, fan_out, spawn, memory, fairness)})
    finally:
        pykka.ActorRegistry.stop_all()
