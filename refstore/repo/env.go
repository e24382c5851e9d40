package repo

import (
	"slices"
	"strings"
)

// Env is a process environment, as os.Environ gives it: "KEY=value" strings, of
// which the last with a given key counts. Child processes get all of it.
type Env []string

// Lookup returns the value of key and whether it is set at all.
func (e Env) Lookup(key string) (string, bool) {
	for _, kv := range slices.Backward(e) {
		if len(kv) > len(key) && kv[len(key)] == '=' && kv[:len(key)] == key {
			return kv[len(key)+1:], true
		}
	}
	return "", false
}

// Get returns the value of key, empty if it is not set.
func (e Env) Get(key string) string {
	value, _ := e.Lookup(key)
	return value
}

// With is a copy of e with these "KEY=value" settings added.
func (e Env) With(settings ...string) Env {
	return append(slices.Clip(slices.Clone(e)), settings...)
}

// Without is a copy of e without key.
func (e Env) Without(key string) Env {
	return slices.DeleteFunc(slices.Clone(e), func(kv string) bool {
		return strings.HasPrefix(kv, key+"=")
	})
}

// truth is the variable read as git's git_env_bool reads it. sure is false if
// git would refuse the value.
func (e Env) truth(key string, fallback bool) (value, sure bool) {
	text, set := e.Lookup(key)
	if !set {
		return fallback, true
	}
	value, err := parseBool(key, text)
	return value, err == nil
}
