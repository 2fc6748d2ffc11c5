package httpx

// File is an answer with a file that came from a user: shown or saved, kept in no cache, and never run as a page of ours.
type File struct {
	ContentType  string `header:"Content-Type"`
	Disposition  string `header:"Content-Disposition"`
	CacheControl string `header:"Cache-Control"`
	Policy       string `header:"Content-Security-Policy"`
	Body         []byte
}

// Attachment is a file to be saved under name (letters, digits, dot and dash only).
func Attachment(contentType, name string, content []byte) (*File, error) {
	return &File{contentType, "attachment; filename=" + name, "no-store", "sandbox; default-src 'none'", content}, nil
}
