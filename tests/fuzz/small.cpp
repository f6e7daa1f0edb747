// small.cpp - what the fuzzing of elf.cpp begins with: a program of a few functions, as the compiler writes it down.

namespace shop {
struct counter {
    int n;
    template <class F> void each(F f) {
        for (int i = 0; i < n; i++) f(i);
    }
    __attribute__((noinline)) int sum() {
        int s = 0;
        each([&](int i) { s += i; });
        return s;
    }
};
}  // namespace shop

static inline __attribute__((always_inline)) int twice(int v) {
    volatile int w = v;
    return 2 * w;
}

extern "C" int _start() {
    shop::counter c = {3};
    auto f = [](int v) { return twice(v) + 1; };
    return twice(c.sum()) + f(c.n);
}
