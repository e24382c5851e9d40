package queue

import (
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

func TestMain(m *testing.M) { refstoretest.Main(m, nil) }
