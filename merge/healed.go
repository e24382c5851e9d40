package merge

import (
	"slices"

	"github.com/git-swarm/git-swarm/merge/heal"
)

// Healed is what became of one file in conflict.
type Healed struct {
	Path       string
	Result     heal.Result // the regions; meaningless if Why says that the healer was not asked
	Whole      bool        // no conflict remains
	Why        string      // why the healer was not asked: a rename, a delete, a mode, a link, …
	Regenerate string      // the command that makes a generated file anew, if known
	By         string      // the user's command that has made the file anew; "" if none has
	Failed     bool        // a user's command was to make it anew, and Why says how it failed
	Versions   [][]byte    // base, ours and theirs; nil if the healer was not asked
}

// lineMerge is named in the place of a rule where git's own line merge, with
// another diff than git used, finds no conflict.
const lineMerge = "lines"

// Rules names the rules that healed the file, each once, in order.
func (h *Healed) Rules() []string {
	if h.By != "" {
		return []string{regenerated}
	}
	if h.Whole && len(h.Result.Regions) == 0 {
		return []string{lineMerge}
	}
	var rules []string
	seen := map[string]bool{}
	for _, r := range h.Result.Regions {
		if r.Rule != "" && !seen[r.Rule] {
			seen[r.Rule] = true
			rules = append(rules, r.Rule)
		}
	}
	return rules
}

// RulesWithOrder names the rules as Rules does, and after each that put our lines before
// theirs, where either could be first, whose these are: "RULE, OURS first".
func (h *Healed) RulesWithOrder(ours string) []string {
	rules := h.Rules()
	for i, name := range rules {
		if slices.ContainsFunc(h.Result.Regions, func(r heal.Region) bool { return r.Rule == name && r.OursFirst }) {
			rules[i] = name + ", " + ours + " first"
		}
	}
	return rules
}

// Reason says in a few words why the file is still in conflict.
func (h *Healed) Reason() string {
	if h.Why != "" {
		return h.Why
	}
	for _, r := range h.Result.Regions {
		if r.Rule == "" {
			return r.Why.String()
		}
	}
	return ""
}
