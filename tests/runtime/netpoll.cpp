// netpoll.cpp - goroutines that wait for pipes and sockets: they park, lose no byte, and a close sets them free.

#include "go.hpp"
#include "runtime.hpp"

constexpr int64 pairs = 100, rounds = 100, total = 8 << 20;

/// Reads until n bytes are there.
static bool readfull(const os::File& f, uint8* b, int64 n) {
    for (int64 have = 0; have < n;) {
        auto [r, err] = f.Read(b + have, n - have);
        if (err) return false;
        have += r;
    }
    return true;
}

/// The program's goroutines that wait.
static int64 waiting() {
    int64 n = 0;
    lock(&allglock);
    for (int64 i = 0; i < allgs.len; i++)
        n += !issystemgoroutine(allgs.array[i]) && readgstatus(allgs.array[i]) == _Gwaiting;
    unlock(&allglock);
    return n;
}

void main_main() {
    // Were the readers not parked, each would hold a thread.
    sync::WaitGroup wg;
    int64 wrong = 0;
    wg.Add(2 * pairs);
    os::File near[pairs];
    for (os::File& a : near) {
        auto s = net::Socketpair();
        a = s.a;
        go([b = s.b, &wg] {
            uint8 byte;
            while (b.Read(&byte, 1).err == nullptr) b.Write(&byte, 1);
            wg.Done();
        });
    }
    while (waiting() < pairs) runtime::Gosched();
    bool few = mcount() < pairs;
    for (int64 i = 0; i < pairs; i++)
        go([a = near[i], i, &wg, &wrong] {
            for (int64 k = 0; k < rounds; k++) {
                uint8 sent = static_cast<uint8>(i + k), got = 0;
                a.Write(&sent, 1);
                if (!readfull(a, &got, 1) || got != sent) atomic::Xadd(&wrong, 1);
            }
            a.Close();
            wg.Done();
        });
    wg.Wait();
    fmt::Println("echo wrong", wrong, "threads", few ? "few" : "many");

    // More than a pipe holds: writer and reader park in turn.
    auto p = os::Pipe();
    os::File r = p.r, w = p.w;
    go([=] {
        static uint8 block[10000];
        for (int64 done = 0; done < total;) {
            int64 n = total - done < 10000 ? total - done : 10000;
            for (int64 i = 0; i < n; i++) block[i] = static_cast<uint8>((done + i) * 31 >> 3);
            w.Write(block, n);
            done += n;
        }
        w.Close();
    });
    static uint8 part[7000];
    int64 n = 0, bad = 0;
    for (;;) {
        auto [got, err] = r.Read(part, sizeof part);
        for (int64 i = 0; i < got; i++) bad += part[i] != static_cast<uint8>((n + i) * 31 >> 3);
        n += got;
        if (err == io::EOF) break;
    }
    fmt::Println("pipe", n, "bad", bad);

    // Close sets readers free, on the file itself and at the other end.
    auto s = net::Socketpair();
    os::File a = s.a, b = s.b;
    chan<error> ends(0);
    for (int i = 0; i < 3; i++)
        go([=] {
            uint8 byte;
            chan<error>(ends).send(a.Read(&byte, 1).err);
        });
    time::Sleep(time::Millisecond);
    a.Close();
    int64 closed = 0;
    for (int i = 0; i < 3; i++) closed += ends.recv() == os::ErrClosed;
    uint8 byte = 1;
    fmt::Println("closed", closed, "other end", b.Read(&byte, 1).err, "again", a.Close());
    fmt::Println("write", b.Write(&byte, 1).err);
}
