"""Where the trucks of a line stand: holding yards and the public road."""

from __future__ import annotations

import math

from twin.jit import inner_kernel, kernel
from twin.models.terminal import names as k


@kernel
def tail_length_m(trucks, flow_in_per_s, flow_out_per_s, kappa_per_m, free_speed_mps, wave_speed_mps):
    """Length over all lanes of a queue that holds ``trucks`` as a vertical queue.

    Q / (k_c - q_a / u) with k_c = kappa - q_s / w: trucks that move stand farther apart, and the tail meets
    those who have not yet reached the stop line. All arguments are totals over the lanes. Flows beyond
    eight tenths of what the lanes carry are cut: an estimate from few trucks may exceed what a road can do.
    """
    if trucks <= 0.0:
        return 0.0
    most = 0.8 * kappa_per_m * free_speed_mps * wave_speed_mps / (free_speed_mps + wave_speed_mps)
    q_a = min(flow_in_per_s, most)
    q_s = min(flow_out_per_s, most)
    return trucks / (kappa_per_m - q_s / wave_speed_mps - q_a / free_speed_mps)


@inner_kernel
def flow_now(num, which, now_s):
    """Flow into or out of the queue on the road, trucks/s."""
    return num[which] * math.exp(-(now_s - num[which + 1]) / num[k.FLOW_MEMORY])


@kernel
def _note_flow(num, which, now_s):
    # Exponentially weighted rate: decays between trucks, each truck adds 1 / memory. It needs no window of
    # past events and is exact at every moment, hence the same for every step.
    num[which] = flow_now(num, which, now_s) + 1.0 / num[k.FLOW_MEMORY]
    num[which + 1] = now_s


@inner_kernel
def _leave_road(time_s, word, tally, num, row, now_s):
    before = word[row, k.ROAD_PREV]
    after = word[row, k.ROAD_NEXT]
    if before >= 0:
        word[before, k.ROAD_NEXT] = after
    else:
        tally[k.ROAD_HEAD] = after
    if after >= 0:
        word[after, k.ROAD_PREV] = before
    else:
        tally[k.ROAD_TAIL] = before
    tally[k.ROAD_COUNT] -= 1
    if word[row, k.CLASS] == k.BOOKED:
        tally[k.BOOKED_ON_ROAD] -= 1
    time_s[row, k.ROAD_S] += now_s - time_s[row, k.ROAD_IN]
    word[row, k.SPACE] = k.NO_SPACE
    _note_flow(num, k.FLOW_OUT, now_s)


@inner_kernel
def find_space(time_s, word, tally, num, row, now_s):
    """Send a waiting truck to the first holding yard with a space that its driver does not refuse.

    Who finds none stands at the kerb or on the road, as far as there is room; then nobody can refuse.
    """
    kerb_full = tally[k.ROAD_COUNT] >= tally[k.KERB]
    for yard in range(tally[k.YARDS]):
        used = k.FIRST_YARD + 2 * yard
        if tally[used] < tally[used + 1] and (kerb_full or not word[row, k.FLAGS] & (k.REFUSES << yard)):
            tally[used] += 1
            tally[k.IN_YARDS] += 1
            word[row, k.SPACE] = word[row, k.STOOD] = yard
            return
    word[row, k.SPACE] = word[row, k.STOOD] = k.ON_ROAD
    word[row, k.RANK] = tally[k.ROAD_COUNT]
    word[row, k.ROAD_NEXT] = -1
    word[row, k.ROAD_PREV] = tally[k.ROAD_TAIL]
    if tally[k.ROAD_COUNT] == 0:
        tally[k.ROAD_HEAD] = row
        word[row, k.ROAD_PREV] = -1
    else:
        word[tally[k.ROAD_TAIL], k.ROAD_NEXT] = row
    tally[k.ROAD_TAIL] = row
    tally[k.ROAD_COUNT] += 1
    if word[row, k.CLASS] == k.BOOKED:
        tally[k.BOOKED_ON_ROAD] += 1
    time_s[row, k.ROAD_IN] = now_s
    _note_flow(num, k.FLOW_IN, now_s)


@inner_kernel
def leave_space(time_s, word, tally, num, row, now_s):
    """A truck is called: its space goes to the first truck on the road that wants it."""
    space = word[row, k.SPACE]
    if space == k.NO_SPACE:
        return
    if space == k.ON_ROAD:
        _leave_road(time_s, word, tally, num, row, now_s)
        return
    word[row, k.SPACE] = k.NO_SPACE
    other = tally[k.ROAD_HEAD] if tally[k.ROAD_COUNT] else -1
    while other >= 0 and word[other, k.FLAGS] & (k.REFUSES << space):
        other = word[other, k.ROAD_NEXT]
    if other >= 0:
        _leave_road(time_s, word, tally, num, other, now_s)
        word[other, k.SPACE] = word[other, k.STOOD] = space
    else:
        tally[k.FIRST_YARD + 2 * space] -= 1
        tally[k.IN_YARDS] -= 1


@inner_kernel
def give_up_space(time_s, word, tally, num, row, now_s):
    """A truck is turned away with all others: nobody takes its space."""
    space = word[row, k.SPACE]
    if space >= 0:
        tally[k.FIRST_YARD + 2 * space] -= 1
        tally[k.IN_YARDS] -= 1
        word[row, k.SPACE] = k.NO_SPACE
    elif space == k.ON_ROAD:
        _leave_road(time_s, word, tally, num, row, now_s)
