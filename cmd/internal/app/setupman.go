package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/guide"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/refstore/file"
)

// setupMark is the last line of each file that setup writes, as a comment: only
// such a file is replaced or removed.
const setupMark = "Written by git swarm setup --man; git swarm setup --remove removes it."

// docFile is a manual page or a completion script at its place.
type docFile struct {
	path    string
	content string
	root    string // empty folders above path are removed up to here
}

// docPlaces are the folders where man and the shells look, for a program in
// PREFIX/bin. man looks in PREFIX/share/man for each PREFIX/bin on PATH. bash and
// fish look in a few shares only: where PREFIX/share is none of them, in the
// user's own.
type docPlaces struct {
	prefix, home                 string
	man, bash, fish, zsh         string
	bashRoot, fishRoot, zshGiven string // zshGiven: what .zshrc needs, "" for nothing
}

func (c *call) docPlaces() (docPlaces, error) {
	bin, err := binFolder()
	if err != nil {
		return docPlaces{}, err
	}
	p := docPlaces{prefix: filepath.Dir(bin), home: c.Env.Get("HOME")}
	share := filepath.Join(p.prefix, "share")
	p.man, p.zsh = filepath.Join(share, "man"), filepath.Join(share, "zsh/site-functions")
	if share != "/usr/share" && share != "/usr/local/share" {
		p.zshGiven = fmt.Sprintf("fpath=(%s $fpath)", text.ShellWord(p.zsh))
	}
	data, config := c.xdg("XDG_DATA_HOME", ".local/share"), c.xdg("XDG_CONFIG_HOME", ".config")
	shares := c.Env.Get("XDG_DATA_DIRS")
	if shares == "" {
		shares = "/usr/local/share:/usr/share"
	}
	if share == data || slices.Contains(filepath.SplitList(shares), share) {
		p.bash, p.bashRoot = filepath.Join(share, "bash-completion/completions"), p.prefix
		p.fish, p.fishRoot = filepath.Join(share, "fish/vendor_completions.d"), p.prefix
		return p, nil
	}
	if data == "" || config == "" {
		return p, refuseHomeless()
	}
	p.bash, p.bashRoot = filepath.Join(data, "bash-completion/completions"), p.home
	p.fish, p.fishRoot = filepath.Join(config, "fish/completions"), p.home
	return p, nil
}

// xdg is a folder of the XDG base directory specification, "" if there is none.
func (c *call) xdg(variable, standard string) string {
	if dir := c.Env.Get(variable); filepath.IsAbs(dir) {
		return filepath.Clean(dir)
	}
	if home := c.Env.Get("HOME"); home != "" {
		return filepath.Join(home, standard)
	}
	return ""
}

// binFolder is the folder named bin that this program is in, by the name under
// which PATH has it.
func binFolder() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	for _, name := range []string{filepath.Base(self), "git-swarm"} {
		onPath, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		a, errA := os.Stat(onPath)
		b, errB := os.Stat(self)
		if errA == nil && errB == nil && os.SameFile(a, b) {
			self = onPath
			break
		}
	}
	if self, err = filepath.Abs(self); err != nil {
		return "", err
	}
	dir := filepath.Dir(self)
	if filepath.Base(dir) != "bin" {
		return "", refuseNoBin(dir)
	}
	return dir, nil
}

// docFiles are all that setup --man writes.
func (p docPlaces) docFiles() ([]docFile, error) {
	page := func(name, section, content string) docFile {
		return docFile{filepath.Join(p.man, "man"+section, name+"."+section), content + `.\" ` + setupMark + "\n", p.prefix}
	}
	files := []docFile{page("git-swarm", "1", manual())}
	for _, g := range guide.All() {
		files = append(files, page("git-swarm-"+g.Name, "7", g.Man()))
	}
	names := []string{"git-swarm"} // for which a shell looks for completions
	if _, err := os.Stat(filepath.Join(p.prefix, "bin/ao")); err == nil {
		names = append(names, "ao")
	}
	for _, shell := range []struct{ name, dir, before, after, root string }{
		{"bash", p.bash, "", "", p.bashRoot}, {"fish", p.fish, "", ".fish", p.fishRoot}, {"zsh", p.zsh, "_", "", p.prefix},
	} {
		script, err := completions.ReadFile("completion/" + shell.name)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if shell.name == "zsh" && name == "ao" {
				continue // _git-swarm is for both
			}
			files = append(files, docFile{filepath.Join(shell.dir, shell.before+name+shell.after), string(script) + "# " + setupMark + "\n", shell.root})
		}
	}
	return files, nil
}

