// Package cli reads the options and arguments of one command.
//
// They may stand in any order. "--" ends the options, and so does what looks like an option
// only at first sight: "-" alone, and text with blanks that begins with a dash. Options of one
// letter may stand together, the last of them with a value. A value is taken as it is.
//
// A library would bring what the program does not want: help of its own, guesses at what a word
// means, and tables that are built at each start.
package cli
