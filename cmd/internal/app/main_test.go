package app

import (
	"errors"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

func TestMain(m *testing.M) {
	refstoretest.Main(m, func(string, []string) error { return errors.New("there are no workers here") })
}
