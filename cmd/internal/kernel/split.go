package kernel

// Split are the texts in a list, each of which has a zero behind it.
func Split(list string) []string {
	texts := make([]string, 0, 64)
	from := 0
	for i := range len(list) {
		if list[i] == 0 {
			texts, from = append(texts, list[from:i]), i+1
		}
	}
	return texts
}
