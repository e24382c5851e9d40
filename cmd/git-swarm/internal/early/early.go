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
// packages that import none, and so only the runtime and what it needs come before it.
// TestEarlyIsFirst holds that. What init decides, and that it says yes only where the
// command itself has said so of the same inputs, is package quiet's to guarantee; in every
// other command it costs one look at the arguments.
//
// What a command needs of memory is asked for here for the same reason: the packages
// that initialise themselves later use much of it already.
//
// The package is internal to cmd/git-swarm: no other program has it.
package early

import (
	"unsafe"

	"github.com/git-swarm/git-swarm/cmd/internal/kernel"
	"github.com/git-swarm/git-swarm/cmd/internal/quiet"
)

func init() {
	growStack(false)
	haveHeap(little)
	if args, ok := kernel.Args(); ok && len(args) > 0 && nothingToDo(args) {
		kernel.Exit(0)
	}
	haveHeap(heap)
	kernel.PopulateProgram()
}

func nothingToDo(args []string) bool {
	name, given := quiet.Name, args
	if args[0] != "sync" {
		if !quiet.IsHook(args) {
			return false
		}
		input, ok := hookInput(0, patience)
		if !ok {
			return false
		}
		if name, given, ok = quiet.Hook(args, input); !ok {
			return false
		}
	}
	env, ok := kernel.Environ()
	return ok && quiet.Unchanged(name, given, env, kernel.Now())
}

// How much of the heap a short command comes to use, and one with nothing to do, in bytes.
// More gains nothing: what is not used has its cost, too.
const (
	heap   = 160 * 4096
	little = 32 * 4096
)

// haveHeap has the kernel provide the part of the heap that comes next in one call.
//
// The heap is used from its lower end on, and the stack was just taken from it, so what
// comes next begins where the stack ends.
func haveHeap(size uintptr) {
	var onStack byte
	kernel.Populate(unsafe.Pointer(&onStack), size)
}
