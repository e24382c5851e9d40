package merge

import (
	"github.com/git-swarm/git-swarm/merge/heal"
	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
	"github.com/git-swarm/git-swarm/refstore/repo"
)

// gitStyle reads merge.conflictStyle.
func gitStyle(value string) linemerge.Style {
	switch value {
	case "diff3":
		return linemerge.StyleDiff3
	case "zdiff3":
		return linemerge.StyleZDiff3
	}
	return linemerge.StyleMerge
}

// OptionsFor are the options for a repository: merge.conflictStyle, and the level
// that the user chose.
func OptionsFor(r *repo.Repo, level heal.Level) (heal.Options, error) {
	config, err := r.Config()
	if err != nil {
		return heal.Options{}, err
	}
	style, _ := config.Get("merge.conflictstyle")
	return heal.Options{Level: level, Format: linemerge.Format{
		Style: gitStyle(style), Labels: linemerge.Labels{Ours: "ours", Base: "base", Theirs: "theirs"},
	}}, nil
}
