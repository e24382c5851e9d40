package attention

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/git-swarm/git-swarm/refstore/repo"
)

// maxText bounds the event's text, in characters: with it a line fits into a pipe.
const maxText = 2000

// encode is the event as swarm.notify is given it: one object and a line feed.
func encode(e Event, r *repo.Repo, at time.Time) ([]byte, error) {
	text := []rune(strings.ToValidUTF8(e.Text, "\ufffd"))
	line, err := json.Marshal(struct {
		Kind       string `json:"kind"`
		Event      string `json:"event"`
		Session    string `json:"session"`
		Text       string `json:"text"`
		Says       string `json:"says"`
		Repository string `json:"repository"`
		At         string `json:"at"`
	}{
		"notify", e.Kind, e.Session, string(text[:min(len(text), maxText)]),
		e.Session + " " + Event{e.Kind, e.Session, string(text[:min(len(text), maxText)])}.String(), r.CommonDir, at.UTC().Format(time.RFC3339),
	})
	return append(line, '\n'), err
}
