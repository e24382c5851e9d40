// Package gc keeps transactions and git gc out of each other's way: [Guard] saves
// new objects from a gc that looked at the refs too early, [Maintenance] keeps
// down the number of loose objects that transactions leave.
//
// # Guarantees
//
//   - After [Guard.Keep] the objects survive any git gc that is at work or starts
//     later, also git gc --prune=now, if refs point at them.
//   - [Maintenance] deletes only commits that the caller names, ten minutes after
//     they were replaced, and only while no ref points at them, no commit-graph lists
//     them, and no gc is at work.
//
// # Not guaranteed
//
// A bare git prune leaves no gc.pid and is not noticed. Maintenance is best
// effort: what it misses is left to git's own gc.
package gc
