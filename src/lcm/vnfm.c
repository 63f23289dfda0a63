// SPDX-License-Identifier: Apache-2.0
/* What all files of src/lcm need of a VNFM: its clock, and how long to leave it alone. */
#include "lcm_local.h"

#include "base/clock.h"

int64_t lcm_now_ms(const struct lcm_vnfm *vnfm)
{
	return clock_now_ms(vnfm->lcm->clock);
}

int64_t lcm_retry_after_ms(uint32_t failures)
{
	int64_t ms = LCM_RETRY_FIRST_MS;

	while (failures-- > 1 && ms < LCM_RETRY_MAX_MS)
		ms *= 2;
	return ms < LCM_RETRY_MAX_MS ? ms : LCM_RETRY_MAX_MS;
}
