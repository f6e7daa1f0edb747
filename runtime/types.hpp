// types.hpp - Go's basic types in C++, and how a declaration gets its Go name. Included by everything, programs too.
#pragma once

#include <stddef.h>  // IWYU pragma: export
#include <stdint.h>

using int8 = int8_t;
using uint8 = uint8_t;
using int16 = int16_t;
using uint16 = uint16_t;
using int32 = int32_t;
using uint32 = uint32_t;
using int64 = long long;
using uint64 = unsigned long long;
using uintptr = uint64;

/// Gives a declaration its Go name in the ELF symbol table, which is also the one gdb shows.
#define GO(name) __asm__(name)
/// Go's //go:nosplit: no stack check in the prologue, so the function cannot be preempted there nor grow the stack.
/// Must stand on a declaration that comes before the definition.
#define nosplit __attribute__((no_split_stack))

/// The function returns an outcome, and by way of __x86_return_thunk (asm_amd64.S), where the compiler can do that.
#if __has_attribute(function_return)
#define returnthunk __attribute__((function_return("thunk-extern")))
#else
#define returnthunk
#endif

struct gostring {
    const char* str;
    int64 len;
};

inline bool operator==(gostring a, gostring b) { return a.len == b.len && __builtin_memcmp(a.str, b.str, a.len) == 0; }

/// What the runtime must know of an element type. In Go the compiler writes it; here a template does (builtin.hpp).
struct _type {
    uintptr size;
    void (*move)(void* dst, void* src);  // make dst from src; null: the bytes will do
    void (*destroy)(void*);              // null: nothing to do
};

namespace detail {

/// The length of a C string.
nosplit inline int64 findnull(const char* s) GO("runtime.findnull");
inline int64 findnull(const char* s) {
    int64 n = 0;
    while (s[n]) n++;
    return n;
}

/// Of a literal, whose length is known, and of any other C string.
template <size_t n> [[gnu::always_inline]] inline gostring str(const char (&s)[n]) { return gostring{s, n - 1}; }
template <class T>
concept charpointer = __is_same(T, const char*);
template <charpointer T> [[gnu::always_inline]] inline gostring str(const T& s) { return gostring{s, findnull(s)}; }

}  // namespace detail

/// Go's any: what a panic carries and recover answers. There a type and a pointer, here one of the few kinds that panic
/// knows. False: nil.
struct any {
    enum kind : uint32 {
        NIL,
        BOOL,
        INT,
        UINT,
        STRING,
        ERROR,  // the runtime's: an error whose text is s
    } kind = NIL;
    union {
        int64 n = 0;
        gostring s;
    };

    any() = default;
    any(bool v) : kind(BOOL), n(v) {}
    any(int32 v) : kind(INT), n(v) {}
    any(int64 v) : kind(INT), n(v) {}
    any(uint32 v) : kind(UINT), n(v) {}
    any(uint64 v) : kind(UINT), n(static_cast<int64>(v)) {}
    any(gostring v) : kind(STRING), s(v) {}
    any(const char* v) : any(detail::str(v)) {}
    explicit operator bool() const { return kind != NIL; }
};
