/* runq.pml - a P's run queue.
 *
 * It stands for:
 *	proc_sched.cpp	runqput, runqputslow, runqget, runqgrab, runqsteal
 * The same in every order, with the real ones (tests/explore): a_thief_and_the_owner,
 * a_thief_and_the_owner_want_runnext, a_full_ring_and_a_thief.
 *
 * The ring has 4 places instead of 256, and runnext beside it. The owner puts GOROUTINES goroutines, with next or without, and
 * takes some between; thieves steal once each. To be shown: every goroutine runs once; none is left, none runs twice.
 * (One thief and a ring that overflows, or two that get in each other's way: both together are too many states.)
 * Everything happens in program order here. x86 lets a store wait behind later loads; to these functions by themselves
 * that is the same as being slower (to who looks for spinning Ms next it is not: spinning.pml).
 *
 * To be seen to fail:
 *	PUBLISH_FIRST	runqput moves the tail before it writes the slot
 *	TAKE_FIRST	a thief moves the head before it copies
 *	OWNER_STORES	runqget writes the head, instead of CAS
 *	SLOW_STORES	runqputslow writes the head, instead of CAS
 *	NEXT_STORES	runqput overwrites runnext, instead of CAS
 */
#define LEN 4
#ifndef GOROUTINES
#define GOROUTINES 6
#endif
#ifndef THIEVES
#define THIEVES 1
#endif

byte runqhead, runqtail, runq[LEN], runnext;
byte ran[GOROUTINES + 1];	/* by goroutine; they are numbered from 1 */
byte total;			/* how many have run */

inline cas(ok, word, before, after) {
	d_step { ok = (word == before); if :: ok -> word = after :: else fi }
}

inline execute(gp) {
	d_step {
		assert(gp != 0);
		ran[gp]++;
		assert(ran[gp] == 1);
		total++
	}
}

/* Into the ring. runqputslow's batch goes to the global queue, where whoever finds it runs it: here at once. */
inline put(gp) {
	do
	:: h = runqhead;
		t = runqtail;
		if
		:: t - h < LEN ->
#ifdef PUBLISH_FIRST
			runqtail = t + 1;
			runq[t % LEN] = gp;
#else
			runq[t % LEN] = gp;
			runqtail = t + 1;
#endif
			break
		:: else ->
			batch[0] = runq[h % LEN];
			batch[1] = runq[(h + 1) % LEN];
#ifdef SLOW_STORES
			runqhead = h + 2;
			ok = true;
#else
			cas(ok, runqhead, h, h + 2);
#endif
			if
			:: ok -> execute(batch[0]); execute(batch[1]); execute(gp); break
			:: else
			fi
		fi
	od
}

inline runqput(gp, next) {
	old = gp;
	if
	:: next ->
		do
		:: old = runnext;
#ifdef NEXT_STORES
			runnext = gp;
			break
#else
			cas(ok, runnext, old, gp);
			if
			:: ok -> break
			:: else
			fi
#endif
		od
	:: !next
	fi;
	if
	:: old != 0 -> put(old)
	:: else
	fi;
	forget()
}

/* What the owner read is of no use any more: two states that differ in it are one. */
inline forget() { d_step { h = 0; t = 0; old = 0; batch[0] = 0; batch[1] = 0; ok = false } }

/* 0 if there is none. */
inline runqget(gp) {
	gp = 0;
	do
	:: old = runnext;
		if
		:: old == 0 -> break
		:: else
		fi;
		cas(ok, runnext, old, 0);
		if
		:: ok -> gp = old; break
		:: else
		fi
	od;
	do
	:: gp == 0 ->
		h = runqhead;
		t = runqtail;
		if
		:: t == h -> break
		:: else
		fi;
		gp = runq[h % LEN];
#ifdef OWNER_STORES
		runqhead = h + 1
#else
		cas(ok, runqhead, h, h + 1);
		if
		:: ok
		:: else -> gp = 0
		fi
#endif
	:: else -> break
	od;
	forget()
}

active proctype owner() {
	byte h, t, old, gp, made, batch[2];
	bool ok;
	do
	:: made < GOROUTINES -> made++; runqput(made, 1)
	:: made < GOROUTINES -> made++; runqput(made, 0)
	:: made > 0 ->
		runqget(gp);
		if
		:: gp != 0 -> execute(gp); gp = 0
		:: gp == 0 && made == GOROUTINES -> break
		:: else
		fi
	od
}

/* One theft; what is left the owner runs. The copies of runqgrab stand in the thief's ring behind its tail. */
active [THIEVES] proctype thief() {
	byte h, t, n, next, mine[2];
	bool ok;
	h = runqhead;
	t = runqtail;
	n = t - h;
	n = n - n / 2;
	if
	:: n == 0 ->				/* stealRunNextG */
		next = runnext;
		if
		:: next != 0 -> cas(ok, runnext, next, 0)
		:: else
		fi;
		if
		:: ok -> execute(next)
		:: else
		fi
	:: n > LEN / 2 -> skip			/* head and tail of different moments: it would try again */
	:: else ->
#ifdef TAKE_FIRST
		cas(ok, runqhead, h, h + n);
#endif
		mine[0] = runq[h % LEN];
		if
		:: n == 2 -> mine[1] = runq[(h + 1) % LEN]
		:: else
		fi;
#ifndef TAKE_FIRST
		cas(ok, runqhead, h, h + n);
#endif
		if
		:: ok ->
			execute(mine[0]);
			if
			:: n == 2 -> execute(mine[1])
			:: else
			fi
		:: else
		fi
	fi;
	d_step { h = 0; t = 0; n = 0; next = 0; mine[0] = 0; mine[1] = 0; ok = false }
}

/* When nothing moves any more, everything has run. */
active proctype end() {
	timeout;
	assert(total == GOROUTINES && runqhead == runqtail && runnext == 0)
}
