package video

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"time"

	"sluice/shared/domain/errs"
)

// Producer lets a producer name originals that are not in Sluice's own bucket: an AWS principal may name the objects of a
// bucket whose keys begin with a prefix, and what it names becomes a video of a tenant. It is what operators register
// as a source.
type Producer struct {
	ID      string // GrantID's
	Sender  string // unique id of the principal, as Principal returns it
	Bucket  string // any but Sluice's own
	Prefix  string // of keys, character by character: "in" covers "inbox/a"; "" is all of the bucket
	Tenant  string
	Created time.Time
}

// MaxKeyBytes is the length of the longest object key
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html).
const MaxKeyBytes = 1024

// ProducerID returns the id of a grant. A place is granted to a sender once, for one tenant.
func ProducerID(sender, bucket, prefix string) string {
	sum := sha256.Sum256([]byte(sender + "\x00" + bucket + "\x00" + prefix))
	return "src_" + hex.EncodeToString(sum[:10])
}

// principalPattern is the unique id of a user (AIDA…) or a role (AROA…), or an account's id, which stands for its root
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids).
var principalPattern = regexp.MustCompile(`^(A[A-Z0-9]{15,63}|[0-9]{12})$`)

// ParsePrincipal returns whom SQS's SenderId of a message names, which is that without a role's session; "" if it is none.
func ParsePrincipal(senderID string) string {
	id, _, _ := strings.Cut(senderID, ":")
	if !principalPattern.MatchString(id) {
		return ""
	}
	return id
}

// Validate returns what is wrong with the sender and the prefix, in the order of the fields.
func (g Producer) Validate() (flaws []FieldError) {
	if g.Sender == "" || ParsePrincipal(g.Sender) != g.Sender {
		flaws = append(flaws, FieldError{"/sender", errs.Problem{Code: "sender_invalid", Message: "A sender is the unique id of an IAM user (AIDA…) or role (AROA…), or the id of an account, whose root it is then; `aws iam get-role` and `get-user` show it."}})
	}
	if len(g.Prefix) > MaxKeyBytes || !ValidText(g.Prefix, MaxKeyBytes) {
		flaws = append(flaws, FieldError{"/prefix", errs.Problem{Code: "prefix_invalid", Message: fmt.Sprintf("A prefix has at most %d bytes and no control characters.", MaxKeyBytes)}})
	}
	return flaws
}

// Covers reports whether an object is one that the grant lets its sender name.
func (g Producer) Covers(bucket, key string) bool {
	return g.Bucket == bucket && strings.HasPrefix(key, g.Prefix)
}

// FindProducer returns the grant that says whose an object is: of those that cover it, the one with the longest prefix. ok is
// false if none does.
func FindProducer(grants []Producer, bucket, key string) (best Producer, ok bool) {
	for _, g := range grants {
		if g.Covers(bucket, key) && (!ok || len(g.Prefix) > len(best.Prefix)) {
			best, ok = g, true
		}
	}
	return best, ok
}
