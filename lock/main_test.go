package lock

import (
	"context"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

var bg = context.Background()

func TestMain(m *testing.M) { refstoretest.Main(m, work) }
