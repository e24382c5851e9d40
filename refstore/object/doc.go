// Package object is git's object model as far as git swarm writes and reads it:
// object ids, commits and trees, as bytes in and bytes out. It touches no file.
//
// Encoders write exactly what git itself would write; decoders accept what git
// fsck --strict accepts and keep unknown commit headers out of the way (a
// signature on a commit made by hand, say), for the chains under refs/swarm can
// be extended by people with plain git.
//
// Ids are hexadecimal strings and not [plumbing.Hash], which has room for SHA-1
// only: the same code serves SHA-256 repositories.
package object
