// Package demo plays the demonstration: real git swarm commands of three sessions,
// each a process of its own, on real git in a scratch folder. It stops at the first
// command that does not do what the text says. Nothing of the user's repository,
// identity or settings takes part.
package demo
