// Package text makes printable text of values: lines that a terminal does not act
// on, tables that fit its width, one line of JSON, ages and counts.
//
// It promises that whatever it returns is inert: no control character, nothing
// that hides or reorders what stands beside it, and, but for Block, no line break.
// A quoted text ends at its closing quote, so that it cannot be taken for ours.
// It neither prints nor knows a terminal; the verbs in cmd/internal/app do.
package text
