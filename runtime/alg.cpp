// alg.cpp - which hash function the processor allows. Go's counterpart: alg.go.

#include "runtime.hpp"

/// Go's maps hash with the AES instructions if there are any. No maps here: only the decision is mirrored.
void alginit() { useAeshash = support_aes && support_ssse3 && support_sse41; }
