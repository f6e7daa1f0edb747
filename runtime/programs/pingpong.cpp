// pingpong.cpp - two goroutines pass a number back and forth over channels; main waits for the last word.

#include "go.hpp"

static void player(const char* name, chan<int64> in, chan<int64> out) {
    for (int64 n : in) {
        fmt::Println(name, n);
        if (n == 5) break;
        out.send(n + 1);
    }
    out.close();  // ends the other's loop, too
}

void main_main() {
    chan<int64> ping(0), pong(0), done(0);
    go([=] { player("ping", ping, pong); });
    go([=] {
        player("pong", pong, ping);
        done.close();
    });
    ping.send(1);
    done.recv();
    fmt::Println("game over");
}
