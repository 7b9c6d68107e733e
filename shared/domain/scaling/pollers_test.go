package scaling_test

import (
	"testing"

	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
)

func TestIdleCeilingsUseWholeBudget(t *testing.T) {
	t.Parallel()
	least := services.MinConcurrency()
	for _, tt := range []struct {
		name        string
		provisioned scaling.ProvisionedQueues
		budget      int
		all         int // sum of the ceilings
		bulk        int // ceiling of encode-bulk
	}{
		{"a fresh account", nil, 10, least, 2},
		{"the least", nil, least, least, 2},
		{"a hundred", nil, 100, 100, 36},
		{"pollers are counted in tens", scaling.ProvisionedQueues{"encode-bulk"}, 100, 100, 40},
		{"the least with pollers", scaling.ProvisionedQueues{"encode-bulk"}, least + 18, least + 18, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			all := 0
			for _, c := range tt.provisioned.IdleCeilings(tt.budget) {
				if all += c.Workers; c.Name == "encode-bulk" && c.Workers != tt.bulk {
					t.Errorf("%s has %d", c.Name, c.Workers)
				}
			}
			if all != tt.all {
				t.Errorf("%d in all, want %d", all, tt.all)
			}
		})
	}
	if got, want := (scaling.ProvisionedQueues{"encode", "encode-bulk"}).MinWorkers(), services.MinConcurrency()+
		36; got != want {
		t.Errorf("the least with two is %d, not %d", got, want)
	}
}
