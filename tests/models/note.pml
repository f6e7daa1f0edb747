/* note.pml - a thread sleeps on a note and another wakes it, as stopm and startm do.
 *
 * It stands for:
 *	lock_futex.cpp	notesleep, noteclear, notewakeup
 *	proc_m.cpp	stopm, startm
 * The same in every order, with the real ones (tests/explore): a_note_wakes_its_sleeper,
 * only_a_note_wakes_its_sleeper, a_note_that_ends_or_is_woken.
 *
 * The sleeper waits ROUNDS times; the waker has something for it each time, and may come before, while or after it goes
 * to sleep. To be shown: the sleeper is always woken (no end state but the end), and gets each thing once.
 *
 * To be seen to fail:
 *	WAKE_FIRST	notewakeup calls the futex before it writes the key
 *	NO_COMPARE	futexsleep goes to sleep without comparing the key again
 *	CLEAR_BEFORE	stopm clears the note when it comes, not when it leaves
 */
#define ROUNDS 3

byte key;		/* note.key */
bool asleep;		/* in the kernel, on the futex */
bool idle;		/* on sched.midle: stopm's mput; startm takes it off with mget */
byte nextp;		/* what the waker hands over */

/* futexwakeup: wakes whoever sleeps now; leaves no trace otherwise. */
inline futexwakeup() { asleep = false }

/* futexsleep(&key, 0): the kernel compares and goes to sleep in one step. */
inline futexsleep() {
#ifdef NO_COMPARE
	asleep = true;
	!asleep
#else
	if
	:: atomic { key == 0 -> asleep = true }; !asleep
	:: key != 0
	fi
#endif
}

active proctype stopm() {
	byte round = 0;
	do
	:: round < ROUNDS ->
#ifdef CLEAR_BEFORE
		idle = true;
		key = 0;
#else
		idle = true;
#endif
		do			/* notesleep */
		:: key == 0 -> futexsleep()
		:: else -> break
		od;
#ifndef CLEAR_BEFORE
		key = 0;		/* noteclear */
#endif
		assert(nextp == 1);
		nextp = 0;
		round++
	:: else -> break
	od
}

active proctype startm() {
	byte round = 0, old;
	do
	:: round < ROUNDS ->
		atomic { idle -> idle = false };
		assert(nextp == 0);
		nextp = 1;
#ifdef WAKE_FIRST
		futexwakeup();
		key = 1;
#else
		atomic { old = key; key = 1 };	/* Xchg */
		assert(old == 0);		/* "woken twice" */
		futexwakeup();
#endif
		round++
	:: else -> break
	od
}
