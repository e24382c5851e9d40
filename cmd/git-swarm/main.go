// Command git-swarm lets several sessions work on one repository at once. It is
// run as "git swarm"; README.md at the top of the repository introduces it.
package main

import (
	"os"

	_ "github.com/git-swarm/git-swarm/cmd/git-swarm/internal/early" // ends a sync with nothing to do
	"github.com/git-swarm/git-swarm/cmd/internal/app"
)

func main() {
	growStack(false)
	os.Exit(app.Main(os.Args))
}

// growStack gives the stack the 64 kB that a command needs while there is nearly nothing
// on it. It would get there in steps, each of which copies what is on it and looks up
// every function there: that is an eighth of the time that a short command takes.
//
// The frame is what makes the stack grow, when growStack is called. Whether it is used
// makes no difference, and without use no memory is touched.
//
//go:noinline
func growStack(use bool) {
	if use {
		var frame [28 << 10]byte
		keep(&frame)
	}
}

//go:noinline
func keep(*[28 << 10]byte) {}
