// world.cpp - the core over the C library, in a process of its own: main, and threads that sanitizers know of. All else
// that the core asks of the system goes straight to it (runtime/sys_linux_amd64.S), so that no lock of the C library's
// makes an order between Ms that the core itself does not make.
//
// A thread of the C library's makes an M: it goes to the M's g0, and returns to its own stack when the M ends. m0 is on
// the main thread, which enters by the library door.

#include <cerrno>
#include <cstdint>

#include <pthread.h>

#include "world.hpp"

extern "C" {
void _rt0_amd64_linux_lib(int argc, char** argv);
struct transfer {  // Boost.Context's
    void* context;
    void* data;
};
transfer jump_fcontext(void* to, void* data);
void* make_fcontext(void* top, size_t size, void (*entry)(transfer));
}

namespace {

void (*boot)(void*);         // what the library door wants a thread for
thread_local void* outside;  // this thread's own stack, while it is an M

void begin(transfer t) {
    outside = t.context;
    switches_m(static_cast<NewM*>(t.data));
}

/// The M's last word is written when nobody stands on its g0 any more.
void* thread(void* arg) {
    auto* waiting = static_cast<uint32_t*>(jump_fcontext(make_fcontext(arg, 4096, begin), arg).data);
    __atomic_store_n(waiting, 0, __ATOMIC_SEQ_CST);
    return nullptr;
}

}  // namespace

extern "C" {

/// _rt0_amd64_lib's wish. main grants it, when the door has been left.
extern void (*const _cgo_sys_thread_create)(void (*)(void*), void*);
void (*const _cgo_sys_thread_create)(void (*)(void*), void*) = [](void (*fn)(void*), void*) { boot = fn; };

int world_thread(NewM* m) {
    pthread_attr_t attr;
    pthread_t id;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    int error = pthread_create(&id, &attr, thread, m);
    pthread_attr_destroy(&attr);
    return error;
}

void world_thread_exit(uint32_t* waiting) {
    jump_fcontext(outside, waiting);
    __builtin_unreachable();
}
}

int main(int argc, char** argv) {
    _rt0_amd64_linux_lib(argc, argv);
    boot(nullptr);
}
