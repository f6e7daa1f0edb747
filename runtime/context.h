// context.h - the one file that knows Boost.Context: what the assembly may call, and what must be in which register.
//
// A context is a suspended flow of control: the address of the registers it saved on its own stack.
//
//   context_make(RDI top, RSI size, RDX entry) -> RAX context
//       A context that has not run: it will begin at entry with SP somewhere below top. Clobbers what callers save.
//   context_jump(RDI context, RSI data) -> RAX the context that jumped here, RDX its data
//       Suspend the caller, resume the other. Callee-saved registers belong to the context. The first time a
//       context runs, entry finds the leaver's context in RDI and the data in RSI.
//
// Nothing depends on the layout of what Boost saves, only on these two contracts.

#define context_make make_fcontext
#define context_jump jump_fcontext
