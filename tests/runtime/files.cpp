// files.cpp - files that are closed while they are read, calls that are cut short, and what epoll says, one check at a
// time.

#include <initializer_list>

#include "checks.hpp"
#include "mheap.hpp"
#include "netpoll.hpp"
#include "std/file.hpp"

// ---- the system's answers: linked with --wrap ----------------------------------------------------------------------

int64 real_read(int32 fd, void* b, uintptr n) GO("__real_runtime.read");
nosplit int64 wrap_read(int32 fd, void* b, uintptr n) GO("__wrap_runtime.read");
static volatile int64 instead;              // an error, once
static int64 (*volatile inread)(int32 fd);  // once
int64 wrap_read(int32 fd, void* b, uintptr n) {
    int64 r = instead;
    instead = 0;
    if (r) return r;
    auto f = inread;
    inread = nullptr;
    if (f) return f(fd);
    return real_read(fd, b, n);
}

int64 real_epollwait(int32 ep, epollevent* ev, int32 nev, int32 timeout) GO("__real_runtime.epollwait");
nosplit int64 wrap_epollwait(int32 ep, epollevent* ev, int32 nev, int32 timeout) GO("__wrap_runtime.epollwait");
static volatile int64 refused;   // what epollwait says, once
static volatile uint32 changed;  // the events that it tells of
int64 wrap_epollwait(int32 ep, epollevent* ev, int32 nev, int32 timeout) {
    int64 r = refused;
    refused = 0;
    if (r) return r;
    r = real_epollwait(ep, ev, nev, timeout);
    for (int64 i = 0; changed && i < r; i++) ev[i].events = changed;
    return r;
}

[[gnu::always_inline]] static inline bool isopen(int32 fd) { return fcntl_(fd, _F_GETFL, 0) >= 0; }

int64 real_epollctl(int32 ep, int32 op, int32 fd, epollevent* ev) GO("__real_runtime.epollctl");
nosplit int64 wrap_epollctl(int32 ep, int32 op, int32 fd, epollevent* ev) GO("__wrap_runtime.epollctl");
static uint32 announced;
static volatile int32 forgotten;  // 100: it was closed already
int64 wrap_epollctl(int32 ep, int32 op, int32 fd, epollevent* ev) {
    if (op == _EPOLL_CTL_ADD) announced = ev->events;
    if (op == _EPOLL_CTL_DEL) forgotten = forgotten + (isopen(fd) ? 1 : 100);
    return real_epollctl(ep, op, fd, ev);
}

/// A pipe, and its descriptors.
struct ends {
    os::file *r, *w;
    ends() {
        int32 fds[2] = {};
        must(pipe2_(fds, 0) == 0, "a pipe");
        r = os::newFile(fds[0], os::kindPipe);
        w = os::newFile(fds[1], os::kindPipe);
    }
};

// ---- close ---------------------------------------------------------------------------------------------------------

static void a_closed_file_is_not_used() {
    ends p;
    os::File r(p.r), w(p.w);
    must(r.Close() == nullptr, "once");
    must(r.Close() == os::ErrClosed, "not twice");
    uint8 byte = 0;
    must(r.Read(&byte, 1).err == os::ErrClosed, "nothing is read");
    must(!isopen(p.r->fd), "it is closed");
    os::File plain(os::newFile(p.r->fd, os::kindNewFile));
    plain.Close();
    must(plain.Read(&byte, 1).err == os::ErrClosed, "nor of one that blocks");
}

static volatile bool reads, wasopen;
static os::file* closing;

/// In read, while another closes: the number must be the file's until then, or it would read from the next that is
/// opened.
nosplit static int64 untilclosed(int32 fd);
static int64 untilclosed(int32 fd) {
    reads = true;
    while (!(atomic::Load(&closing->state) & 1)) usleep_(100);
    usleep_(20000);
    wasopen = isopen(fd);
    return -_EAGAIN;
}

static void a_file_is_closed_by_who_uses_it_last() {
    ends p;
    os::File r(p.r);
    closing = p.r;
    inread = untilclosed;
    chan<error> done(0);
    go([=]() mutable {
        uint8 byte = 0;
        done.send(r.Read(&byte, 1).err);
    });
    while (!reads) runtime::Gosched();
    must(r.Close() == nullptr && wasopen, "Close waits for that");
    must(!isopen(p.r->fd), "then the number is free");
    must(done.recv() == os::ErrClosed, "who read is told");
}

/// Parked, and the scheduler's to find: the program's only other goroutine.
static g* volatile waiter;
static void parked() {
    while (!waiter || readgstatus(waiter) != _Gwaiting) runtime::Gosched();
}

