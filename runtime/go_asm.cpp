// go_asm.cpp - holds every number of go_asm.h against the C++ data model, at compile time; makes no code.

#include "runtime.hpp"

#include "builtin.hpp"

#include "go_asm.h"

static_assert(stack_lo == offsetof(stack, lo) && stack_hi == offsetof(stack, hi));
static_assert(gobuf_sp == offsetof(gobuf, sp) && gobuf_pc == offsetof(gobuf, pc) && gobuf_g == offsetof(gobuf, g));
static_assert(gobuf_ctxt == offsetof(gobuf, ctxt) && gobuf_ret == offsetof(gobuf, ret) &&
              gobuf_bp == offsetof(gobuf, bp));
static_assert(g_stack == offsetof(g, stack));
static_assert(g_stackguard0 == offsetof(g, stackguard0) && g_stackguard1 == offsetof(g, stackguard1));
static_assert(g_m == offsetof(g, m) && g_sched == offsetof(g, sched) && g_context == offsetof(g, context));
static_assert(m_g0 == offsetof(m, g0) && m_morebuf == offsetof(m, morebuf) && m_procid == offsetof(m, procid));
static_assert(m_gsignal == offsetof(m, gsignal) && m_curg == offsetof(m, curg));
static_assert(m_leaving == offsetof(m, leaving));
static_assert(Defer_saved == sizeof(gobuf));  // panic.hpp: the registers follow it
static_assert(STACK_GUARD == _StackGuard);
static_assert(OUTCOME_WAITED == detail::WAITED);

// Go's own place for tls, so that FS - &m0 is 0x90 there and here; and the two words that compiled code finds by FS.
static_assert(m_tls == offsetof(m, tls) && m_tls == 136);
static_assert(m_tlsguard == offsetof(m, tlsguard) && m_tlsguard == m_tls + 8 + 0x70);
