/* spinning.pml - work comes while Ms run out of work, and no wake-up may be lost between them.
 *
 * It stands for:
 *	proc_g.cpp	ready, newproc1
 *	proc_sched.cpp	findrunnable, resetspinning
 *	proc_m.cpp	wakep, startm, stopm
 * The same in every order, with the real ones (tests/explore): one_comes_while_an_m_gives_up, three_meet,
 * two_run_beside_main.
 *
 * Who makes work queues it first and looks for spinning Ms and idle Ps then. Who finds none gives its P away first, stops
 * counting as spinning, and looks at all queues again then. A goroutine may queue others, end, or compute for ever. To be
 * shown: when nothing moves any more there is no queued goroutine beside an idle P, and nmspinning is 0.
 * A queue is a count here (runq.pml has its inside); an M that startm would create waits among the idle ones. With three
 * Ps only the first goroutine queues others, and all compute for ever: else there are too many states.
 *
 * To be seen to fail:
 *	LOOK_FIRST	ready looks for spinning Ms and idle Ps, then queues
 *	RECHECK_FIRST	findrunnable looks at the queues again while it still counts as spinning
 *	NO_RECHECK	findrunnable does not look again
 *	NO_RELAY	resetspinning does not see to it that another M spins
 *	PLAIN_STORE	the queue's tail waits in x86's store buffer while ready looks for Ms and Ps. (runqput ends in such a
 *			store; but with next it begins with a CAS on runnext, and the goroutine that it puts there is seen.)
 */
#ifndef PS
#define PS 2
#define GOROUTINES 3
#endif
#define MS (PS + 1)
#define none 255

byte queue[PS];		/* goroutines that others see */
byte buffered[PS];	/* and those that only the owner sees yet */
byte made = 1;

bool locked;		/* sched.lock, which guards: */
bool pidle[PS];
byte npidle;
bool midle[MS];
byte nmspinning;

byte nextp[MS];		/* for an M that is woken, */
bool awake[MS];		/* note m.park */
bool spinning[MS];

inline lock() { atomic { !locked -> locked = true } }
inline unlock() { locked = false }

inline pidleget(pp) {
	d_step {
		pp = none;
		if
		:: pidle[0] -> pp = 0
		:: !pidle[0] && pidle[1] -> pp = 1
#if PS > 2
		:: !pidle[0] && !pidle[1] && pidle[2] -> pp = 2
#endif
		:: else
		fi;
		if
		:: pp != none -> pidle[pp] = false; npidle--
		:: else
		fi
	}
}

inline decrement(n) { d_step { assert(nmspinning > 0); nmspinning--; n = nmspinning } }

inline wakep() {
	d_step { ok = (nmspinning == 0); if :: ok -> nmspinning = 1 :: else fi };
	if
	:: ok ->					/* startm(nil, spinning) */
		lock();
		pidleget(pp);
		unlock();
		if
		:: pp == none -> decrement(n)
		:: else ->
			atomic {			/* mget, or newm */
				if			/* they are all alike: any will do */
				:: midle[0] -> w = 0
				:: midle[1] && !midle[0] -> w = 1
				:: midle[2] && !midle[1] && !midle[0] -> w = 2
#if PS > 2
				:: midle[3] && !midle[2] && !midle[1] && !midle[0] -> w = 3
#endif
				fi;
				midle[w] = false
			};
			d_step { spinning[w] = true; nextp[w] = pp; awake[w] = true; pp = 0; w = 0 }
		fi
	:: else
	fi
}