static void close_sets_a_reader_free() {
    ends p;
    os::File r(p.r), w(p.w);
    chan<error> done(0);
    go([=]() mutable {
        waiter = getg();
        uint8 byte = 0;
        done.send(r.Read(&byte, 1).err);
    });
    parked();
    r.Close();
    must(done.recv() == os::ErrClosed, "it is told");
}

static void who_reads_too_early_waits() {
    ends p;
    os::File r(p.r), w(p.w);
    chan<int64> done(0);
    go([=]() mutable {
        waiter = getg();
        uint8 byte = 0;
        done.send(r.Read(&byte, 1).n);
    });
    parked();
    w.Write("x", 1);
    must(done.recv() == 1, "and then reads");
}

static void a_file_is_forgotten_by_epoll_before_it_is_closed() {
    ends p;
    os::File r(p.r);
    r.Close();
    must(forgotten == 1, "a copy of the number may live on elsewhere, and the number may be another's soon");
}

static void the_last_handle_closes() {
    ends p;
    int32 fd = p.r->fd;
    {
        os::File r(p.r);
        { os::File other = r; }
        must(isopen(fd), "not the first");
    }
    must(!isopen(fd), "and the last does");
}

// ---- read and write ------------------------------------------------------------------------------------------------

static void nothing_is_read_without_an_end() {
    ends p;
    os::File r(p.r), w(p.w);
    uint8 byte = 1;
    must(r.Read(&byte, 0).err == nullptr, "who asks for nothing gets it");
    w.Write(&byte, 1);
    w.Close();
    must(r.Read(&byte, 1).n == 1, "what is there comes first");
    must(r.Read(&byte, 1).err == io::EOF, "then the end");
}

static void an_interrupted_call_is_made_again() {
    ends p;
    os::File r(p.r), w(p.w);
    uint8 byte = 1;
    w.Write(&byte, 1);
    instead = -_EINTR;
    auto [n, err] = r.Read(&byte, 1);
    must(n == 1 && !err, "as if nothing had been");
}

static void an_error_is_told_in_words() {
    ends p;
    os::File r(p.r);
    uint8 byte = 0;
    instead = -_EBADF;
    auto [n, err] = r.Read(&byte, 1);
    must(n == 0 && err && str(err) == str("bad file descriptor"), "and nothing was read");
}

/// Who reads it is in the system call, and no epoll knows of it.
static void a_file_that_blocks_does_not_park() {
    os::File in(os::Stdin);
    uint8 byte = 0;
    instead = -_EAGAIN;
    must(in.Read(&byte, 1).err != nullptr, "it is an error");
}

/// More than a pipe holds, twice at once.
static void two_who_write_do_not_mix() {
    ends p;
    os::File r(p.r), w(p.w);
    constexpr int64 size = 150000;
    static uint8 blocks[2][size], got[2 * size];
    chan<bool> done(0);
    for (uint8 i = 0; i < 2; i++) {
        memset(blocks[i], i + 1, size);
        go([=]() mutable {
            must(w.Write(blocks[i], size).n == size, "all of it");
            done.send(true);
        });
    }
    for (int i = 0; i < 50; i++) runtime::Gosched();
    for (int64 n = 0; n < 2 * size;) n += r.Read(got + n, 2 * size - n).n;
    for (int64 i = 1; i < size; i++) must(got[i] == got[0] && got[size + i] == got[size], "each is one piece");
    done.recv();
    done.recv();
}

static void a_file_s_number_is_not_inherited() {
    constexpr int32 getfd = 1;
    auto p = os::Pipe();
    must(fcntl_(epfd, getfd, 0) == 1, "epoll's");
    must(fcntl_(epfd + 1, getfd, 0) == 1 || fcntl_(epfd - 1, getfd, 0) == 1, "a pipe's");
}

// ---- epoll ---------------------------------------------------------------------------------------------------------

static void a_file_is_announced_once_for_all_it_may_become() {
    ends p;
    must(announced == (_EPOLLIN | _EPOLLOUT | _EPOLLRDHUP | _EPOLLET), "and told of once each time");
}

static uint8 block[1 << 20];
static volatile bool over;

/// Does a reader, or else a writer, that waits for a socket go on when epoll tells of this, and nothing else?
static bool wakes(uint32 event, bool reader) {
    over = false;
    waiter = nullptr;
    int32 fds[2] = {};
    must(socketpair_(_AF_UNIX, _SOCK_STREAM, 0, fds) == 0, "a pair");
    fcntl_(fds[1], _F_SETFL, _O_NONBLOCK);
    os::File a(os::newFile(fds[0], os::kindPipe));
    go([=] {
        waiter = getg();
        if (reader)
            a.Read(block, 1);
        else
            a.Write(block, sizeof block);
        over = true;
    });
    parked();
    changed = event;
    if (reader) write_(static_cast<uintptr>(fds[1]), block, 1);
    for (int i = 0; i < (event == _EPOLLOUT && reader ? 5 : 300) && !over; i++) {
        if (!reader) (void)real_read(fds[1], block, sizeof block);
        time::Sleep(time::Millisecond);
    }
    changed = 0;
    return over;
}

