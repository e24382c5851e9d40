// Package stack grows a goroutine's stack once, while there is nearly nothing on it.
//
// A stack begins with 2 or 4 kB and doubles as calls get deeper. Each time what is on it is
// copied, and every function there is looked up, in tables whose pages are read for that
// alone: of a command that takes some milliseconds that is a twentieth.
//
// It imports nothing, so that package early can call it before the rest of the program is
// initialised.
package stack

// Grow gives the stack of the goroutine that calls it the 32 kB that a short command needs.
//
// The frame is what makes it grow, when Grow is called. No memory of it is touched.
//
//go:noinline
func Grow() { grow(false) }

//go:noinline
func grow(use bool) {
	if use {
		var frame [24 << 10]byte
		keep(&frame)
	}
}

//go:noinline
func keep(*[24 << 10]byte) {}
