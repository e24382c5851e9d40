// Package hub reaches a swarm's hub, which is any git remote, through the git command.
//
// # Guarantees
//
//   - What is pushed moves all at once, each ref only from what the caller has seen
//     (git push --atomic with leases). The answer is read from git's report; where there
//     is none, the error says that nobody knows.
//   - Nothing is asked at a terminal, no hook of this repository runs, and of the remote's
//     and the user's configuration only what names the remote and how to reach it counts:
//     neither its refspecs nor push.followTags, push.gpgSign or fetch.prune.
//   - A call ends within its time limit, with all the processes that git has started. Only
//     where ssh is to share a connection (Remote.Mux), ssh's own process keeps that for a
//     minute.
//
// # Not guaranteed
//
// Who may write to the remote, and what a force push there destroys, is the remote's
// matter.
package hub
