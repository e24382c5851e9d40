// Package merge merges three versions of a file as git does and heals conflicts that git leaves.
package merge
