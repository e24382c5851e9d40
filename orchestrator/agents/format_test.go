package agents

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// FORMAT.md names each field of a record.
func TestFormat(t *testing.T) {
	content, err := os.ReadFile("../../refstore/FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, row, _ := strings.Cut(string(content), "| `swarm/agents/<key>.json`")
	row, _, _ = strings.Cut(row, "\n")
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Record]()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" && !strings.Contains(row, "`"+name+"`") {
			t.Errorf("`%s` is not there", name)
		}
	}
}
