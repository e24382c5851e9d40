// Package adopt has a repository with a swarm of its own join a hub that has another.
//
// # Guarantees
//
//   - All that was said here, and all that sessions hold, is in the hub's swarm
//     afterwards: under new ids and numbers where both swarms have the same, which the
//     sessions are told. What cannot be carried over is refused first, and nothing is
//     changed.
//   - It can be killed at any point: run again it goes on, and nothing else is written
//     in the repository until then.
//   - What the refs were before is kept below refs/swarm-lost/.
//
// # Not guaranteed
//
// That text which names a session or a number, such as a message, is changed.
package adopt
