package refstore

import (
	"reflect"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/git-swarm/git-swarm/refstore/object"
	"github.com/git-swarm/git-swarm/refstore/refstoretest"
)

// commitVector is the value of a vector of a commit.
type commitVector struct {
	Ref       string      `json:"ref"`
	ID        object.Hash `json:"id"`
	Tree      object.Hash `json:"tree"`
	Parent    object.Hash `json:"parent"`
	Author    string      `json:"author"`
	Email     string      `json:"email"`
	Committer string      `json:"committer"`
	Committed string      `json:"committed-by"` // the e-mail
	Time      time.Time   `json:"time"`
	Number    int         `json:"number"`
	Label     string      `json:"label"`
	Body      string      `json:"body"`
	Fields    [][2]string `json:"fields"`
	Writer    string      `json:"writer"` // of an entry whose session was named
	Via       string      `json:"via"`
}

func (v *commitVector) entry() *Entry {
	e := &Entry{ID: v.ID, Number: v.Number, Author: v.Author, At: v.Time, Label: v.Label, Body: v.Body, Writer: v.Writer, Via: v.Via}
	for _, f := range v.Fields {
		e.Fields = append(e.Fields, Field{f[0], f[1]})
	}
	return e
}

func (v *commitVector) data() *object.CommitData {
	c := &object.CommitData{
		Tree:      v.Tree,
		Author:    object.Signature{Name: v.Author, Email: v.Email, When: v.Time},
		Committer: object.Signature{Name: v.Committer, Email: v.Committed, When: v.Time},
		Message:   v.entry().message(),
	}
	if v.Parent != "" {
		c.Parents = []object.Hash{v.Parent}
	}
	return c
}

// The published vectors are what is stored: each commit is read as its value, and
// the value is written as that commit.
func TestCommitVectors(t *testing.T) {
	for _, vector := range refstoretest.Vectors(t, "commit") {
		var v commitVector
		vector.Value(t, &v)
		if got := object.SHA1.NewObject(object.Commit, vector.Bytes); got.ID != v.ID {
			t.Errorf("%s: the id is %s, not %s", vector.Name, got.ID, v.ID)
		}
		if got := v.data().Encode(); string(got) != string(vector.Bytes) {
			t.Errorf("%s is written as %q, not %q", vector.Name, got, vector.Bytes)
		}
		c, err := object.SHA1.DecodeCommit(vector.Bytes)
		if err != nil {
			t.Fatalf("%s: %v", vector.Name, err)
		}
		got, err := decodeEntry(v.Ref, v.ID, c)
		if err != nil {
			t.Fatalf("%s: %v", vector.Name, err)
		}
		want := v.entry()
		if !got.At.Equal(want.At) {
			t.Errorf("%s is of %v, not %v", vector.Name, got.At, want.At)
		}
		got.At = want.At
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is read as %+v, not %+v", vector.Name, got, want)
		}
	}
}

// The TOML of each state holds its value. The packages that own the states read
// and write them in tests of their own.
func TestStateVectors(t *testing.T) {
	for _, vector := range refstoretest.Vectors(t, "state") {
		var want, got map[string]any
		vector.Value(t, &want)
		if err := toml.Unmarshal(vector.Bytes, &got); err != nil {
			t.Fatalf("%s: %v", vector.Name, err)
		}
		for key, value := range got { // as JSON has it
			switch value := value.(type) {
			case int64:
				got[key] = float64(value)
			case time.Time:
				got[key] = value.Format(time.RFC3339)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s holds %v, not %v", vector.Name, got, want)
		}
	}
}
