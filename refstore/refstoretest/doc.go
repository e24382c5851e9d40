// Package refstoretest is the set-up that the tests of refstore, bus, lock and
// review share. Only tests import it, and it imports nothing of ours, so that
// tests inside of any package can.
//
// [Main] runs a package's tests with an identity and none of the user's
// configuration; what they start inherits that. [Repo] is a scratch repository,
// and the real git in it, as witness. [Clock] stands still. [Start] is another
// process, which is the test binary once more and does what its package's worker
// does: it acknowledges with [Acknowledge], and is killed from outside, at a
// named point ([DieAt]) or at a random moment ([DieWithin]). [Beside] is what
// goes on meanwhile, and [InRealTime] judges what came of it. [Strace] sees what a
// program asks of the system.
//
// SWARM_RACE=long makes races, kills and random histories run for minutes: what
// is many then is for each test to say ([Long]).
package refstoretest
