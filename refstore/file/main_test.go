package file

import (
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

func TestMain(m *testing.M) { refstoretest.Main(m, work) }

// work is what the other processes do: "wait" for the end of standard input, or
// "lock" a file and then wait, having said so.
func work(name string, args []string) error {
	if name == "lock" {
		unlock, err := TryLockPath(args[0])
		if err != nil {
			return err
		}
		defer unlock()
		fmt.Println("locked")
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}
