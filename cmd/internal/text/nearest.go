package text

import "strings"

// nearEnough is from how many letters on a word is another word, and no slip.
const nearEnough = 3

// Nearest is the word that was probably meant: the one of the known words with
// the fewest letters changed, without regard to case; "" if none is near.
func Nearest(word string, known []string) string {
	best, nearest := nearEnough, ""
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < best && d < len(k) {
			best, nearest = d, k
		}
	}
	return nearest
}

// distance is the number of letters to insert, delete or replace (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
