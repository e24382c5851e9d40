package land

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/merge"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// attributesOnly is the sparse pattern of a scratch worktree. git reads .gitattributes
// from the work tree when it merges, those of the commit to which it has come.
const attributesOnly = ".gitattributes"

// configure sets the options under which git does in the scratch worktree what it
// would do in the user's, from commit to onto: attributes count as there, and where
// a merge driver or filter may read other files, all are checked out. No hook of the
// user's runs, and no merge driver of ours: what heals here is reported.
func (s *scratch) configure(ctx context.Context, commit, onto string) error {
	config, err := s.settingsOf.Config()
	if err != nil {
		return err
	}
	s.env = []string{"GIT_LFS_SKIP_SMUDGE=1"} // large files are not needed
	if err := s.withoutHooks(); err != nil {
		return err
	}
	noDriver, err := merge.WithoutDriver(s.settingsOf)
	if err != nil {
		return err
	}
	s.settings = append(s.settings, noDriver...)
	if path, _ := config.Get("core.attributesFile"); inWorkTree(path) {
		s.settings = append(s.settings, "-c", "core.attributesFile="+filepath.Join(s.settingsOf.WorkTree, path))
	}
	whole, err := s.readsFiles(ctx, config, commit, onto)
	if whole {
		s.settings = append(s.settings, "-c", "core.sparseCheckout=false")
	}
	return err
}

// withoutHooks begins the options: no hook of the user's runs.
func (s *scratch) withoutHooks() error {
	config, err := s.settingsOf.Config()
	if err != nil {
		return err
	}
	s.settings = []string{"-c", "core.hooksPath=/dev/null"}
	for _, name := range config.Subsections("hook", "command") { // since git 2.54
		s.settings = append(s.settings, "-c", "hook."+name+".enabled=false")
	}
	return nil
}

// inWorkTree reports whether git takes a path in its configuration from the top of
// the work tree.
func inWorkTree(path string) bool {
	return path != "" && !filepath.IsAbs(path) && path[0] != '~' && !strings.HasPrefix(path, "%(prefix)")
}

// readsFiles reports whether a merge of the commits may run a command that reads
// files of the work tree: any merge driver of the user's, as it has the run of the
// work tree, and a filter whose command names a file there.
func (s *scratch) readsFiles(ctx context.Context, config *repo.Config, commits ...string) (bool, error) {
	var attributes []string
	byDefault, _ := config.Get("merge.default")
	for _, name := range config.Subsections("merge", "driver") {
		switch name {
		case merge.Driver:
		case byDefault:
			return true, nil
		default:
			attributes = append(attributes, "merge="+name)
		}
	}
	for _, name := range config.Subsections("filter", "clean", "smudge", "process") {
		if s.namesFile(config, "filter."+name) {
			attributes, s.filters = append(attributes, "filter="+name), append(s.filters, name)
		}
	}
	if len(attributes) == 0 {
		return false, nil
	}
	if s.setOutside(ctx, config, attributes) {
		return true, nil
	}
	grep := []string{"grep", "-q", "-F"}
	for _, attribute := range attributes {
		grep = append(grep, "-e", attribute)
	}
	_, err := repo.Output(s.repo.GitParsed(ctx, slices.Concat(grep, commits, []string{"--", ":(top,glob)**/.gitattributes"})...))
	var none *repo.GitError
	if errors.As(err, &none) && none.ExitCode == 1 {
		return false, nil
	}
	return err == nil, err
}

// namesFile reports whether one of a filter's commands has a word that is the path
// of a file in the work tree.
func (s *scratch) namesFile(config *repo.Config, filter string) bool {
	for _, key := range []string{".clean", ".smudge", ".process"} {
		command, _ := config.Get(filter + key)
		for _, word := range strings.FieldsFunc(command, func(r rune) bool { return strings.ContainsRune(" \t\n'\"();|&<>", r) }) {
			if _, err := os.Lstat(filepath.Join(s.settingsOf.WorkTree, word)); err == nil && inWorkTree(word) {
				return true
			}
		}
	}
	return false
}

