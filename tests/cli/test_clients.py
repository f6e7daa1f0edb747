"""rt0lab/clients.py without gdb: who is at the other end of a connection, and who gives way when."""

import contextlib
import os
import socket
import threading

import pytest

import runner  # noqa: F401  (it knows where rt0lab is)
from rt0lab.formats import packets
from rt0lab.remote import clients


@contextlib.contextmanager
def pair(family, address, to=None):
    """(the server's end, the client's end) of a connection; the client may be of another family than the server."""
    with socket.socket(family) as listener:
        try:
            listener.bind((address, 0))
        except OSError:
            pytest.skip(f"{address} cannot be used here: turn on IPv6 to test it")
        listener.listen()
        client_family, host = to or (family, address)
        with socket.socket(client_family) as client:
            client.connect((host, listener.getsockname()[1]))
            connection = listener.accept()[0]
            with connection:
                yield connection, client


FAMILIES = {
    "4": (socket.AF_INET, "127.0.0.1", None),
    "6": (socket.AF_INET6, "::1", None),
    "6 to 4": (socket.AF_INET, "127.0.0.1", (socket.AF_INET6, "::ffff:127.0.0.1")),
    "4 to 6": (socket.AF_INET6, "::", (socket.AF_INET, "127.0.0.1")),
}


@pytest.mark.parametrize("families", FAMILIES)
def test_the_user_at_the_other_end(families):
    with pair(*FAMILIES[families]) as (ours, _):
        assert clients.user_of(ours) == os.geteuid()


def test_the_user_at_the_other_end_of_a_socket_in_the_file_system():
    one, other = socket.socketpair()
    with one, other:
        assert clients.user_of(one) == os.geteuid()


def test_an_end_that_is_closed_is_nobodys():
    """The kernel shows it as root's."""
    with pair(*FAMILIES["4"]) as (ours, theirs):
        theirs.close()
        assert clients.user_of(ours) is None


class Program:
    """Answers every question with the question."""

    acknowledge, ended = False, False

    def answer(self, payload):
        self.ended = payload == b"D"
        return payload


@contextlib.contextmanager
def desk(**options):
    """knock(): another client of a Desk that serves; returns its socket."""
    ours, its = socket.socketpair()
    path = f"\0{os.getpid()}-{id(ours)}"  # in no file system
    with socket.socket(socket.AF_UNIX) as listener, its, contextlib.ExitStack() as stack:
        listener.bind(path)
        listener.listen()
        thread = threading.Thread(target=clients.Desk(Program, its, **options).at_socket, args=[listener])
        thread.start()

        def knock():
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(path)
            client.settimeout(60)
            return client

        yield knock
        ours.close()
        thread.join(60)
        assert not thread.is_alive()


def asked(client, question=b"question"):
    """What comes back, as it comes over the line; nothing if the line is closed."""
    client.sendall(packets.packet(question))
    return client.recv(1000)


def test_one_is_served_and_the_others_are_told():
    with desk(idle=1000) as knock:
        first = knock()
        assert asked(first) == packets.packet(b"question")
        assert [b"E.another debugger" in asked(knock()) for _ in range(3)] == [True] * 3
        assert asked(first) == packets.packet(b"question")


def test_gdbs_first_question_is_not_refused_twice():
    with desk(idle=1000) as knock:
        first, second = knock(), knock()
        assert asked(first) and asked(second, b"qSupported:a+;b+") == b"+" + packets.packet(b"")


def test_whoever_leaves_makes_room_at_once():
    with desk(idle=1000) as knock:
        for _ in range(50):
            with knock() as client:
                client.sendall(packets.packet(b"question"))  # and does not wait for the answer


def test_others_users_are_told_even_if_nobody_is_served():
    with desk(idle=1000, users=[]) as knock:
        assert b"E.these goroutines are shown to the user" in asked(knock())


def test_letting_go_ends_it():
    with desk(idle=1000) as knock:
        client = knock()
        assert asked(client, b"D") == packets.packet(b"D") and client.recv(1) == b""


def test_one_that_does_not_read_gives_way_too():
    with desk(idle=0) as knock:
        deaf = knock()
        deaf.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                deaf.send(packets.packet(b"question") * 100)
        assert asked(knock()) == packets.packet(b"question")
