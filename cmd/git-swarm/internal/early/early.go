// Package early ends a git swarm sync, or an agent's hook, that has nothing to do before
// the rest of the program is initialised, and has memory ready for all other commands.
//
// Such a call is made more often than all others, and reading some dozen small files is the
// least of its cost. The packages that other commands need initialise themselves first:
// they build tables and compile patterns, and the pages of program and data that they
// touch for the first time are most of what starting costs. Nothing that runs from main,
// or is only called later, can save that.
//
// So this is the one package here with an init function. Go initialises packages in the
// order of their import paths, each as soon as all that it imports is: this one imports
// package quiet, which imports os, syscall and time alone, and so comes before all others
// of ours and before nearly every library. TestEarlyIsFirst holds that. What init decides, and
// that it says yes only where the command itself has said so of the same inputs, is
// package quiet's to guarantee; in every other command it costs one comparison.
//
// What a command needs of memory is asked for here for the same reason: the packages
// that initialise themselves later use much of it already.
//
// The package is internal to cmd/git-swarm: no other program has it.
package early

import (
	"os"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/cmd/internal/quiet"
)

func init() {
	growStack(false)
	if len(os.Args) > 1 && nothingToDo(os.Args[1:]) {
		os.Exit(0)
	}
	haveHeap()
}

func nothingToDo(args []string) bool {
	name, given := quiet.Name, args
	if args[0] != "sync" {
		if !quiet.IsHook(args) {
			return false
		}
		input, ok := hookInput()
		if !ok {
			return false
		}
		if name, given, ok = quiet.Hook(args, input); !ok {
			return false
		}
	}
	return quiet.Unchanged(name, given, syscall.Environ(), time.Now())
}
