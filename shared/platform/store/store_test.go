package store_test

import (
	"testing"

	"sluice/shared/platform/store"
	"sluice/shared/platform/store/storetest"
)

var _ storetest.Store = store.Dynamo{}

func TestMemoryPassesStoreSuite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(testing.TB) storetest.Store { return &store.Memory{} })
}
