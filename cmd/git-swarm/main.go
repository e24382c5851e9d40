// Command git-swarm lets several sessions work on one repository at once. It is
// run as "git swarm"; README.md at the top of the repository introduces it.
package main

import (
	"os"

	"github.com/git-swarm/git-swarm/cmd/git-swarm/internal/early" // before all others: see there
	"github.com/git-swarm/git-swarm/cmd/internal/app"
)

func main() {
	os.Exit(app.Main(os.Args, early.Stdin()))
}
