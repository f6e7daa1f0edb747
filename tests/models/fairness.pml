/* fairness.pml - whoever is queued runs one day, on one P.
 *
 * It stands for:
 *	proc_sched.cpp	schedule, execute
 *	proc_g.cpp	goschedImpl
 *	proc_sysmon.cpp	retake, preemptone
 * The same in every order, with the real ones (tests/explore): the_global_queue_comes_every_61_ticks,
 * who_is_readied_goes_on_in_the_same_slice, a_time_slice_ends_after_10_ms.
 *
 * Goroutines 1 and 2 ready each other for ever and never leave runnext. 3 and 4 go back to the end of the ring each time
 * that they run (whom they wake is woken by others in turn). 5 waits in the global queue. Every TICKS-th time slice the
 * global queue comes first. runnext inherits the time slice; sysmon, which has seen the same slice for SLICE turns, has
 * who runs then put into the global queue, or is late by any number of turns up to LATE. To be shown: 3 runs again and
 * again, and 5 runs.
 *
 * To be seen to fail:
 *	NO_TICK		schedule does not look at the global queue first now and then
 *	NO_PREEMPT	sysmon asks nobody to yield
 *	NEW_SLICE	who comes from runnext begins a new time slice, so that sysmon never sees an old one
 *	NEXT_FIRST	who was preempted goes to runnext, not to the global queue
 */
#define TICKS 3
#define SLICE 2
#define LATE 2

chan runq = [5] of { byte };
chan global = [5] of { byte };
byte runnext;
byte schedtick = 1;	/* modulo TICKS */
byte turns;		/* in this time slice */
byte waits = 2;		/* of 1 and 2: who waits for the other */
bool ran3, ran5;

/* schedule: who is next, and whether in the old time slice. */
inline schedule(gp) {
	gp = 0;
	inherit = false;
#ifndef NO_TICK
	if
	:: schedtick == 0 && nempty(global) -> global ? gp
	:: schedtick != 0 || empty(global)
	fi;
#endif
	if
	:: gp == 0 && runnext != 0 -> gp = runnext; runnext = 0; inherit = true
	:: gp == 0 && runnext == 0 && nempty(runq) -> runq ? gp
	:: gp == 0 && runnext == 0 && empty(runq) -> global ? gp
	:: gp != 0
	fi
}

inline execute(gp) {
#ifdef NEW_SLICE
	inherit = false;
#endif
	if
	:: inherit -> turns = (turns < SLICE + LATE -> turns + 1 : turns)
	:: !inherit -> schedtick = (schedtick + 1) % TICKS; turns = 0
	fi;
	ran3 = (gp == 3);
	ran5 = (gp == 5)
}

/* To the end of its turn: preempted, or of its own will. */
inline go(gp) {
	if
#ifndef NO_PREEMPT
	:: turns >= SLICE ->
#ifdef NEXT_FIRST
		runnext = gp
#else
		global ! gp			/* gopreempt_m */
#endif
#endif
#ifdef NO_PREEMPT
	:: gp <= 2 ->
#else
	:: gp <= 2 && turns < SLICE + LATE ->
#endif
		assert(runnext == 0);		/* ready(the other, true) if it waits; and wait for it */
		if
		:: waits == 3 - gp -> runnext = waits
		:: waits != 3 - gp
		fi;
		waits = gp
	:: gp > 2 && turns < SLICE -> runq ! gp
	fi
}

active proctype p() {
	byte gp;
	bool inherit;
	atomic { runnext = 1; runq ! 3; runq ! 4; global ! 5 };
	do
	:: atomic { schedule(gp); execute(gp) };
		atomic { go(gp) }
	od
}

ltl fair { ([]<> ran3) && (<> ran5) }
