package video

import "time"

// IdempotencyRecord is a request whose sender gave it a key, to send it as often as it likes and have it carried out once. Owner,
// Route and Key together are its name.
type IdempotencyRecord struct {
	Owner     string    // the tenant, or a digest of who signed the request
	Route     string    // method and path
	Key       string    // as the sender chose it; only a digest is kept
	BodyHash  string    // digest of what is asked: the same key with something else is a mistake
	Holder    string    // who carries it out, at random: one that comes too late finds another here
	Status    int       // of the answer in HTTP; 0 until there is one
	CreatedID string    // id of what was made, if the answer is to be rendered from it again
	Response  string    // the answer's body otherwise
	Expires   time.Time // from then on the claim is void; kept in whole seconds, the rest is cut off
}

// IsCompleted reports whether the request has been carried out.
func (c IdempotencyRecord) IsCompleted() bool { return c.Status != 0 }
