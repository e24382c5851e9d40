package agents

import (
	"context"
	"slices"
	"time"
)

// NoteClaims records what the session has claimed itself: that is not given back for
// it. What it has waited for, to edit it, is from its next edit on.
func (a Agents) NoteClaims(ctx context.Context, session string, paths []string, waited bool) error {
	all := a.of(session, time.Now())
	if len(all) == 0 || len(paths) == 0 {
		return nil
	}
	unlock, err := a.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for _, k := range all {
		r := a.Load(k.name)
		if r == nil || r.Over() {
			continue
		}
		changed := false
		for _, path := range paths {
			if _, hooked := r.Hooked[path]; hooked {
				delete(r.Hooked, path)
				changed = true
			}
			if waited && !slices.Contains(r.Waited, path) {
				r.Waited, changed = append(r.Waited, path), true
			}
		}
		if changed {
			if err := a.save(k.name, r); err != nil {
				return err
			}
		}
	}
	return nil
}
