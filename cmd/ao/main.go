// Command ao is the quick start of git swarm: "ao setup" and "ao start" are
// "git swarm setup" and "git swarm start", and every other command is there, too.
package main

import (
	"os"

	"github.com/git-swarm/git-swarm/cmd/internal/app"
)

func main() {
	os.Exit(app.Main(os.Args, os.Stdin))
}
