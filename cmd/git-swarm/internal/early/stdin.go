package early

import "github.com/git-swarm/git-swarm/cmd/internal/kernel"

const (
	maxInput = 1 << 20 // bytes of a hook's input: what is longer is not looked at here
	patience = 50e6    // ns for a client that is slow to write it
)

var (
	taken []byte
	ended bool
)

// Taken is what was read of standard input, and whether that was all of it.
func Taken() (text []byte, all bool) { return taken, ended }

// hookInput is all of the input fd. It is not ok if that has not ended within the time left,
// in ns.
func hookInput(fd int, left int64) (text []byte, ok bool) {
	taken = make([]byte, 0, 4096)
	for len(taken) < maxInput && kernel.Wait(fd, &left) {
		if len(taken) == cap(taken) {
			taken = append(make([]byte, 0, 4*cap(taken)), taken...)
		}
		n := kernel.Read(fd, taken[len(taken):cap(taken)])
		if n <= 0 {
			ended = n == 0
			break
		}
		taken = taken[:len(taken)+n]
	}
	return taken, ended
}
