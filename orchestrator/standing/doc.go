// Package standing says how each session stands: whether it runs, asks its user, is in
// review, has ended. Whatever shows a session shows it in these words.
//
// # Guarantees
//
// One function decides, from what is certain: "ended" is said only of a session whose
// agents' processes have all gone, or have said so, and of which nothing was heard
// since; "not started" only of one of which nothing was ever heard. What a session
// says of itself (done, blocked) holds until it says otherwise, except that one whose
// agent is gone is not called blocked or running.
//
// # What it does not guarantee
//
// Of agents on other machines no process is known: they are running until they say
// otherwise.
package standing
