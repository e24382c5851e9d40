package app

import (
	"fmt"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

func TestMain(m *testing.M) { refstoretest.Main(m, work) }

// work is what the other processes do.
func work(name string, args []string) error {
	if name == "hooks" {
		return runHooks(args[0], args[1])
	}
	return fmt.Errorf("there is no worker %s here", name)
}
