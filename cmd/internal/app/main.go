package app

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// App is one run of the command: the process as the verbs see it.
type App struct {
	Env    repo.Env
	Dir    string // where it was started
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Now    func() time.Time
	Self   string // how to run this program again
}

// Main runs the program as the operating system started it and returns its exit
// code. SIGINT and SIGTERM end the context, so that what was begun is undone.
func Main(args []string) int {
	signal.Ignore(syscall.SIGPIPE) // a write to a closed pipe is an error like others
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &App{Env: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now}
	var err error
	if a.Dir, err = os.Getwd(); err == nil {
		a.Self, err = os.Executable()
	}
	if err != nil {
		return a.fail(err)
	}
	return a.Run(ctx, args[1:])
}

// Run runs one command line, without the program's name.
func (a *App) Run(ctx context.Context, args []string) int {
	err := a.run(ctx, args)
	if err == nil {
		return exitDone
	}
	if errors.Is(err, syscall.EPIPE) { // the reader has what it wanted
		return exitDone
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errInterrupted
	}
	return a.fail(err)
}
