package refstore

import "testing"

// A store reads the objects that are named, whatever refs/replace puts in the place
// of a commit, a tree or a blob.
func testReplaced(t *testing.T, r *gitRepo, opts Options) {
	const ref = "refs/swarm/replaced"
	put := func(content string) {
		s := r.open(opts)
		r.Must(s.Update(bg, "A", func(tx *Tx) error {
			table, err := tx.Table(ref)
			if err != nil {
				return err
			}
			if err := table.Put("file", []byte(content)); err != nil {
				return err
			}
			_, err = tx.Record(ref, Entry{Body: content})
			return err
		}))
	}
	put("good")
	good := string(r.tip(ref))
	put("evil")
	evil := string(r.tip(ref))
	r.Git("update-ref", ref, good)
	for _, what := range []string{"", "^{tree}", ":file"} {
		r.Git("replace", r.Git("rev-parse", good+what), r.Git("rev-parse", evil+what))
		s := r.open(opts)
		table, err := s.Table(bg, ref)
		r.Must(err)
		content, err := table.Get("file")
		if err != nil || string(content) != "good" {
			t.Errorf("with %q replaced the file is %q, %v", what, content, err)
		}
		if e, err := s.Entry(bg, ref, r.tip(ref)); err != nil || e.Body != "good" {
			t.Errorf("with %q replaced the entry is %+v, %v", what, e, err)
		}
		if shown := r.Git("show", ref+":file"); shown != "evil" {
			t.Errorf("git does not replace %q: %s", what, shown)
		}
		r.Git("replace", "-d", r.Git("--no-replace-objects", "rev-parse", good+what))
	}
}
