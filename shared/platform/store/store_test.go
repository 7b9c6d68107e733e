package store_test

import (
	"testing"

	"sluice/shared/platform/store"
	"sluice/shared/platform/store/storetest"
)

func TestMemoryPassesStoreSuite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(testing.TB) store.Store { return store.NewMemory() })
}
