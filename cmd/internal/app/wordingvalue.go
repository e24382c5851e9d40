package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/git-swarm/git-swarm/cmd/internal/settings"
	"github.com/git-swarm/git-swarm/cmd/internal/text"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// formatValue words a value of git's configuration that is no good: what it is, in which
// file it is set, and the command that sets it to one that is.
func (c *call) formatValue(err error) *wording {
	var (
		value  *repo.ValueError
		choice *settings.ChoiceError
	)
	switch {
	case errors.As(err, &choice):
		where, hint := c.setIn(choice.Key, choice.OneOf)
		return &wording{fmt.Sprintf("%s is %s%s: %s", keyName(choice.Key), choice.Value, where, choice.May), hint, exitFatal}
	case errors.As(err, &value):
		where, hint := c.setIn(value.Key, nil)
		return &wording{fmt.Sprintf("bad %s value %q for %q%s", value.Want, value.Value, keyName(value.Key), where), hint, exitFatal}
	}
	return nil
}

// setIn is where the key is set (" in file .git/config", "" if git does not say), and
// what is to be done about it. Of a key that may be set several times, oneOf is the value
// that is meant; of any other, where the last counts, it is nil.
func (c *call) setIn(key string, oneOf *string) (where, hint string) {
	key = keyName(key)
	hint = "git config --show-origin --get-all " + text.ShellWord(key)
	if c == nil || c.App == nil {
		return "", hint
	}
	r, err := c.Repo()
	if err != nil || oneOf != nil && text.Inert(*oneOf) != *oneOf {
		return "", hint
	}
	args := []string{"config", "--null", "--show-origin", "--get", key}
	if oneOf != nil {
		args = []string{"config", "--null", "--show-origin", "--fixed-value", "--get-all", key, *oneOf}
	}
	out, err := repo.Output(r.GitParsed(context.Background(), args...))
	if err != nil {
		return "", hint
	}
	origin, _, _ := strings.Cut(out, "\x00")
	file, isFile := strings.CutPrefix(origin, "file:")
	if !isFile {
		return fmt.Sprintf(" (%s)", strings.TrimSuffix(origin, ":")), "start it without that -c, or GIT_CONFIG_COUNT"
	}
	set := "--unset-all " + text.ShellWord(key)
	if oneOf != nil {
		set = "--fixed-value " + set + " " + text.ShellWord(*oneOf)
	} else if good := goodValue(key); good != "" {
		set = text.ShellWord(key) + " " + good
	}
	switch at := repo.ResolveLinks(file); {
	case at == repo.ResolveLinks(filepath.Join(r.GitDir, "config.worktree")):
		set = "--worktree " + set
	case filepath.IsAbs(file) && at != repo.ResolveLinks(filepath.Join(r.CommonDir, "config")):
		set = "--file " + text.ShellWord(file) + " " + set
	}
	return " in file " + file, "git config " + set
}

// keyName is the key as it is documented.
func keyName(key string) string {
	for _, k := range configKeys() {
		if strings.EqualFold(k.name, key) {
			return k.name
		}
	}
	return key
}

// goodValue is a value that the key may have, "" where only its owner knows one.
func goodValue(key string) string {
	i := slices.IndexFunc(configKeys(), func(k configKey) bool { return k.name == key })
	if i < 0 || strings.Contains(configKeys()[i].standard, " ") {
		return ""
	}
	return configKeys()[i].standard
}
