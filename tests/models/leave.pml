/* leave.pml - a goroutine is left and another M goes on with it.
 *
 * It stands for:
 *	asm_amd64.S	mcall, gogo, leave
 *	proc_g.cpp	goschedImpl, goexit0, newproc1
 *	proc_sched.cpp	findrunnable
 * The same in every order, with the real ones (tests/explore): a_receiver_runs_beside_its_sender,
 * two_run_beside_main.
 *
 * An M that schedules has queued its goroutine while the registers are not put away yet: g.context is odd. It chooses the
 * next one and leaves the old in the same switch; who has taken a goroutine that is not left waits for that. Goroutines
 * yield, park for good, or end and begin anew. To be shown: nobody goes on with registers that are not there, a goroutine
 * that is taken for a new one is one, none runs twice at a time, and no M waits for another in vain.
 *
 * To be seen to fail:
 *	WAIT_ONLY	gogo waits for the other M without leaving its own goroutine first
 *	SLEEP_FIRST	findrunnable goes to sleep without leaving
 *	QUEUE_FIRST	the goroutine is queued before its context is odd
 *	EARLY		the context is even before the registers are put away
 *	NO_CLEAR	goexit0 leaves the context of the goroutine that ended where it is
 */
#define MS 3
#define GS 3
#define none 255

#define new 0		/* g.context: null, */
#define odd 1		/* the registers' place, plus 1, */
#define even 2		/* a context */

byte context[GS];
bool saved[GS];		/* its registers are on its stack, and nobody is using them */
bool fresh[GS] = true;	/* made by newproc1, has not run */
byte running[GS];
chan runq = [GS] of { byte };

/* The switch away from the goroutine in `leaving`, or the part of it that leave does. */
inline put_away() {
	if
	:: leaving != none ->
#ifdef EARLY
		context[leaving] = even;
		saved[leaving] = true;
#else
		saved[leaving] = true;		/* context_jump */
		context[leaving] = even;	/* on arrival: now others may run it */
#endif
		leaving = none
	:: leaving == none
	fi
}

/* Each begins with a goroutine of its own. */
active [MS] proctype m() {
	byte gp = _pid, leaving = none;
	do
	:: /* gp runs. */
		d_step { running[gp]++; assert(running[gp] == 1); fresh[gp] = false; saved[gp] = false };
		running[gp]--;

		if
		:: /* mcall(gosched_m) */
#ifdef QUEUE_FIRST
			runq ! gp;
			context[gp] = odd;
#else
			context[gp] = odd;
			runq ! gp;
#endif
			leaving = gp
		:: /* mcall(goexit0), and newproc1 takes it from the free list */
			context[gp] = odd;
#ifndef NO_CLEAR
			context[gp] = new;
#endif
			leaving = none;
			fresh[gp] = true;
			runq ! gp
		:: /* mcall(park_m), and nobody ever makes it ready */
			context[gp] = odd;
			leaving = gp
		fi;

		/* schedule; without work findrunnable leaves, and sleeps. */
		if
		:: runq ? gp
		:: empty(runq) ->
#ifndef SLEEP_FIRST
			put_away();
#endif
end_asleep:		runq ? gp
		fi;

		/* gogo */
		do
		:: context[gp] == odd && gp == leaving -> break		/* it stays */
		:: context[gp] == odd && gp != leaving ->
#ifndef WAIT_ONLY
			put_away();
#endif
			context[gp] != odd
		:: context[gp] == even -> assert(saved[gp]); break
		:: context[gp] == new -> assert(fresh[gp]); break
		od;
		if
		:: gp != leaving -> context[gp] = new; put_away()
		:: gp == leaving -> context[gp] = new; leaving = none
		fi
	od
}
