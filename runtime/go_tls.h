// go_tls.h - where the current g lives, for assembly.
//
// In the static program the linker turns the initial-exec sequence into the constant -8(FS), Go's own slot:
// FS points at &m.tls + 8, so the slot is m.tls[0]. In the library it is an ordinary TLS slot of libc's.
// 0(FS) must hold FS itself for the x86-64 ABI (m.tls[1] here), and 0x70(FS) is the word that every
// split-stack prologue compares SP with: g.stackguard0 of the current g (m.tlsguard here).

#define get_tls(r)   mov runtime.tls_g@gottpoff(%rip), r
#define g(r)         %fs:(r)
#define tls_guard    %fs:0x70
