// Package cli reads the options and arguments of one command.
//
// They may stand in any order. "--" ends the options, and so does what looks like an option
// only at first sight: "-" alone, and text with blanks that begins with a dash. Options of one
// letter may stand together, the last of them with a value. A value is taken as it is.
//
// Libraries for command lines bring text/template along for their help, and with it every
// exported method of every type that the program has, since a template could call any. The
// tables for them were a seventh of what a short command cost.
package cli
