// select.hpp - one case of a select, between go.hpp, which builds them, and select.cpp. Go's counterpart: select.go.
#pragma once

#include "runtime2.hpp"

struct scase {
    hchan* c;    // null: a nil channel, never ready
    void* elem;  // sent from here, or received to here
    bool send;
    bool received;  // out: false if the channel was closed
};

int32 selectgo(scase* cases, uint16* order, int32 n, bool hasdefault) GO("runtime.selectgo");
