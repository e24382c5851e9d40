package heal

import (
	"encoding/json"
	"strings"

	"github.com/git-swarm/git-swarm/merge/heal/linemerge"
)

// appended: both sides brought records in at the end of the file, each a JSON value on a line of its
// own. Ours come first. That no record has the id of another is checked in the whole file.
func appended(c *conflict) (string, bool) {
	if !c.atEnd || c.base != "" || !strings.HasSuffix(c.ours, "\n") {
		return "", false
	}
	text := c.ours + c.theirs
	for line := range strings.Lines(text) {
		if !json.Valid([]byte(line)) {
			return "", false
		}
	}
	return text, true
}

// repeatsID reports whether a record that a heal brought in has an id that stands more often in a result
// than on either side.
func (h *healing) repeatsID(ours, theirs []byte, results [][]byte) bool {
	ids := map[string]int{}
	for _, k := range h.hunks {
		if k.Kind == linemerge.Replaced {
			for line := range strings.Lines(k.Text) {
				if id := recordID(line); id != "" {
					ids[id] = 0
				}
			}
		}
	}
	inOurs, inTheirs := countIDs(ids, ours), countIDs(ids, theirs)
	for _, r := range results {
		for id, n := range countIDs(ids, r) {
			if n > max(inOurs[id], inTheirs[id]) {
				return true
			}
		}
	}
	return false
}

func countIDs(ids map[string]int, text []byte) map[string]int {
	out := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if id := recordID(line); id != "" {
			if _, ok := ids[id]; ok {
				out[id]++
			}
		}
	}
	return out
}

// recordID is the id of a record as JSON has it, or "" if it has none.
func recordID(line string) string {
	var record struct {
		ID json.RawMessage `json:"id"`
	}
	if !strings.Contains(line, `"id"`) || json.Unmarshal([]byte(line), &record) != nil {
		return ""
	}
	return string(record.ID)
}
