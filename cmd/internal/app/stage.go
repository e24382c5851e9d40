package app

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

// stage is where the demo plays: a scratch folder, an environment in which git
// finds this very program as "git swarm", and the first thing that went wrong.
type stage struct {
	ctx    context.Context
	call   *call
	dir    string
	app    string // the main checkout, once there is one
	env    []string
	winner string // who got the file that all wanted
	err    error
}

// result is how a command ended and what it said, on both streams.
type result struct {
	stage *stage
	what  string
	out   string
	code  int
}

func newStage(ctx context.Context, c *call) (*stage, error) {
	dir, err := os.MkdirTemp("", "git-swarm-demo-")
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	s := &stage{ctx: ctx, call: c, dir: dir}
	if err := s.dress(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// dress sets up the environment: nothing of the user's repository, identity or
// settings takes part.
func (s *stage) dress() error {
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
	s.env = slices.DeleteFunc(slices.Clone(s.call.Env), func(e string) bool {
		return strings.HasPrefix(e, "GIT_") || strings.HasPrefix(e, "PWD=") || strings.HasPrefix(e, "PATH=")
	})
	s.env = append(s.env, "PATH="+bin+string(os.PathListSeparator)+s.call.Env.Get("PATH"),
		"GIT_CONFIG_GLOBAL="+config, "GIT_CONFIG_NOSYSTEM=1", "GIT_PAGER=cat", "LC_ALL=C.UTF-8")
	return nil
}

// place is the folder in which a session works, or the main checkout.
func (s *stage) place(session string) string {
	if session == "" {
		return s.app
	}
	return s.app + ".worktrees/" + session
}

func (s *stage) command(dir string, argv []string) *exec.Cmd {
	cmd := exec.CommandContext(s.ctx, argv[0], argv[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Dir, cmd.Env = dir, s.env
	return cmd
}

// start runs a command to its end and returns what it said on both streams.
func (s *stage) start(dir string, argv []string) result {
	out, err := s.command(dir, argv).CombinedOutput()
	r := result{stage: s, what: typed(argv), out: string(out)}
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
func (s *stage) run(session string, argv ...string) result {
	if s.err != nil {
		return result{stage: s}
	}
	s.prompt(session, argv)
	r := s.start(s.place(session), argv)
	s.show(r)
	return r
}

// atOnce runs the same command in several sessions at the same moment, each a
// process of its own, and shows what each said.
func (s *stage) atOnce(sessions []string, argv ...string) map[string]result {
	if s.err != nil {
		return nil
	}
	results := make([]result, len(sessions))
	var all sync.WaitGroup
	for i, id := range sessions {
		all.Go(func() { results[i] = s.start(s.place(id), argv) })
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

// quietly prepares the scene.
func (s *stage) quietly(argv ...string) {
	if s.err != nil {
		return
	}
	if r := s.start(s.dir, argv); r.code != 0 {
		s.fail("%s: %s", r.what, r.out)
	}
}

// output is what a command says that only checks something.
func (s *stage) output(argv ...string) string {
	if s.err != nil {
		return ""
	}
	return s.start(s.dir, argv).out
}

func (s *stage) write(place, name, text string) {
	if s.err != nil {
		return
	}
	path := filepath.Join(s.dir, place, name)
	if s.err = os.MkdirAll(filepath.Dir(path), 0o777); s.err == nil {
		s.err = os.WriteFile(path, []byte(text), 0o666)
	}
}

func (s *stage) prompt(session string, argv []string) {
	who := ""
	if session != "" {
		who = session + " "
	}
	line := who + "$ " + typed(argv)
	if s.call.colours() {
		line = text.Bold.Paint(line)
	}
	s.say(line)
}

func (s *stage) show(r result) {
	if text := strings.TrimSuffix(r.out, "\n"); text != "" {
		s.say(text)
	}
}

// has checks that the command succeeded and said all of these.
func (r result) has(wanted ...string) {
	if r.stage.err == nil && r.code != 0 {
		r.stage.fail("'%s' ended with %d", r.what, r.code)
	}
	r.said(wanted)
}

// is checks that the command succeeded and said just that.
func (r result) is(wanted string) {
	if r.stage.err == nil && (r.code != 0 || r.out != wanted) {
		r.stage.fail("'%s' ended with %d and said %q", r.what, r.code, r.out)
	}
}

// refuses checks that the command said a plain no, and why.
func (r result) refuses(wanted ...string) {
	if r.stage.err == nil && r.code != exitNo {
		r.stage.fail("'%s' ended with %d and not with %d", r.what, r.code, exitNo)
	}
	r.said(wanted)
}

func (r result) said(wanted []string) {
	for _, w := range wanted {
		if r.stage.err == nil && !strings.Contains(r.out, w) {
			r.stage.fail("'%s' did not say %q", r.what, w)
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
