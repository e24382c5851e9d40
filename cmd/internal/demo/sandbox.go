package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/git-swarm/git-swarm/cmd/internal/text"
)

// sandbox is a scratch folder, an environment in which git
// finds this very program as "git swarm", and the first thing that went wrong.
type sandbox struct {
	ctx    context.Context
	opts   Options
	dir    string
	app    string            // the main checkout, once there is one
	places map[string]string // the folders of those who work elsewhere than in a worktree of app
	env    []string
	winner string // who got the file that all wanted
	err    error
}

// result is how a command ended and what it said, on both streams.
type result struct {
	sandbox *sandbox
	what    string
	out     string
	code    int
}

func newSandbox(ctx context.Context, opts Options) (*sandbox, error) {
	dir, err := os.MkdirTemp("", "git-swarm-demo-")
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	s := &sandbox{ctx: ctx, opts: opts, dir: dir}
	if err := s.setUp(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// setUp sets up the environment: nothing of the user's repository, identity or
// settings takes part.
func (s *sandbox) setUp() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bin := filepath.Join(s.dir, "bin")
	if err := os.Mkdir(bin, 0o777); err != nil {
		return err
	}
	if err := os.Symlink(self, filepath.Join(bin, "git-swarm")); err != nil {
		return err
	}
	config := filepath.Join(s.dir, "gitconfig")
	text := "[user]\n\tname = Demo\n\temail = demo@example.com\n[init]\n\tdefaultBranch = main\n[color]\n\tui = auto\n"
	if err := os.WriteFile(config, []byte(text), 0o666); err != nil {
		return err
	}
	s.env = slices.DeleteFunc(slices.Clone(s.opts.Env), func(e string) bool {
		return strings.HasPrefix(e, "GIT_") || strings.HasPrefix(e, "PWD=") || strings.HasPrefix(e, "PATH=")
	})
	s.env = append(s.env, "PATH="+bin+string(os.PathListSeparator)+s.opts.Env.Get("PATH"),
		"GIT_CONFIG_GLOBAL="+config, "GIT_CONFIG_NOSYSTEM=1", "GIT_PAGER=cat", "LC_ALL=C.UTF-8")
	return nil
}

// play plays the parts one after the other, says how it ends, and removes the folder
// unless it is kept.
func (s *sandbox) play(end string, parts ...func()) error {
	if !s.opts.Keep {
		defer os.RemoveAll(s.dir)
	}
	for _, part := range parts {
		part()
	}
	s.say("\n" + end)
	return s.err
}

// place is the folder in which a session works, that of a clone, or the main checkout.
func (s *sandbox) place(session string) string {
	if dir, ok := s.places[session]; ok {
		return dir
	}
	if session == "" {
		return s.app
	}
	return s.app + ".worktrees/" + session
}

func (s *sandbox) command(dir string, argv []string) *exec.Cmd {
	cmd := exec.CommandContext(s.ctx, argv[0], argv[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Dir, cmd.Env = dir, s.env
	return cmd
}

// exec runs a command to its end and returns what it said on both streams.
func (s *sandbox) exec(dir string, argv []string) result {
	out, err := s.command(dir, argv).CombinedOutput()
	r := result{sandbox: s, what: typed(argv), out: string(out)}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		r.code = exit.ExitCode()
	case err != nil:
		r.code, r.out = -1, err.Error()
	}
	return r
}

// run shows a command as a user would type it, runs it, and shows what it says.
func (s *sandbox) run(session string, argv ...string) result {
	if s.err != nil {
		return result{sandbox: s}
	}
	s.prompt(session, argv)
	r := s.exec(s.place(session), argv)
	s.show(r)
	return r
}

// atOnce runs the same command in several sessions at the same moment, each a
// process of its own, and shows what each said.
func (s *sandbox) atOnce(sessions []string, argv ...string) map[string]result {
	if s.err != nil {
		return nil
	}
	results := make([]result, len(sessions))
	var all sync.WaitGroup
	for i, id := range sessions {
		all.Go(func() { results[i] = s.exec(s.place(id), argv) })
	}
	all.Wait()
	byID := map[string]result{}
	for i, id := range sessions {
		s.prompt(id, argv)
		s.show(results[i])
		byID[id] = results[i]
	}
	return byID
}

// quietly runs what the story needs and does not show.
func (s *sandbox) quietly(argv ...string) {
	if s.err != nil {
		return
	}
	if r := s.exec(s.dir, argv); r.code != 0 {
		s.fail("%s: %s", r.what, r.out)
	}
}

// output is what a command says that only checks something.
func (s *sandbox) output(argv ...string) string {
	if s.err != nil {
		return ""
	}
	return s.exec(s.dir, argv).out
}

func (s *sandbox) write(place, name, text string) {
	if s.err != nil {
		return
	}
	path := filepath.Join(s.dir, place, name)
	if s.err = os.MkdirAll(filepath.Dir(path), 0o777); s.err == nil {
		s.err = os.WriteFile(path, []byte(text), 0o666)
	}
}

func (s *sandbox) prompt(session string, argv []string) {
	who := ""
	if session != "" {
		who = session + " "
	}
	line := who + "$ " + typed(argv)
	if s.opts.Colours {
		line = text.Bold.Paint(line)
	}
	s.say(line)
}

func (s *sandbox) show(r result) {
	if text := strings.TrimSuffix(r.out, "\n"); text != "" {
		s.say(text)
	}
}

// has checks that the command succeeded and said all of these.
func (r result) has(wanted ...string) {
	if r.sandbox.err == nil && r.code != 0 {
		r.sandbox.fail("'%s' ended with %d", r.what, r.code)
	}
	r.holds(wanted)
}

// is checks that the command succeeded and said just that.
func (r result) is(wanted string) {
	if r.sandbox.err == nil && (r.code != 0 || r.out != wanted) {
		r.sandbox.fail("'%s' ended with %d and said %q", r.what, r.code, r.out)
	}
}

// refuses checks that the command said a plain no, and why.
func (r result) refuses(wanted ...string) {
	r.ends(1)
	r.holds(wanted)
}

// ends checks the exit code.
func (r result) ends(code int) {
	if r.sandbox.err == nil && r.code != code {
		r.sandbox.fail("'%s' ended with %d and not with %d", r.what, r.code, code)
	}
}

func (r result) holds(wanted []string) {
	for _, w := range wanted {
		if r.sandbox.err == nil && !strings.Contains(r.out, w) {
			r.sandbox.fail("'%s' did not say %q", r.what, w)
		}
	}
}

// typed is a command line as one would type it.
func typed(argv []string) string {
	words := make([]string, len(argv))
	for i, w := range argv {
		words[i] = text.ShellWord(w)
		if words[i] != w && !strings.ContainsAny(w, "\"$`\\!'") {
			words[i] = fmt.Sprintf("%q", w)
		}
	}
	return strings.Join(words, " ")
}

// say prints a line of the story, unless something went wrong before.
func (s *sandbox) say(line string) {
	if s.err == nil {
		_, s.err = fmt.Fprintln(s.opts.Out, line)
	}
}

// fail keeps what went wrong first.
func (s *sandbox) fail(format string, args ...any) {
	if s.err == nil {
		s.err = &FailedError{text.Inert(fmt.Sprintf(format, args...))}
	}
}