// writeDocs writes the manual pages and completions, and says which.
func (c *call) writeDocs() error {
	places, err := c.docPlaces()
	if err != nil {
		return err
	}
	files, err := places.docFiles()
	if err != nil {
		return err
	}
	for _, f := range files {
		state := "written"
		if old, err := os.ReadFile(f.path); err == nil && !strings.Contains(string(old), setupMark) {
			state = "kept"
		} else if err := writeDoc(f); err != nil {
			return wordDocs(err)
		}
		if err := c.sayDoc(f.path, state); err != nil {
			return err
		}
	}
	if places.zshGiven != "" && !c.wantJSON() {
		c.notef("zsh finds its completions with this line in ~/.zshrc, above compinit:\n  %s", places.zshGiven)
	}
	return nil
}

func writeDoc(f docFile) error {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o777); err != nil {
		return err
	}
	return file.ReplaceMode(f.path, []byte(f.content), 0o644)
}

// removeDocs removes what writeDocs wrote, of this version or another, and the
// folders that are empty then.
func (c *call) removeDocs() error {
	places, err := c.docPlaces()
	if err != nil {
		return err
	}
	removed := 0
	for _, pattern := range []struct{ glob, root string }{
		{places.man + "/man1/git-swarm.1", places.prefix},
		{places.man + "/man7/git-swarm-*.7", places.prefix},
		{places.bash + "/git-swarm", places.bashRoot},
		{places.bash + "/ao", places.bashRoot},
		{places.fish + "/git-swarm.fish", places.fishRoot},
		{places.fish + "/ao.fish", places.fishRoot},
		{places.zsh + "/_git-swarm", places.prefix},
	} {
		found, err := filepath.Glob(pattern.glob)
		if err != nil {
			return err
		}
		for _, path := range found {
			content, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(content), setupMark) {
				continue // somebody else's
			}
			if err := os.Remove(path); err != nil {
				return wordDocs(err)
			}
			for dir := filepath.Dir(path); dir != pattern.root && os.Remove(dir) == nil; {
				dir = filepath.Dir(dir)
			}
			removed++
			if err := c.sayDoc(path, "removed"); err != nil {
				return err
			}
		}
	}
	if removed == 0 && !c.wantJSON() {
		c.notef("nothing that setup --man wrote is there")
	}
	return nil
}

func (c *call) sayDoc(path, state string) error {
	if c.wantJSON() {
		return c.object("file", map[string]any{"path": path, "state": state})
	}
	if state == "kept" {
		state = "kept, for setup did not write it:"
	}
	return c.printf("%s %s\n", state, text.Inert(path))
}

// wordDocs words why a file could not be written or removed.
func wordDocs(err error) error {
	var path *fs.PathError
	if errors.Is(err, fs.ErrPermission) && errors.As(err, &path) {
		return refuseUnwritable(filepath.Dir(path.Path))
	}
	return err
}

// checkManual finds whether "git swarm --help", which git turns into "man
// git-swarm", shows something. Where there is no man it says nothing.
func (c *call) checkManual(ctx context.Context) []finding {
	man, err := exec.LookPath("man")
	if err != nil {
		return nil
	}
	cmd := exec.CommandContext(ctx, man, "-w", "git-swarm")
	cmd.Env = c.Env
	out, err := cmd.Output()
	if err != nil {
		return []finding{{"manual", "note", "man has no page for git-swarm, so git swarm --help shows none", "git swarm setup --man"}}
	}
	path, _, _ := strings.Cut(string(out), "\n")
	return []finding{{"manual", "ok", text.Inert(path), ""}}
}

// offerDocs asks at a terminal whether the manual pages are to be written.
func (c *call) offerDocs() error {
	places, err := c.docPlaces()
	if err != nil || !c.onTerminal() {
		return nil
	}
	fmt.Fprintf(c.Stderr, "\nWrite the manual pages and the shells' completions (%s and beside it)? [y/N] ", text.Inert(places.man))
	answer, err := bufio.NewReader(c.Stdin).ReadString('\n')
	if err != nil || !slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(answer))) {
		return nil
	}
	return c.writeDocs()
}
