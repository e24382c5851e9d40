package app

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// App is one run of the command: the process as the verbs see it.
type App struct {
	Name   string // what it was started as: "git-swarm", or "ao"
	Env    repo.Env
	Dir    string // where it was started
	Named  bool   // Dir was named by -C
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Now    func() time.Time

	args []string // all of them, without the program's name
}

// Main runs the program as the operating system started it and returns its exit
// code. SIGINT and SIGTERM kill it, which is safe at any moment; verbs that have
// something to undo have them end their context instead (undoable).
func Main(args []string, stdin io.Reader) int {
	a := &App{Name: filepath.Base(args[0]), Env: os.Environ(), Stdin: stdin, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now}
	var err error
	if a.Dir, err = os.Getwd(); err != nil {
		if len(args) < 2 || args[1] != "hook" { // which is told where its agent works
			return a.fail(err, nil)
		}
		a.Dir = "/"
	}
	return a.Run(context.Background(), args[1:])
}

// Run runs one command line, without the program's name.
func (a *App) Run(ctx context.Context, args []string) int {
	a.args = args
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
	return a.fail(err, args)
}

// undoable returns a context that SIGINT and SIGTERM end, for verbs that undo
// what they began. The function returned restores what the signals did before.
func undoable(ctx context.Context) (context.Context, func()) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}
