// boot.cpp - what stands when main begins, what the runtime reads from its surroundings, and how it prints, one check at
// a time.

#include <initializer_list>

#include "checks.hpp"
#include "std/file.hpp"

// ---- the state that initialisation finds, and main -----------------------------------------------------------------

namespace {

struct initialised {
    m* on;
    m *lockedm, *afterwards;
    bool done;
    uint32 sweeper;
    gostring reason;
    initialised() {
        g* gp = getg();
        on = gp->m;
        lockedm = gp->lockedm;
        runtime::LockOSThread();
        runtime::UnlockOSThread();
        afterwards = gp->lockedm;
        done = main_init_done->closed;
        for (int64 i = 0; i < allgs.len; i++)
            if (allgs.array[i]->waitreason == str("GC sweep wait")) sweeper = readgstatus(allgs.array[i]);
    }
};

}  // namespace

static const initialised early;

static void initialisation_has_the_first_thread_for_itself() {
    must(early.on == &m0 && early.lockedm == &m0, "some libraries insist on it");
    must(early.afterwards == &m0, "though a program has locked and unlocked it meanwhile");
}

static void main_has_no_thread_for_itself() {
    g* gp = getg();
    must(!gp->lockedm && !gp->m->lockedg && gp->m->lockedInt == 0, "it moves as others do");
    runtime::UnlockOSThread();
    must(gp->m->lockedExt == 0, "it has not locked it less than never");
}

static void who_waits_for_the_initialisation_sees_its_end() {
    must(!early.done && main_init_done->closed, "and not before");
}

static void the_sweeper_waits_before_the_program_begins() { must(early.sweeper == _Gwaiting, "it is parked"); }

static void there_are_four_goroutines() {
    must(allgs.len == 4, "main, forcegchelper, bgsweep and runfinq, each once");
    os::NewFile(0);
    must(allgs.len == 4, "though there are more finalizers");
}

static void count(void* n) { atomic::Xadd(static_cast<uint32*>(n), 1); }

static void finalizers_are_called_once_each() {
    static uint32 counts[3];
    while (!fingwait) runtime::Gosched();
    for (uint32& n : counts) queuefinalizer(count, &n);
    for (int i = 0; i < 2000 && atomic::Load(&counts[0]) == 0; i++) time::Sleep(time::Millisecond);
    while (!fingwait) runtime::Gosched();
    for (uint32 n : counts) must(n == 1, "by a goroutine that had been waiting");
}

/// How often some goroutine was readied. Linked with --wrap.
void real_ready(g* gp, bool next) GO("__real_runtime.ready");
void wrap_ready(g* gp, bool next) GO("__wrap_runtime.ready");
static uint32 readied;
void wrap_ready(g* gp, bool next) {
    readied++;
    real_ready(gp, next);
}

static uint32 later;

/// It gives way while another finalizer waits.
static void another(void* n) {
    queuefinalizer(count, &later);
    runtime::Gosched();
    count(n);
}

static void a_finalizer_may_have_another_called() {
    static uint32 first;
    while (!fingwait) runtime::Gosched();
    queuefinalizer(another, &first);
    for (int i = 0; i < 2000 && atomic::Load(&later) == 0; i++) time::Sleep(time::Millisecond);
    must(first == 1 && later == 1, "who calls them is not readied while it runs");
    readied = 0;
    for (int i = 0; i < 5; i++) time::Sleep(time::Millisecond);
    must(readied < 100, "nor for nothing");
}

static void the_limit_of_a_stack_is_a_gigabyte() { must(maxstacksize == 1000000000, "as Go's"); }

static void times_begin_when_the_program_does() {
    int64 now = nanotime();
    must(runtimeInitTime > 0 && runtimeInitTime <= now, "the program's");
    must(sched.lastpoll > 0 && static_cast<int64>(sched.lastpoll) <= now, "the network's");
    must(sched.procresizetime > 0 && sched.procresizetime <= now, "the Ps'");
}

static void sysmon_runs_without_a_p() {
    must(mcount() >= 2, "it has begun");
    m* mp = allm;
    while (mp->alllink != &m0) mp = mp->alllink;
    must(mp->mstartfn == sysmon && mp->id == 1 && !mp->p, "first of all");
}

static void the_first_thread_s_stacks_are_guarded() {
    must(g0.stackguard0 == g0.stack.lo + _StackGuard && g0.stackguard1 == g0.stackguard0, "g0");
    g* gs = m0.gsignal;
    must(gs->stack.hi - gs->stack.lo == 32 << 10 && gs->stackguard1 == gs->stack.lo + _StackGuard && gs->m == &m0,
         "gsignal");
}

static void debuggers_find_the_thread_of_an_m() { must(m0.procid == static_cast<uint64>(getpid_()), "by its id"); }

static void there_are_as_many_ps_as_were_asked_for() { must(gomaxprocs == 1 && allp.len == 1, "by GOMAXPROCS"); }

static void the_system_says_how_large_pages_are() {
    must(physPageSize == 4096 && startupRandomData.len == 16, "behind the environment");
}

static void each_cpu_counts_once() {
    uint8 mask[1024];
    int64 n = sched_getaffinity_(0, sizeof mask, mask);
    int32 there = 0;
    for (int64 i = 0; i < 8 * n; i++) there += mask[i / 8] >> i % 8 & 1;
    must(ncpu == there, "of those that the process may run on");
}

static void who_sleeps_is_not_early() {
    int64 begin = nanotime();
    usleep_(3000);
    must(nanotime() - begin >= 3000000, "microseconds");
    begin = nanotime();
    uintptr word = 0;
    futexsleep(&word, 0, 3000000);
    must(nanotime() - begin >= 3000000, "nanoseconds");
}

// ---- numbers, the environment, GODEBUG -----------------------------------------------------------------------------

