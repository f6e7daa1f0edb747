/* mutex.pml - the runtime's own lock: 0 unlocked, 1 locked, 2 locked with threads asleep.
 *
 * It stands for:
 *	lock_futex.cpp	lock, unlock
 * The same in every order, with the real ones (tests/explore): two_take_turns_in_the_lock,
 * who_waits_for_a_lock_sleeps.
 *
 * THREADS threads take it again and again. To be shown: one holds it at a time, and nobody sleeps on when it is free: all
 * come to their end.
 *
 * To be seen to fail:
 *	FORGET_SLEEPERS	who was woken, or overwrote a 2, takes the lock as if nobody else slept (1, not `wait`)
 *	NO_COMPARE	futexsleep goes to sleep without comparing the key again
 *	STORE		unlock looks at the key and then stores 0, instead of Xchg
 */
#define THREADS 3
#define TURNS 2

#define mutex_unlocked 0
#define mutex_locked 1
#define mutex_sleeping 2

byte key;
bool asleep[THREADS];
byte holders;

inline xchg(result, value) { d_step { result = key; key = value } }

/* Wakes one of those that sleep, whichever. */
inline futexwakeup() {
	if
	:: d_step { asleep[0] -> asleep[0] = false }
	:: d_step { asleep[1] -> asleep[1] = false }
	:: d_step { asleep[2] -> asleep[2] = false }
	:: d_step { !asleep[0] && !asleep[1] && !asleep[2] -> skip }
	fi
}

inline futexsleep(me) {
#ifdef NO_COMPARE
	asleep[me] = true;
	!asleep[me]
#else
	if
	:: d_step { key == mutex_sleeping -> asleep[me] = true }; !asleep[me]
	:: key != mutex_sleeping
	fi
#endif
}

inline lock(me) {
	xchg(v, mutex_locked);
	if
	:: v == mutex_unlocked
	:: else ->
#ifdef FORGET_SLEEPERS
		wait = mutex_locked;
#else
		wait = v;
#endif
		do
		:: d_step { key == mutex_unlocked -> key = wait }; break	/* while it spins: Cas */
		:: xchg(v, mutex_sleeping);
			if
			:: v == mutex_unlocked -> break
			:: else ->
#ifndef FORGET_SLEEPERS
				wait = mutex_sleeping;
#endif
				futexsleep(me)
			fi
		od
	fi
}

inline unlock() {
#ifdef STORE
	v = key;
	key = mutex_unlocked;
#else
	xchg(v, mutex_unlocked);
#endif
	assert(v != mutex_unlocked);
	if
	:: v == mutex_sleeping -> futexwakeup()
	:: else
	fi
}

active [THREADS] proctype thread() {
	byte v, wait, turn;
	do
	:: turn < TURNS ->
		lock(_pid);
		holders++;
		assert(holders == 1);
		holders--;
		unlock();
		turn++
	:: else -> break
	od
}
