// print.cpp - the runtime's own words, to standard error, without memory or scheduler. Go's counterpart: print.go.

#include "runtime.hpp"

static mutex debuglock;

/// Keeps the words of one message together. May be nested.
void printlock() {
    m* mp = getg()->m;
    mp->locks++;  // no preemption while printlock is looked at
    if (++mp->printlock == 1) lock(&debuglock);
    mp->locks--;
}

void printunlock() {
    m* mp = getg()->m;
    if (--mp->printlock == 0) unlock(&debuglock);
}

void printstring(gostring s) {
    printlock();
    write_(2, s.str, s.len);
    printunlock();
}

void prints(const char* s) { printstring(str(s)); }

void printuint(uint64 v) {
    char buf[20];
    int i = sizeof buf;
    do {
        buf[--i] = static_cast<char>('0' + v % 10);
        v /= 10;
    } while (v);
    printstring({buf + i, static_cast<int64>(sizeof buf) - i});
}

void printint(int64 v) {
    if (v < 0) prints("-");
    printuint(v < 0 ? -static_cast<uint64>(v) : static_cast<uint64>(v));
}

void printbool(bool v) { prints(v ? "true" : "false"); }

void printhex(uint64 v) {
    char buf[18];
    int i = sizeof buf;
    do {
        buf[--i] = "0123456789abcdef"[v % 16];
        v /= 16;
    } while (v);
    buf[--i] = 'x';
    buf[--i] = '0';
    printstring({buf + i, static_cast<int64>(sizeof buf) - i});
}
