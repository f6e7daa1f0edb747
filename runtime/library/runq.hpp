// runq.hpp - the run queue by itself: the core's own functions on a P that belongs to no boot.
#pragma once

#include <stdint.h>

/// One operation, for world::call.
struct Runq {
    enum { PUT, GET, STEAL, GLOBRUNQGET } what;
    void* p;
    void* victim;  // STEAL
    void* g;       // PUT; else the result, null for none
    bool flag;     // PUT: next. STEAL: stealRunNextG. Result of GET: inheritTime
    int32_t max;   // GLOBRUNQGET
};
void runq_do(void* runq);

/// Makes zeroed memory at v a P or a G; n Ps share the global queue.
void runq_newp(void* v, int32_t id, int32_t n);
void runq_newg(void* v, int64_t goid);
int64_t runq_goid(const void* gp);
/// What waits, by goid, first out first. Return how many; ids has room for 256, and for runq_globalsize() of them.
int32_t runq_ring(const void* v, int64_t* ids);
int32_t runq_globalsize();
int32_t runq_global(int64_t* ids);
/// The g in runnext, or null.
const void* runq_next(const void* pp);