/* M 0 begins with P 0 and a goroutine that runs; the others sleep and the other Ps are idle. */
active [MS] proctype m() {
	byte p, pp, w, i, n;
	bool ok, was;
	if
	:: _pid == 0 ->
		d_step {
			do
			:: npidle < PS - 1 -> npidle++; pidle[npidle] = true
			:: else -> break
			od
		};
		goto execute
	:: else -> midle[_pid] = true; goto asleep
	fi;

schedule:	/* runqget; and findrunnable from its top */
	atomic { i = 0; n = 0; pp = 0; ok = false; was = false };
	if
	:: d_step { queue[p] > 0 -> queue[p]-- }; goto found
	:: d_step { buffered[p] > 0 -> buffered[p]-- }; goto found
	:: queue[p] == 0 && buffered[p] == 0
	fi;
	if
	:: spinning[_pid] || 2 * nmspinning < PS - npidle ->
		if
		:: !spinning[_pid] -> spinning[_pid] = true; nmspinning++
		:: else
		fi;
		do					/* runqsteal, from one P after the other */
		:: i < PS && queue[i] == 0 -> i++
		:: d_step { i < PS && queue[i] > 0 -> queue[i]-- }; goto found
		:: i == PS -> break
		od;
		i = 0
	:: else
	fi;

	/* Nothing. */
	lock();
	d_step { pidle[p] = true; npidle++; p = 0 };
	unlock();
	was = spinning[_pid];
#ifndef RECHECK_FIRST
	if
	:: was -> spinning[_pid] = false; decrement(n)
	:: else
	fi;
#endif
#ifndef NO_RECHECK
	do
	:: i == PS -> break
	:: i < PS && queue[i] == 0 -> i++
	:: i < PS && queue[i] > 0 ->
		lock();
		pidleget(pp);
		unlock();
		if
		:: pp == none -> break
		:: else ->
			p = pp;				/* acquirep */
#ifndef RECHECK_FIRST
			if
			:: was -> spinning[_pid] = true; nmspinning++
			:: else
			fi;
#endif
			goto schedule
		fi
	od;
#endif
#ifdef RECHECK_FIRST
	if
	:: was -> spinning[_pid] = false; decrement(n)
	:: else
	fi;
#endif

	lock();						/* stopm */
	midle[_pid] = true;
	unlock();
asleep:	atomic { i = 0; n = 0; pp = 0; ok = false; was = false };
end_asleep:
	atomic { awake[_pid] -> awake[_pid] = false; p = nextp[_pid]; nextp[_pid] = 0 };
	goto schedule;

found:
	if						/* resetspinning */
	:: spinning[_pid] ->
		spinning[_pid] = false;
		decrement(n);
#ifndef NO_RELAY
		if
		:: n == 0 && npidle > 0 -> wakep()
		:: else
		fi
#endif
	:: else
	fi;

execute:
	if
	:: d_step { (PS == 2 || _pid == 0) && made < GOROUTINES -> made++ };
		/* the goroutine queues another: ready, newproc1 */
#ifdef LOOK_FIRST
		ok = (npidle != 0 && nmspinning == 0);
		queue[p]++;
#else
#ifdef PLAIN_STORE
		buffered[p]++;
#else
		queue[p]++;
#endif
		ok = (npidle != 0);
		ok = (ok && nmspinning == 0);
#endif
		if
		:: ok ->
#ifdef PLAIN_STORE
			buffered[p] == 0;		/* a CAS empties the buffer */
#endif
			wakep()
		:: else
		fi;
		goto execute
	:: PS == 2 -> goto schedule			/* it ends or parks */
	:: PS == 2 || _pid != 0 || made == GOROUTINES	/* it computes for ever */
	fi;
end_computing:
	false
}

#ifdef PLAIN_STORE
active proctype storebuffer() {
end:	do
	:: d_step { buffered[0] > 0 -> buffered[0]--; queue[0]++ }
	:: d_step { buffered[1] > 0 -> buffered[1]--; queue[1]++ }
#if PS > 2
	:: d_step { buffered[2] > 0 -> buffered[2]--; queue[2]++ }
#endif
	od
}
#endif

active proctype end() {
	timeout;
	assert(nmspinning == 0);
	assert(npidle == 0 || queue[0] + queue[1] + queue[PS - 1] == 0)
}