static int64 parsed(const char* s, bool* ok) { return atoi(str(s), ok); }

static void numbers_are_read_whole_or_not_at_all() {
    bool ok;
    must(parsed("42", &ok) == 42 && ok, "42");
    must(parsed("-5", &ok) == -5 && ok, "-5");
    for (const char* s : {"", "-", "7x", "x7", " 7", "+7", "9999999999999999999"}) {
        (void)parsed(s, &ok);
        must(!ok, "none");
    }
}

static void given(const char* a, const char* b, const char* c) {
    static gostring all[3];
    all[0] = str(a), all[1] = str(b), all[2] = str(c);
    envs = {all, 3, 3};
}

static void a_variable_is_found_by_its_whole_name() {
    given("KEYS=1", "KEY", "KEY=2=3");
    must(gogetenv("KEY") == str("2=3"), "up to the first =");
    must(!gogetenv("KE").str && gogetenv("KE").len == 0, "no part of one");
    given("A=first", "A=second", "EMPTY=");
    must(gogetenv("A") == str("first"), "the first one counts");
    must(gogetenv("EMPTY").str && gogetenv("EMPTY").len == 0, "an empty one is there");
}

static void godebug_is_a_list_of_numbers_by_name() {
    given("GODEBUG=,cgocheck=7,unknown=1,scheddetail=x,=,invalidptr=2=2,scheddetail=3", "", "");
    parsedebugvars();
    must(debug.cgocheck == 7 && debug.scheddetail == 3, "what it has");
    must(debug.invalidptr == 1, "what it has not is as usual");
    given("GODEBUG=invalidptr=5,invalidptr=6", "", "");
    parsedebugvars();
    must(debug.invalidptr == 6 && debug.cgocheck == 1, "the last one counts");
    debug.scheddetail = 0;
    given("GODEBUG=scheddetail=x", "", "");
    parsedebugvars();
    must(debug.scheddetail == 0, "a word is no number");
}

static void gotraceback_is_a_word_or_a_number() {
    given("GOTRACEBACK=5", "", "");
    bool all, crash;
    parsedebugvars();
    must(gotraceback(&all, &crash) == 5 && all && !crash, "a level");
    given("GOTRACEBACK=4294967297", "", "");
    parsedebugvars();
    must(gotraceback(&all, &crash) == 0, "that fits");
    given("GOTRACEBACK=crash", "", "");
    parsedebugvars();
    must(gotraceback(&all, &crash) == 2 && all && crash, "crash");
}

// ---- print ---------------------------------------------------------------------------------------------------------

/// What was written to standard error, instead. Linked with --wrap.
int64 real_write(uintptr fd, const void* b, uintptr n) GO("__real_runtime.write");
nosplit int64 wrap_write(uintptr fd, const void* b, uintptr n) GO("__wrap_runtime.write");
static volatile bool kept, slowly;
static char text[10000];
static uint32 end;
int64 wrap_write(uintptr fd, const void* b, uintptr n) {
    if (fd != 2 || !kept) return real_write(fd, b, n);
    memcpy(text + atomic::Xadd(&end, static_cast<int32>(n)) - n, b, n);
    if (slowly) usleep_(100);
    return static_cast<int64>(n);
}
static bool wrote(const char* s) {
    kept = false;
    return gostring{text, end} == str(s);
}

static void numbers_are_printed_whole() {
    kept = true;
    print(static_cast<int64>(-9223372036854775807 - 1), " ", static_cast<int64>(0), " ", ~0ull, " ", hex{0}, " ");
    print(hex{~0ull}, " ");
    printbool(true);
    must(wrote("-9223372036854775808 0 18446744073709551615 0x0 0xffffffffffffffff true"), "the largest, too");
}

static void print_may_be_called_between_its_words() {
    kept = true;
    printlock();
    print("a", "b");
    printunlock();
    must(wrote("ab") && getg()->m->printlock == 0, "by who has begun");
}

static void words_of_two_threads_do_not_mix() {
    kept = true;
    slowly = true;
    chan<bool> done(0);
    for (int i = 0; i < 2; i++)
        go([done]() mutable {
            for (int k = 0; k < 20; k++) print("a", "b", "c\n");
            done.send(true);
        });
    done.recv();
    done.recv();
    kept = false;
    for (uint32 i = 0; i < end; i++) must(text[i] == "abc\n"[i % 4], "a message is one");
}

void main_main() {
    CHECK(initialisation_has_the_first_thread_for_itself);
    CHECK(main_has_no_thread_for_itself);
    CHECK(who_waits_for_the_initialisation_sees_its_end);
    CHECK(the_sweeper_waits_before_the_program_begins);
    CHECK(there_are_four_goroutines);
    CHECK(finalizers_are_called_once_each);
    CHECK(a_finalizer_may_have_another_called);
    CHECK(the_limit_of_a_stack_is_a_gigabyte);
    CHECK(times_begin_when_the_program_does);
    CHECK(sysmon_runs_without_a_p);
    CHECK(the_first_thread_s_stacks_are_guarded);
    CHECK(debuggers_find_the_thread_of_an_m);
    CHECK(there_are_as_many_ps_as_were_asked_for);
    CHECK(the_system_says_how_large_pages_are);
    CHECK(each_cpu_counts_once);
    CHECK(who_sleeps_is_not_early);
    CHECK(numbers_are_read_whole_or_not_at_all);
    CHECK(a_variable_is_found_by_its_whole_name);
    CHECK(godebug_is_a_list_of_numbers_by_name);
    CHECK(gotraceback_is_a_word_or_a_number);
    CHECK(numbers_are_printed_whole);
    CHECK(print_may_be_called_between_its_words);
    CHECK(words_of_two_threads_do_not_mix);
}
