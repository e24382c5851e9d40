package refstore

import (
	"context"
	"os"
	"time"

	"github.com/git-swarm/git-swarm/refstore/file"
)

// keepTips is for how long a clone deletes nothing on a hub whose server has refused that.
const keepTips = 24 * time.Hour

func (s *Store) keepTipsFile() string { return s.hubFile("hub-keeps") }

// keepsTips reports whether the push is to delete nothing.
func (u *sharedUpdate) keepsTips() bool {
	info, err := os.Stat(u.store.keepTipsFile())
	return u.keeps || err == nil && time.Since(info.ModTime()) < keepTips
}

// goingTips are those of the updates that delete a ref.
func goingTips(updates []HubUpdate) (going []HubUpdate) {
	for _, p := range updates {
		if p.New == "" {
			going = append(going, p)
		}
	}
	return going
}

// endTips deletes here what the push has deleted on the hub, or notes that the server
// refuses that. What fails of it, the next fetch or refusal makes good.
func (u *sharedUpdate) endTips(ctx context.Context, staged *stagedShared) {
	if u.keeps {
		_ = file.Replace(u.store.keepTipsFile(), nil, 0o666)
		return
	}
	var gone []Ref
	for _, p := range goingTips(staged.updates) {
		ref := TrackingPrefix + p.Ref
		if tip, err := u.store.Tip(ctx, ref); err == nil && tip == p.Old {
			gone = append(gone, Ref{Name: ref, Tip: tip})
		}
	}
	_, _ = u.store.deleteRefs(ctx, gone)
}
