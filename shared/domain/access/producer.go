package access

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/plaintext"
)

// Producer is the registration of a producer: an AWS principal that may send commands for a tenant. To create videos,
// it names objects of a bucket whose keys begin with a prefix. Operators register it as a "source" (POST /v1/sources).
type Producer struct {
	ID       string // see ProducerID
	Sender   string // unique id of the principal, as ParsePrincipal returns it
	Bucket   string // never one of Sluice's own
	Prefix   string // of keys, compared by characters: "in" covers "inbox/a"; "": the whole bucket
	Tenant   string
	Commands []string // that it may send; none: DefaultCommands
	Created  time.Time
}

// MaxKeyBytes is the maximum length of an object key in bytes
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html).
const MaxKeyBytes = 1024

// ProducerID returns the id of a registration: one sender, bucket and prefix can be registered once, for one tenant.
func ProducerID(sender, bucket, prefix string) string {
	sum := sha256.Sum256([]byte(sender + "\x00" + bucket + "\x00" + prefix))
	return "src_" + hex.EncodeToString(sum[:10])
}

// principalPattern matches the unique id of a user (AIDA…) or a role (AROA…), or an account's id, for its root user
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids).
var principalPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(A[A-Z0-9]{15,63}|[0-9]{12})$`)
})

// ParsePrincipal returns the principal that the SenderId of an SQS message names: the id without the name of a role's
// session. It returns "" if the text is no such id.
func ParsePrincipal(senderID string) string {
	id, _, _ := strings.Cut(senderID, ":")
	if !principalPattern().MatchString(id) {
		return ""
	}
	return id
}

// Validate returns the problems of the sender and the prefix, in the order of the fields.
func (p Producer) Validate() (f errs.FieldErrors) {
	f.Require(p.Sender != "" && ParsePrincipal(p.Sender) == p.Sender, "/sender", "sender_invalid",
		"A sender is the unique id of an IAM user (AIDA…) or role (AROA…), or the id of an account, whose root it is then; "+
			"`aws iam get-role` and `get-user` show it.")
	f.Require(len(p.Prefix) <= MaxKeyBytes && plaintext.IsValid(p.Prefix, MaxKeyBytes), "/prefix", "prefix_invalid",
		fmt.Sprintf("A prefix has at most %d bytes and no control characters.", MaxKeyBytes))
	return f
}

// AllowedCommands returns the names of the commands that the producer may send.
func (p Producer) AllowedCommands() []string {
	if len(p.Commands) == 0 {
		return DefaultCommands
	}
	return p.Commands
}

// Covers reports whether the registration allows its sender to name the object.
func (p Producer) Covers(bucket, key string) bool {
	return p.Bucket == bucket && strings.HasPrefix(key, p.Prefix)
}

// FindProducer returns the registration that decides which tenant an object's video belongs to: of those that cover the
// object, the one with the longest prefix. ok is false if none covers it.
func FindProducer(producers []Producer, bucket, key string) (best Producer, ok bool) {
	for _, p := range producers {
		if p.Covers(bucket, key) && (!ok || len(p.Prefix) > len(best.Prefix)) {
			best, ok = p, true
		}
	}
	return best, ok
}
