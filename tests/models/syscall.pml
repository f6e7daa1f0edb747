/* syscall.pml - a P whose M is in a system call, and who may take it away meanwhile.
 *
 * It stands for:
 *	proc_syscall.cpp	entersyscall, exitsyscallfast, exitsyscallfast_pidle, exitsyscall0
 *	proc_sysmon.cpp	retake
 *	proc_m.cpp	handoffp
 * The same in every order, with the real ones (tests/explore): a_call_ends_while_its_p_is_taken,
 * a_call_begins_while_its_p_is_taken, a_call_ends_while_its_p_is_taken_for_another.
 *
 * One P. M1's goroutine makes CALLS system calls; sysmon takes the P at any moment that it finds it in one, and gives it to
 * M2, which works and idles it again. To be shown: one M at a time works with the P, p.m says which, and the goroutine always
 * goes on, with the P it had, an idle one or, if there is none, through the global queue.
 *
 * To be seen to fail:
 *	EXIT_STORES	exitsyscallfast looks at the status and then writes it, instead of CAS
 *	RETAKE_STORES	retake does so
 *	GIVE_FIRST	entersyscall says _Psyscall first and clears p.m after
 *	LOOK_UNLOCKED	exitsyscall0 believes an earlier look at the idle list, and does not look again with the lock held
 */
#define CALLS 2

#define _Pidle 0
#define _Prunning 1
#define _Psyscall 2

byte status = _Prunning;	/* p.status */
byte pm = 1;			/* p.m: 1, 2, or 0 */
bool listed;			/* the P is on sched.pidle */
bool queued;			/* the goroutine is on the global queue */
bool locked;			/* sched.lock */
bool given;			/* M1 got the P back from M2 */
byte working;			/* Ms that work with the P */
bool done;
chan m2 = [1] of { bit };	/* startm: M2 gets the P and is woken */

inline lock() { atomic { !locked -> locked = true } }
inline unlock() { locked = false }

inline cas(ok, word, before, after) {
	d_step { ok = (word == before); if :: ok -> word = after :: else fi }
}

inline acquirep(me) {
	assert(status == _Pidle && pm == 0);
	pm = me;
	status = _Prunning
}

inline work(me) {
	working++;
	assert(working == 1 && pm == me && status == _Prunning);
	working--
}

/* The goroutine, on M1; after exitsyscall0 on whichever M takes it, here M2, and it is back on M1 for the next call. */
active proctype goroutine() {
	byte calls;
	bool ok, idle;
	do
	:: calls < CALLS ->
		calls++;
		work(1);
#ifdef GIVE_FIRST
		status = _Psyscall;			/* entersyscall */
		pm = 0;
#else
		pm = 0;
		status = _Psyscall;
#endif
		skip;					/* the call */
#ifdef EXIT_STORES
		ok = (status == _Psyscall);		/* exitsyscallfast */
		if
		:: ok -> status = _Prunning
		:: else
		fi;
#else
		cas(ok, status, _Psyscall, _Prunning);
#endif
		if
		:: ok -> pm = 1
		:: else ->
			idle = listed;
			if
			:: idle ->			/* exitsyscallfast_pidle */
				lock();
				ok = listed;
				listed = false;
				unlock()
			:: else
			fi;
			if
			:: !ok ->			/* exitsyscall0 */
				lock();
#ifndef LOOK_UNLOCKED
				ok = listed;
				listed = false;
#endif
				if
				:: ok
				:: else -> queued = true
				fi;
				unlock()
			:: else
			fi;
			if
			:: ok -> acquirep(1)
			:: else ->			/* stopm; M2's schedule finds the goroutine, and it goes on */
				!queued;
				atomic { given -> given = false };
				acquirep(1)
			fi
		fi
	:: else -> break
	od;
	work(1);
	done = true
}

/* retake: the P of a system call is made idle and handed over: to a new M, or onto the idle list. */
active proctype sysmon() {
	bool ok;
end:	do
	:: status == _Psyscall ->
#ifdef RETAKE_STORES
		status = _Pidle; ok = true;
#else
		cas(ok, status, _Psyscall, _Pidle);
#endif
		if
		:: ok -> m2 ! 1
		:: else
		fi
	:: done -> break
	od
}

/* M2 has the P: schedules until there is nothing, then idles it. A goroutine that it finds takes the P along. */
active proctype other() {
	bool found;
end:	do
	:: m2 ? _ ->
		acquirep(2);
		work(2);
		lock();
		found = queued;
		queued = false;
		if
		:: found ->				/* execute: M1 stands for the M that runs the goroutine */
			pm = 0; status = _Pidle; given = true
		:: else ->				/* releasep, pidleput */
			pm = 0; status = _Pidle; listed = true
		fi;
		unlock()
	od
}
