package refstore

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/git-swarm/git-swarm/refstore/object"
)

// A message that decodes is the one encoding of its entry.
func FuzzDecodeEntry(f *testing.F) {
	for _, body := range oddBodies() {
		if len(body) < 1000 {
			e := Entry{Body: body, Label: "note", Number: 3, Fields: []Field{{"To", "A"}}}
			f.Add(e.message())
			f.Add(body)
		}
	}
	f.Add("x\n\nNumber: 03\nFormat: 1\n")
	f.Add("x\n\nNumber: 1\nNumber: 2\nFormat: 1\n")
	f.Add("x\n\nNumber: 1\nEscaped: nul\nFormat: 1\n")
	f.Fuzz(func(t *testing.T, message string) {
		e, err := decodeEntry("refs/swarm/x", "id", &object.CommitData{Message: message, Author: object.Signature{Name: "A"}})
		if err != nil {
			return
		}
		if again := e.message(); again != message {
			t.Errorf("%q is read, and written as %q", message, again)
		}
	})
}

// Whatever check lets through comes back as it was, and git's own limits on a
// commit message (no NUL) are kept.
func FuzzEntryRoundTrip(f *testing.F) {
	for _, body := range oddBodies() {
		if len(body) < 1000 {
			f.Add(body, "note", "To", "A", 1)
			f.Add(body, "", "", "", 7)
		}
	}
	f.Fuzz(func(t *testing.T, body, label, key, value string, number int) {
		e := &Entry{ID: "id", Body: body, Label: label, Number: max(1, number), Author: "A", At: time.Unix(1, 0)}
		if key != "" || value != "" {
			e.Fields = []Field{{key, value}, {"Last", "x"}}
		}
		if e.check() != nil {
			return
		}
		message := e.message()
		if strings.Contains(message, "\x00") {
			t.Errorf("NUL in %q", message)
		}
		got, err := decodeEntry("refs/swarm/x", "id", &object.CommitData{Message: message, Author: object.Signature{Name: "A"}, Committer: object.Signature{When: e.At}})
		if err != nil {
			t.Fatalf("%+v was stored as %q and cannot be read: %v", e, message, err)
		}
		if !reflect.DeepEqual(got, e) {
			t.Errorf("%+v came back as %+v", e, got)
		}
	})
}

// state is a struct as tables hold them.
type state struct {
	Versioned
	Session string    `toml:"session"`
	Since   time.Time `toml:"since"`
	Epoch   int       `toml:"epoch"`
	Paths   []string  `toml:"paths,omitempty"`
}

// A state that decodes is the one encoding of its value.
func FuzzDecodeState(f *testing.F) {
	whole, err := EncodeState(state{Versioned{FormatVersion}, "A", Time(time.Unix(1e9, 5)), 3, []string{"a\nb", "'\"\x00"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte("version = 1\nsession = \"A\"\nsince = 2001-09-09T01:46:40+00:00\nepoch = 0x3\n"))
	f.Add([]byte("version = 2\n"))
	f.Add([]byte("version = 1\n# comment\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		var v state
		if DecodeState(content, &v) != nil {
			return
		}
		again, err := EncodeState(v)
		if err != nil || !bytes.Equal(again, content) {
			t.Errorf("%q is read, and written as %q, %v", content, again, err)
		}
	})
}
