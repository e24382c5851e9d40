package merge

import (
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// gitStyle reads merge.conflictStyle.
func gitStyle(value string) heal.Style {
	switch value {
	case "diff3":
		return heal.StyleDiff3
	case "zdiff3":
		return heal.StyleZDiff3
	}
	return heal.StyleMerge
}

// OptionsFor are the options for a repository: merge.conflictStyle, and the level
// that the user chose.
func OptionsFor(r *repo.Repo, level heal.Level) (heal.Options, error) {
	config, err := r.Config()
	if err != nil {
		return heal.Options{}, err
	}
	style, _ := config.Get("merge.conflictstyle")
	return heal.Options{Level: level, Style: gitStyle(style), Labels: heal.Labels{Ours: "ours", Base: "base", Theirs: "theirs"}}, nil
}
