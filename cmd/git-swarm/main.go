// Command git-swarm lets several sessions work on one repository at once. It is
// run as "git swarm"; README.md at the top of the repository introduces it.
package main

import (
	"bytes"
	"io"
	"os"

	"github.com/git-swarm/git-swarm/cmd/git-swarm/internal/early" // before all others: see there
	"github.com/git-swarm/git-swarm/cmd/internal/app"
)

func main() {
	os.Exit(app.Main(os.Args, stdin()))
}

// stdin is standard input from its beginning.
func stdin() io.Reader {
	switch text, all := early.Taken(); {
	case all:
		return bytes.NewReader(text)
	case len(text) > 0:
		return io.MultiReader(bytes.NewReader(text), os.Stdin)
	}
	return os.Stdin
}
