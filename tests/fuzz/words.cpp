// words.cpp - fuzzes what the runtime reads of the words that it was begun with: arguments, environment, auxiliary
// vector, GODEBUG, GOMAXPROCS, GOTRACEBACK. The input is the auxiliary vector's first pairs, and then strings.

#define RUNTIME_VARIABLES_ARE_HERE
#include "../../runtime/os_linux.cpp"
#include "../../runtime/runtime1.cpp"

extern "C" {
void* malloc(size_t);
void free(void*);
[[noreturn]] void abort();
int LLVMFuzzerTestOneInput(const uint8* data, size_t size);
}

// What these files ask of the others.
static void* given[2];
static int32 ngiven;
void* mallocgc(uintptr size) { return given[ngiven++] = memset(malloc(size), 0, size); }
void throw_(const char*) { abort(); }

/// Blocks of exactly their size. First byte: how many of the strings are arguments; second: how many pairs.
int LLVMFuzzerTestOneInput(const uint8* data, size_t size) {
    if (size < 2) return 0;
    int32 nargs = data[0] % 4, npairs = data[1] % 4;
    data += 2, size -= 2;
    while (static_cast<size_t>(npairs) * 16 > size) npairs--;
    const uint8* pairs = data;
    data += npairs * 16, size -= static_cast<size_t>(npairs) * 16;

    auto* text = static_cast<char*>(malloc(size + 1));
    memcpy(text, data, size);
    text[size] = 0;
    int32 n = 0;
    for (size_t i = 0; i < size; i += static_cast<size_t>(findnull(text + i)) + 1) n++;
    if (nargs > n) nargs = n;

    auto* block = static_cast<uintptr*>(malloc((static_cast<size_t>(n) + 4 + 2 * static_cast<size_t>(npairs)) * 8));
    uintptr* w = block;
    size_t at = 0;
    for (int32 i = 0; i < n; i++) {
        if (i == nargs) *w++ = 0;
        *w++ = reinterpret_cast<uintptr>(text + at);
        at += static_cast<size_t>(findnull(text + at)) + 1;
    }
    if (nargs == n) *w++ = 0;
    *w++ = 0;
    memcpy(w, pairs, static_cast<size_t>(npairs) * 16);
    w[2 * npairs] = 0;
    w[2 * npairs + 1] = 0;

    ngiven = 0;
    args(nargs, reinterpret_cast<uint8**>(block));
    goargs();
    goenvs();
    parsedebugvars();
    bool ok;
    if (atoi(gogetenv("GOMAXPROCS"), &ok) > 0 && !ok) ok = false;
    while (ngiven) free(given[--ngiven]);
    free(block);
    free(text);
    return 0;
}
