package cloud

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// rootKey is the access key of the root user of Account. A cloud that this package starts has a random one.
type rootKey struct {
	ID     string `json:"access_key_id"`
	Secret string `json:"secret_access_key"`
}

// endpointKey is the root user's key of a server that this package did not start.
var endpointKey = rootKey{ID: "test", Secret: "test"}

func (c *Cloud) rootKeyPath() string { return c.dataPath("rootkey.json") }

// createRootKey makes a key for a cloud that is started now and writes it into a file that only its owner can read.
func (c *Cloud) createRootKey() (rootKey, error) {
	random := make([]byte, 32)
	rand.Read(random) // never fails
	// LocalStack reads the number of an account from ids that begin as those of AWS (AKIA, ASIA): this is not one.
	key := rootKey{ID: "SLUICE" + hex.EncodeToString(random[:16]), Secret: hex.EncodeToString(random[16:])}
	text, err := json.Marshal(key)
	if err != nil {
		return rootKey{}, err
	}
	return key, os.WriteFile(c.rootKeyPath(), append(text, '\n'), 0o600)
}

// readRootKey returns the root user's key of the cloud that runs.
func (c *Cloud) readRootKey() (rootKey, error) {
	if c.url != "" {
		return endpointKey, nil
	}
	key, err := readJSON[rootKey](c.rootKeyPath())
	if errors.Is(err, fs.ErrNotExist) {
		return rootKey{}, errNotRunning
	}
	if err == nil && (key.ID == "" || key.Secret == "") {
		err = fmt.Errorf("%s has no key (make down up makes one)", c.rootKeyPath())
	}
	return key, err
}
