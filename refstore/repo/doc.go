// Package repo finds the repository as git would, reads its configuration, decides
// where its work lands, and runs the user's git.
//
// # Purpose
//
// A command that has nothing to do should cost no more than git itself, so the
// ordinary case is answered in process from the few files that decide it: the
// way up to .git, HEAD, commondir and the repository's own config file. Whatever
// is not certain that way (a foreign owner, a bare repository where
// safe.bareRepository is set, an unknown extension, a config file that versions
// of git read differently, most forms of includeIf, configuration on the command
// line) is decided by one call of git.
//
// # Guarantees
//
//   - [Discover] names the same git dir, common dir, work tree, prefix and object
//     format as git rev-parse in the same place, or fails where git fails. What
//     git refuses to trust is a [NotTrustedError].
//   - [Repo.InProcess] and [Repo.ReadInProcess] say yes only where every setting
//     that changes how refs and objects are stored is known and ordinary.
//   - [Config] holds what git config --list would print, in that order.
//   - [Repo.FindTarget] is the only rule of where work lands. It reads no work tree:
//     what is not committed on the remote's default branch sends work nowhere.
//   - Nothing here writes to the repository, and nothing reads the environment of
//     the process: it is the [Env] handed to [Discover].
//
// A [Repo] is a snapshot: Discover reads the repository's own config file, the
// first call of [Repo.Config] the rest; later changes are not seen. All methods
// may be called by several goroutines at once.
//
// # Not guaranteed
//
// Without a call of git, the system-wide configuration is known on Linux only,
// and only for /usr/bin/git (it is /etc/gitconfig). Elsewhere [Repo.Config] costs
// one call of git. Replace refs and grafts are not looked at.
//
// # The configuration scanner
//
// The syntax is described in git-config(1). The scanner here is our own, for
// go-git's decoder (plumbing/format/config, v5.19.3) does not read what git
// reads; see the comment on scan.
package repo
