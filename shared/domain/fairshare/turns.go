package fairshare

import "sluice/shared/domain/video"

// TakeTurns returns at most limit of the videos: the first of each tenant, then the second of each, and so on. The
// videos of a tenant keep their order, and so do tenants, by their first videos.
func TakeTurns(all []video.Ref, limit int) []video.Ref {
	var tenants []string
	queues := map[string][]video.Ref{}
	for _, ref := range all {
		if queues[ref.Tenant] == nil {
			tenants = append(tenants, ref.Tenant)
		}
		if len(queues[ref.Tenant]) < limit {
			queues[ref.Tenant] = append(queues[ref.Tenant], ref)
		}
	}
	var taken []video.Ref
	for round := 0; len(tenants) > 0; round++ {
		var left []string // tenants that have another video
		for _, tenant := range tenants {
			if len(taken) == limit {
				return taken
			}
			taken = append(taken, queues[tenant][round])
			if round+1 < len(queues[tenant]) {
				left = append(left, tenant)
			}
		}
		tenants = left
	}
	return taken
}
