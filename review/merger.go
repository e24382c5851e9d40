package review

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// merger carries changes over. Which driver merges a file, an attribute can say
// (merge=union keeps both sides of a conflict), and git takes attributes from the work
// tree, which is the author's: they are taken from dir in its place.
type merger struct {
	git *repo.Repo
	dir string
}

// carry merges the change from..to into base and returns the tree, "" if there is a
// conflict. git merge-tree finds the merge base itself (the option to name one came
// with git 2.40): to make it from, base's tree is committed on top of from.
func (m *merger) carry(ctx context.Context, from, to, base object.Hash) (object.Hash, error) {
	side, err := synthetic(ctx, m.git, from, base)
	if err != nil {
		return "", err
	}
	out, err := gitOutput(m.command(ctx, "-c", "merge.renames=true", "merge-tree", "--write-tree", "--no-messages", string(side), string(to)))
	var no *repo.GitError
	if errors.As(err, &no) && no.ExitCode == 1 {
		return "", nil
	}
	return object.Hash(out), err
}

// command is a git command whose work tree is dir.
func (m *merger) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := m.git.GitParsed(ctx, args...)
	cmd.Dir = m.dir
	cmd.Env = append(slices.Clip(cmd.Env), "PWD="+m.dir, "GIT_DIR="+m.git.GitDir, "GIT_WORK_TREE="+m.dir, "GIT_OBJECT_DIRECTORY="+m.git.ObjectDir)
	return cmd
}

// synthetic commits a tree on top of a commit, the same each time.
func synthetic(ctx context.Context, git *repo.Repo, parent, tree object.Hash) (object.Hash, error) {
	cmd := git.GitParsed(ctx, "commit-tree", string(tree)+"^{tree}", "-p", string(parent), "-m", "carried over")
	cmd.Env = append(cmd.Env, "GIT_AUTHOR_NAME=git swarm", "GIT_AUTHOR_EMAIL=", "GIT_COMMITTER_NAME=git swarm", "GIT_COMMITTER_EMAIL=",
		"GIT_AUTHOR_DATE=2000-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2000-01-01T00:00:00Z")
	out, err := gitOutput(cmd)
	return object.Hash(out), err
}

// withAttributes calls try with a merger that goes by the attributes that commit has
// for the files of the review's range; not at all where none of them is about merging.
func withAttributes(ctx context.Context, git *repo.Repo, review *Review, commit object.Hash, try func(*merger) (bool, error)) (bool, error) {
	files, err := mergeAttributes(ctx, git, review, commit)
	if err != nil || len(files) == 0 {
		return false, err
	}
	dir, err := os.MkdirTemp(filepath.Join(git.CommonDir, "swarm"), "attributes-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	for name, content := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(name), 0o777)
		if err == nil {
			err = os.WriteFile(name, []byte(content), 0o666)
		}
		if err != nil {
			return false, err
		}
	}
	return try(&merger{git, dir})
}

// mergeAttributes are the .gitattributes of the commit that count for the files of
// the review's range, by path, if one of them has a merge attribute.
func mergeAttributes(ctx context.Context, git *repo.Repo, review *Review, commit object.Hash) (map[string]string, error) {
	changed, err := repo.Fields(git.GitParsed(ctx, "diff-tree", "-r", "--name-only", "--no-renames", "-z", string(review.Base), string(review.Tip)))
	if err != nil {
		return nil, err
	}
	asked, names := map[string]bool{}, []string(nil)
	for _, file := range changed {
		for dir := path.Dir(file); !strings.Contains(dir, "\n"); dir = path.Dir(dir) {
			if name := path.Join(dir, ".gitattributes"); !asked[name] {
				asked[name], names = true, append(names, name)
			}
			if dir == "." {
				break
			}
		}
	}
	cmd := git.GitParsed(ctx, "cat-file", "--batch")
	cmd.Stdin = strings.NewReader(string(commit) + ":" + strings.Join(names, "\n"+string(commit)+":") + "\n")
	out, err := repo.Output(cmd)
	if err != nil {
		return nil, err
	}
	files, merges := map[string]string{}, false
	for _, name := range names {
		header, rest, _ := strings.Cut(out, "\n")
		out = rest
		words := strings.Fields(header)
		if len(words) != 3 || words[1] != "blob" { // "… missing"
			continue
		}
		size, err := strconv.Atoi(words[2])
		if err != nil || size >= len(rest) {
			return nil, errors.New("git cat-file: cut short")
		}
		files[name], out = rest[:size], rest[size+1:]
		merges = merges || strings.Contains(files[name], "merge") || strings.Contains(files[name], "binary")
	}
	if !merges {
		return nil, nil
	}
	return files, nil
}
