"""Where the trucks of a line stand: holding yards and the public road."""

from __future__ import annotations

import math

from twin.jit import inner_kernel, kernel
from twin.models.terminal import names


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
    return num[which] * math.exp(-(now_s - num[which + 1]) / num[names.FLOW_MEMORY])


@kernel
def _note_flow(num, which, now_s):
    # Exponentially weighted rate: decays between trucks, each truck adds 1 / memory. It needs no window of
    # past events and is exact at every moment, hence the same for every step.
    num[which] = flow_now(num, which, now_s) + 1.0 / num[names.FLOW_MEMORY]
    num[which + 1] = now_s


@inner_kernel
def _leave_road(time_s, word, tally, num, row, now_s):
    before = word[row, names.ROAD_PREV]
    after = word[row, names.ROAD_NEXT]
    if before >= 0:
        word[before, names.ROAD_NEXT] = after
    else:
        tally[names.ROAD_HEAD] = after
    if after >= 0:
        word[after, names.ROAD_PREV] = before
    else:
        tally[names.ROAD_TAIL] = before
    tally[names.ROAD_COUNT] -= 1
    if word[row, names.CLASS] == names.BOOKED:
        tally[names.BOOKED_ON_ROAD] -= 1
    time_s[row, names.ROAD_S] += now_s - time_s[row, names.ROAD_IN]
    word[row, names.SPACE] = names.NO_SPACE
    _note_flow(num, names.FLOW_OUT, now_s)


@inner_kernel
def find_space(time_s, word, tally, num, row, now_s):
    """Send a waiting truck to the first holding yard with a space that its driver does not refuse.

    Who finds none stands at the kerb or on the road, as far as there is room; then nobody can refuse.
    """
    kerb_full = tally[names.ROAD_COUNT] >= tally[names.KERB]
    for yard in range(tally[names.YARDS]):
        used = names.FIRST_YARD + 2 * yard
        if tally[used] < tally[used + 1] and (kerb_full or not word[row, names.FLAGS] & (names.REFUSES << yard)):
            tally[used] += 1
            tally[names.IN_YARDS] += 1
            word[row, names.SPACE] = word[row, names.STOOD] = yard
            return
    word[row, names.SPACE] = word[row, names.STOOD] = names.ON_ROAD
    word[row, names.RANK] = tally[names.ROAD_COUNT]
    word[row, names.ROAD_NEXT] = -1
    word[row, names.ROAD_PREV] = tally[names.ROAD_TAIL]
    if tally[names.ROAD_COUNT] == 0:
        tally[names.ROAD_HEAD] = row
        word[row, names.ROAD_PREV] = -1
    else:
        word[tally[names.ROAD_TAIL], names.ROAD_NEXT] = row
    tally[names.ROAD_TAIL] = row
    tally[names.ROAD_COUNT] += 1
    if word[row, names.CLASS] == names.BOOKED:
        tally[names.BOOKED_ON_ROAD] += 1
    time_s[row, names.ROAD_IN] = now_s
    _note_flow(num, names.FLOW_IN, now_s)


@inner_kernel
def leave_space(time_s, word, tally, num, row, now_s):
    """A truck is called: its space goes to the first truck on the road that wants it."""
    space = word[row, names.SPACE]
    if space == names.NO_SPACE:
        return
    if space == names.ON_ROAD:
        _leave_road(time_s, word, tally, num, row, now_s)
        return
    word[row, names.SPACE] = names.NO_SPACE
    other = tally[names.ROAD_HEAD] if tally[names.ROAD_COUNT] else -1
    while other >= 0 and word[other, names.FLAGS] & (names.REFUSES << space):
        other = word[other, names.ROAD_NEXT]
    if other >= 0:
        _leave_road(time_s, word, tally, num, other, now_s)
        word[other, names.SPACE] = word[other, names.STOOD] = space
    else:
        tally[names.FIRST_YARD + 2 * space] -= 1
        tally[names.IN_YARDS] -= 1


@inner_kernel
def give_up_space(time_s, word, tally, num, row, now_s):
    """A truck is turned away with all others: nobody takes its space."""
    space = word[row, names.SPACE]
    if space >= 0:
        tally[names.FIRST_YARD + 2 * space] -= 1
        tally[names.IN_YARDS] -= 1
        word[row, names.SPACE] = names.NO_SPACE
    elif space == names.ON_ROAD:
        _leave_road(time_s, word, tally, num, row, now_s)
