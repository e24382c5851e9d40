package refstore

import (
	"fmt"
	"strconv"
)

// Counter is the field of a number that a chain keeps: each entry carries it, and
// it never falls.
func Counter(key string, n int) Field { return Field{key, strconv.Itoa(n)} }

// Counter returns the number in the entry's field with that key. It is an error
// if there is none.
func (e *Entry) Counter(key string) (int, error) {
	n, err := ParseNumber(e.Field(key))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", key, err)
	}
	return n, nil
}

// Counter returns the number that the last entry of ref carries, 0 if there is no
// entry yet.
func (tx *Tx) Counter(ref, key string) (int, error) {
	last, err := tx.Last(ref)
	if err != nil || last == nil {
		return 0, err
	}
	n, err := last.Counter(key)
	if err != nil {
		return 0, &DamagedError{Ref: ref, ID: last.ID, Err: err}
	}
	return n, nil
}
