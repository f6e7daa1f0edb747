// go_asm.h - field offsets and constants that assembly shares with C++; go_asm.cpp holds each one by a static_assert.

#define stack_lo          0
#define stack_hi          8

#define gobuf_sp          0
#define gobuf_pc          8
#define gobuf_g          16
#define gobuf_ctxt       24
#define gobuf_ret        32
#define gobuf_bp         48

#define g_stack           0
#define g_stackguard0    16
#define g_stackguard1    24
#define g_m              48
#define g_sched          56
#define g_context       200

#define m_g0              0
#define m_morebuf         8
#define m_procid         72
#define m_gsignal        80
#define m_tls           136
#define m_curg          192
#define m_tlsguard      256
#define m_leaving       376

// The ABI's: what a frame begins with, from RBP on: the caller's RBP, where it goes on, and its SP then.
#define caller_bp         0
#define caller_pc         8
#define caller_sp        16
// Of __morestack, which a prologue calls: the same of who called the function, one word further.
#define split_pc         16
#define split_sp         24

#define Defer_saved      56

#define slice_array       0
#define STACK_GUARD     880
#define OUTCOME_WAITED    2
