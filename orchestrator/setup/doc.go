// Package setup makes a new worktree one that can be worked in: its submodules, the
// ignored files that a checkout lacks, what the user's own command does, and ports of
// its own.
//
// # Guarantees
//
//   - The file swarm-setup of the worktree's git dir, which is there from the moment
//     that there is a worktree, says that git swarm made it, and how far its set-up got.
//     What failed, or was cut short, is done again by the next [Worktree.Run]; what is
//     done is done once, unless swarm.setup has another command since.
//   - Files are copied as they are, whole or not at all, never over one that is there,
//     never through a link, and never to or from a place outside of the two work trees.
//   - Ranges of ports do not overlap within a repository, also where several processes
//     ask at once, and a session keeps its own until it is given back.
//
// # What it does not guarantee
//
// That nobody else on the machine uses those ports. The command runs with the rights
// of its user, as git's hooks do; only git's configuration names it.
package setup
