// runtime1.cpp - the first functions that boot calls: check, args, and later the argument, environment and GODEBUG
// readers. Go's counterparts: runtime1.go, runtime.go, env_posix.go.

#include "runtime.hpp"

/// Called by rt0_go once g0 is the current g: are the things that everything else builds on as they should be?
/// Changes nothing that anybody reads later.
void check() {
    static_assert(sizeof(void*) == 8 && sizeof(uintptr) == 8 && sizeof(int64) == 8 && sizeof(int32) == 4);

    uint32 z = 1;
    if (!atomic::Cas(&z, 1u, 2u) || z != 2) throw_("check: cas does not store");
    if (atomic::Cas(&z, 5u, 6u) || z != 2) throw_("check: cas stores what it should not");
    if (atomic::Xadd(&z, 3) != 5 || atomic::Xchg(&z, 9u) != 5 || z != 9) throw_("check: xadd or xchg");

    uint64 w = 0;
    atomic::Store(&w, (1ull << 40) + 1);
    if (atomic::Load(&w) != (1ull << 40) + 1) throw_("check: 64-bit store or load");
    if (atomic::Xadd(&w, (1ull << 40) + 1) != (2ull << 40) + 2) throw_("check: 64-bit xadd");

    volatile double nan = __builtin_nan("");
    if (nan == nan || !(nan != nan)) throw_("check: nan compares equal");

    if (getg() != &g0 || getg()->m->g0 != &g0) throw_("check: the current g is not g0");
}

/// Called by rt0_go with what the kernel left at the entry point. Nothing is copied: the strings stay where they are.
void args(int32 c, uint8** v) {
    argc = c;
    argv = v;
    sysargs(c, v);
}

gostring gostringnocopy(const uint8* s) {
    const char* c = reinterpret_cast<const char*>(s);
    return gostring{c, findnull(c)};
}

static slice<gostring> strings(uint8** v, int64 n) {
    auto* a = static_cast<gostring*>(mallocgc(sizeof(gostring) * (n ? n : 1)));
    for (int64 i = 0; i < n; i++) a[i] = gostringnocopy(v[i]);
    return {a, n, n};
}

/// os.Args. Needs malloc, so it could not be done in args.
void goargs() { argslice = strings(argv, argc); }

/// The environment stands behind argv and its null.
void goenvs_unix() {
    uint8** v = argv + argc + 1;
    int64 n = 0;
    while (v[n]) n++;
    envs = strings(v, n);
}

gostring gogetenv(const char* key) {
    int64 n = findnull(key);
    for (int64 i = 0; i < envs.len; i++) {
        gostring s = envs.array[i];
        if (s.len > n && s.str[n] == '=' && memcmp(s.str, key, n) == 0) return {s.str + n + 1, s.len - n - 1};
    }
    return {nullptr, 0};
}

int64 atoi(gostring s, bool* ok) {
    bool neg = s.len > 0 && s.str[0] == '-';
    int64 v = 0;
    *ok = s.len > (neg ? 1 : 0) && s.len < 19;
    for (int64 i = neg; *ok && i < s.len; i++) {
        if (s.str[i] < '0' || s.str[i] > '9') *ok = false;
        v = v * 10 + (s.str[i] - '0');
    }
    return neg ? -v : v;
}

/// GOTRACEBACK, into traceback_cache.
static void setTraceback(gostring level) {
    uint32 t = tracebackAll;
    bool ok;
    if (level == str("none"))
        t = 0;
    else if (level.len == 0 || level == str("single"))
        t = 1 << tracebackShift;
    else if (level == str("all"))
        t = 1 << tracebackShift | tracebackAll;
    else if (level == str("system"))
        t = 2 << tracebackShift | tracebackAll;
    else if (level == str("crash"))
        t = 2 << tracebackShift | tracebackAll | tracebackCrash;
    else if (int64 n = atoi(level, &ok); ok && n == static_cast<int64>(static_cast<uint32>(n)))
        t |= static_cast<uint32>(n) << tracebackShift;
    traceback_cache = t;
}

/// GODEBUG=key=value,key=value. Unknown keys are skipped, as in Go.
void parsedebugvars() {
    debug.cgocheck = 1;
    debug.invalidptr = 1;

    struct {
        const char* name;
        int32* value;
    } const vars[] = {{"cgocheck", &debug.cgocheck},
                      {"invalidptr", &debug.invalidptr},
                      {"scheddetail", &debug.scheddetail},
                      {"schedtrace", &debug.schedtrace}};
    gostring s = gogetenv("GODEBUG");
    while (s.len > 0) {
        int64 end = 0, eq = -1;
        for (; end < s.len && s.str[end] != ','; end++)
            if (s.str[end] == '=' && eq < 0) eq = end;
        if (eq >= 0) {
            bool ok;
            int64 n = atoi({s.str + eq + 1, end - eq - 1}, &ok);
            for (auto& v : vars)
                if (ok && gostring{s.str, eq} == str(v.name)) *v.value = static_cast<int32>(n);
        }
        int64 skip = end < s.len ? end + 1 : end;
        s = {s.str + skip, s.len - skip};
    }
    setTraceback(gogetenv("GOTRACEBACK"));
}
