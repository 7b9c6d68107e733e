package errs

// FieldError is what is wrong with one member of a request's body.
type FieldError struct {
	Pointer string `json:"pointer"` // JSON Pointer (RFC 6901) into the body; "" is all of it
	Code    Code   `json:"code"`
	Detail  string `json:"detail"` // a sentence for people
}

// maxFieldErrors is the most field errors in one response: a small body can hold thousands.
const maxFieldErrors = 100

// FieldErrors collects the field errors of a request, in the order of the fields.
type FieldErrors []FieldError

// Require adds a field error unless ok, or unless there are 100.
func (f *FieldErrors) Require(ok bool, pointer string, code Code, detail string) {
	if !ok && !f.IsFull() {
		*f = append(*f, FieldError{pointer, code, detail})
	}
}

// IsFull reports whether no more field errors are collected.
func (f *FieldErrors) IsFull() bool { return len(*f) >= maxFieldErrors }