// setOutside reports whether an attributes file that is in no commit names one of
// the attributes.
func (s *scratch) setOutside(ctx context.Context, config *repo.Config, attributes []string) bool {
	env := repo.Env(s.repo.GitParsed(ctx).Env)
	path, set := config.Get("core.attributesFile")
	switch {
	case !set:
		home := cmp.Or(env.Get("XDG_CONFIG_HOME"), filepath.Join(env.Get("HOME"), ".config"))
		path = filepath.Join(home, "git", "attributes")
	case strings.HasPrefix(path, "~/"):
		path = filepath.Join(env.Get("HOME"), path[2:])
	case inWorkTree(path):
		path = filepath.Join(s.settingsOf.WorkTree, path)
	}
	for _, path := range []string{filepath.Join(s.repo.CommonDir, "info", "attributes"), path} {
		content, _ := os.ReadFile(path) // none says nothing
		for _, attribute := range attributes {
			if strings.Contains(string(content), attribute) {
				return true
			}
		}
	}
	return false
}

// copySettings gives the scratch worktree the settings that only the user's has. In a
// reftable repository those are always of the worktree in which it is made.
func (s *scratch) copySettings(ctx context.Context) error {
	content, err := os.ReadFile(filepath.Join(s.settingsOf.GitDir, "config.worktree"))
	if errors.Is(err, fs.ErrNotExist) || s.repo.RefFormat != "files" { // git worktree add has copied it
		return nil
	}
	if err != nil {
		return err
	}
	path := filepath.Join(s.admin, "config.worktree")
	if err := os.WriteFile(path, content, 0o666); err != nil {
		return err
	}
	for _, key := range []string{"core.worktree", "core.bare"} { // they say where the user's is
		_, _ = repo.Output(s.repo.GitParsed(ctx, "config", "--file", path, "--unset-all", key)) // mostly there is none
	}
	return nil
}

// checkOut checks out what the scratch worktree is to hold. A filter that is itself in
// the work tree can only run once that is there: until then files are as git keeps them.
func (s *scratch) checkOut(ctx context.Context) error {
	var raw []string
	for _, name := range s.filters {
		for _, key := range []string{".clean=", ".smudge=", ".process=", ".required=false"} {
			raw = append(raw, "-c", "filter."+name+key)
		}
	}
	if _, err := repo.Output(s.git(ctx, slices.Concat(raw, []string{"read-tree", "-m", "-u", "HEAD"})...)); err != nil || len(raw) == 0 {
		return err
	}
	if _, err := repo.Output(s.git(ctx, "read-tree", "HEAD")); err != nil { // which forgets that the files are up to date
		return err
	}
	_, err := repo.Output(s.git(ctx, "checkout-index", "--force", "--all", "--index"))
	return err
}

// linkSubmodules makes known which repositories are the submodules that the user has
// checked out: git looks there which of two commits follows the other.
func (s *scratch) linkSubmodules(ctx context.Context) error {
	if _, err := os.Lstat(filepath.Join(s.settingsOf.WorkTree, ".gitmodules")); err != nil {
		return nil
	}
	entries, err := repo.Fields(s.settingsOf.GitParsed(ctx, "-C", s.settingsOf.WorkTree, "ls-files", "--stage", "-z"))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		head, path, _ := strings.Cut(entry, "\t")
		if !strings.HasPrefix(head, "160000 ") {
			continue
		}
		gitDir, err := submoduleDir(filepath.Join(s.settingsOf.WorkTree, path))
		if err != nil {
			return fmt.Errorf("submodule '%s': %w", path, err)
		}
		if gitDir == "" {
			continue
		}
		if err := os.MkdirAll(filepath.Join(s.dir, path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(s.dir, path, ".git"), []byte("gitdir: "+gitDir+"\n"), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// submoduleDir is the git dir of the submodule that is checked out at top, "" if none is.
func submoduleDir(top string) (string, error) {
	path := filepath.Join(top, ".git")
	info, err := os.Stat(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return "", err
	}
	if info.IsDir() {
		return path, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	dir, ok := strings.CutPrefix(strings.TrimRight(string(content), "\n"), "gitdir: ")
	if !ok {
		return "", nil
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(top, dir)
	}
	return dir, nil
}
