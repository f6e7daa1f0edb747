/* netpoll.pml - a goroutine waits for a file and the poller makes it ready.
 *
 * It stands for:
 *	netpoll.cpp	netpollblock, netpollblockcommit, netpollunblock, runtime_pollUnblock, runtime_pollReset
 *	proc_g.cpp	gopark, ready
 * The same in every order, with the real ones (tests/explore): an_announcement_meets_a_reader,
 * a_close_meets_a_reader, no_arrival_is_slept_through.
 *
 * pollDesc.rg says nil, wait, ready, or which goroutine is parked. The goroutine waits WAITS times, with runtime_pollReset
 * before each as a read does. The poller announces as often, but one announcement may stand for several (epoll's edge); then
 * the file may be closed. To be shown: nobody stays parked beside data or on a closed file, and the goroutine is made ready
 * only when it is parked.
 *
 * To be seen to fail:
 *	COMMIT_STORES	netpollblockcommit writes rg, instead of CAS from pdWait
 *	CHECK_FIRST	netpollblock looks for closing before pdWait stands in rg
 *	PUBLISH_FIRST	the goroutine is in rg before it is off its stack
 *	UNBLOCK_STORES	netpollunblock writes rg, instead of CAS
 */
#define WAITS 2

#define pdNil 0
#define pdReady 1
#define pdWait 2
#define G 3

#define _Grunning 0
#define _Gwaiting 1

byte rg;
bool closing;
byte status;		/* of the goroutine */
bool data;		/* there is something to read: the poller says so after */

inline cas(ok, word, before, after) {
	d_step { ok = (word == before); if :: ok -> word = after :: else fi }
}

inline netpollunblock(ioready) {
	do
	:: old = rg;
		if
		:: old == pdReady -> break
		:: old == pdNil && !ioready -> break
		:: else ->
#ifdef UNBLOCK_STORES
			rg = (ioready -> pdReady : pdNil); ok = true;
#else
			cas(ok, rg, old, (ioready -> pdReady : pdNil));
#endif
			if
			:: ok && old == G ->
				assert(status == _Gwaiting);	/* ready: "the goroutine is not waiting" */
				status = _Grunning;
				break
			:: ok && old != G -> break
			:: else
			fi
		fi
	od
}

active proctype goroutine() {
	byte old, waits;
	bool ok, closed;
	do
	:: closed || waits == WAITS -> break
	:: else ->
		waits++;
		if				/* runtime_pollReset */
		:: closing -> break
		:: else -> rg = pdNil
		fi;
		if				/* the read itself */
		:: data -> data = false
		:: else ->
wait:
			if			/* runtime_pollWait */
			:: closing -> break
			:: else
			fi;
#ifdef CHECK_FIRST
			closed = closing;
#endif
			do			/* netpollblock */
			:: cas(ok, rg, pdNil, pdWait);
				if
				:: ok -> break
				:: else
				fi;
				old = rg;
				assert(old == pdReady || old == pdNil);
				if
				:: old == pdReady -> rg = pdNil; goto again
				:: else
				fi
			od;
#ifndef CHECK_FIRST
			closed = closing;
#endif
			if
			:: !closed ->		/* gopark: park_m, then netpollblockcommit on g0 */
#ifdef PUBLISH_FIRST
				cas(ok, rg, pdWait, G);
				status = (ok -> _Gwaiting : _Grunning);
#else
				status = _Gwaiting;
#ifdef COMMIT_STORES
				rg = G; ok = true;
#else
				cas(ok, rg, pdWait, G);
#endif
				if
				:: !ok -> status = _Grunning
				:: else
				fi;
#endif
end_parked:			status == _Grunning
			:: else
			fi;
			d_step { old = rg; rg = pdNil };	/* Xchg */
			assert(old != G);
			if
			:: old == pdReady
			:: else -> goto wait
			fi
again:			skip
		fi
	od
}

active proctype poller() {
	byte old, n;
	bool ok;
	do
	:: n < WAITS ->
		n++;
		data = true;
		if
		:: netpollunblock(true)
		:: n < WAITS			/* the next edge says it as well */
		fi
	:: else -> break
	od;
	if
	:: closing = true; netpollunblock(false)	/* runtime_pollUnblock */
	:: skip
	fi
}

/* When nothing moves any more: parked only if there is nothing to come back for. */
active proctype end() {
	timeout;
	assert(status == _Grunning || (!data && !closing))
}