static void a_reader_goes_on_when_there_is_something_or_nobody_writes() {
    for (uint32 event : {_EPOLLIN, _EPOLLRDHUP, _EPOLLHUP, _EPOLLERR}) must(wakes(event, true), "now");
}

static void a_reader_does_not_go_on_when_there_is_room_to_write() { must(!wakes(_EPOLLOUT, true), "not now"); }

static void a_writer_goes_on_when_there_is_room_or_nobody_reads() {
    for (uint32 event : {_EPOLLOUT, _EPOLLHUP, _EPOLLERR}) must(wakes(event, false), "now");
}

static void an_interrupted_epoll_is_asked_again() {
    ends p;
    os::File r(p.r), w(p.w);
    refused = -_EINTR;
    go([=] {
        time::Sleep(time::Millisecond);
        w.Write("x", 1);
    });
    uint8 byte = 0;
    must(r.Read(&byte, 1).n == 1 && refused == 0, "and the reader goes on");
}

/// On g0, as the scheduler does when it has nothing else; sysmon believes that somebody waits already.
static void who_waits_for_the_network_waits_until_there_is_something() {
    ends p;
    os::File r(p.r);
    go([=] {
        waiter = getg();
        uint8 byte = 0;
        r.Read(&byte, 1);
    });
    parked();
    ong0([&] {
        sched.lastpoll = 0;
        refused = -_EINTR;
        write_(static_cast<uintptr>(p.w->fd), "x", 1);
        must(netpoll(true) == waiter, "also if it was interrupted");
    });
}

static void a_failing_epoll_is_the_end() {
    ends p;
    os::File r(p.r);
    refused = -_EBADF;
    uint8 byte = 0;
    r.Read(&byte, 1);
}

// ---- time ----------------------------------------------------------------------------------------------------------

static void a_tick_that_nobody_takes_is_not_followed_by_another() {
    time::Ticker t(time::Millisecond);
    time::Sleep(10 * time::Millisecond);
    must(t.C.len() == 1, "nor does it keep other timers from going off");
}

static void a_ticker_that_was_stopped_is_quiet() {
    time::Ticker t(time::Millisecond);
    t.Stop();
    time::Sleep(5 * time::Millisecond);
    must(t.C.len() == 0, "no tick");
}

static void time_that_has_passed_comes_at_once() { must(time::After(-time::Second).recv() > 0, "not never"); }

static void what_after_needed_comes_back() {
    uintptr used = 0;
    for (int i = 0; i < 6000; i++) {
        time::After(0).recv();
        if (i == 1000) used = mheap_.arena_used;
    }
    must(mheap_.arena_used - used <= 1 << 18, "when the time has come");
}

static void a_ticker_needs_an_interval() { time::Ticker t(0); }

void main_main() {
    CHECK(a_closed_file_is_not_used);
    CHECK(a_file_is_closed_by_who_uses_it_last);
    CHECK(close_sets_a_reader_free);
    CHECK(who_reads_too_early_waits);
    CHECK(a_file_is_forgotten_by_epoll_before_it_is_closed);
    CHECK(the_last_handle_closes);
    CHECK(nothing_is_read_without_an_end);
    CHECK(an_interrupted_call_is_made_again);
    CHECK(an_error_is_told_in_words);
    CHECK(a_file_that_blocks_does_not_park);
    CHECK(two_who_write_do_not_mix);
    CHECK(a_file_s_number_is_not_inherited);
    CHECK(a_file_is_announced_once_for_all_it_may_become);
    CHECK(a_reader_goes_on_when_there_is_something_or_nobody_writes);
    CHECK(a_reader_does_not_go_on_when_there_is_room_to_write);
    CHECK(a_writer_goes_on_when_there_is_room_or_nobody_reads);
    CHECK(an_interrupted_epoll_is_asked_again);
    CHECK(who_waits_for_the_network_waits_until_there_is_something);
    CHECK(a_failing_epoll_is_the_end);
    CHECK(a_tick_that_nobody_takes_is_not_followed_by_another);
    CHECK(a_ticker_that_was_stopped_is_quiet);
    CHECK(time_that_has_passed_comes_at_once);
    CHECK(what_after_needed_comes_back);
    CHECK(a_ticker_needs_an_interval);
}
