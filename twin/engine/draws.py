"""Random numbers that are pure functions of a key: (run seed, purpose, id, event).

Nothing counts, so nothing shifts: two variants of a scenario share their luck person by person, adding a
traveller leaves every other draw as it was, and no worker, thread or folder can change a number.

In Python one makes a *stream* per purpose, once, and hands it to kernels::

    stream = make_stream(run_seed, "terminal.service")
    wait_s = exponential(stream, truck_id, event(visit, 2), mean_s)

All kernels take ``stream``, ``id_`` and ``event_`` as uint64. Ids come from :mod:`twin.engine.ids`.

The hash is a double round of the 64-bit finaliser with David Stafford's "variant 13" constants, as used by
SplitMix64 (Steele, Lea and Flood 2014). Uniforms are (52 bits + 1/2) * 2**-52, hence never 0 nor 1. Normals
invert the distribution function by Wichura's algorithm AS 241 (1988), accurate to about 1e-16.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np

from twin.jit import inline_kernel, kernel

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_EVENT_STEP = np.uint64(0xD1342543DE82EF95)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30 = np.uint64(30)
_S27 = np.uint64(27)
_S31 = np.uint64(31)
_S12 = np.uint64(12)
_S32 = np.uint64(32)
_U64_MASK = (1 << 64) - 1
_TWO_POW_MINUS_52 = 2.0**-52
#: Where a product of uniforms is begun anew, and of what mean the exponential still lies among normal numbers. One more
#: uniform brings the product to 1e-286 at least, well above exp(-690).
_LEAST_PRODUCT = 1e-270
_LONGEST_PRODUCT = 690.0


def _mix_python(z: int) -> int:
    """One round of the hash for plain integers, used only to make streams."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _U64_MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _U64_MASK
    return z ^ (z >> 31)


def make_run_seed(base_seed: int, replication: int) -> np.uint64:
    """Seed of one run: base seed and replication; never the variant, worker or folder.

    Parameters
    ----------
    base_seed, replication
        Whole numbers, at least 0.
    """
    return np.uint64(_mix_python((_mix_python(base_seed & _U64_MASK) + replication * 0x9E3779B97F4A7C15) & _U64_MASK))


def make_stream(run_seed: np.uint64 | int, purpose: str) -> np.uint64:
    """Stream of one purpose, for example ``"terminal.service"``; made once, outside kernels."""
    word = int.from_bytes(hashlib.blake2b(purpose.encode(), digest_size=8).digest(), "little")
    return np.uint64(_mix_python(_mix_python(int(run_seed) ^ word) ^ word))


def event(first: int, second: int = 0) -> np.uint64:
    """Name of an event as a key: ``event(visit, stage)``; each part below 2**32."""
    return np.uint64((int(first) << 32 | int(second)) & _U64_MASK)


@inline_kernel
def event_key(first, second):
    """Same as :func:`event`, inside kernels."""
    return (np.uint64(first) << _S32) | np.uint64(second)


@inline_kernel
def bits(stream, id_, event_):
    """64 random bits of a key."""
    z = stream + np.uint64(id_) * _GOLDEN
    z = (z ^ (z >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    z = (z ^ (z >> _S31)) + np.uint64(event_) * _EVENT_STEP
    z = (z ^ (z >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    return z ^ (z >> _S31)


@inline_kernel
def uniform(stream, id_, event_):
    """Uniform on (0, 1), both ends excluded."""
    return (np.float64(bits(stream, id_, event_) >> _S12) + 0.5) * _TWO_POW_MINUS_52


@inline_kernel
def _of_degree_7(r, c0, c1, c2, c3, c4, c5, c6, c7):
    """A polynomial by Estrin's scheme: its halves do not wait for one another, which takes half as long as Horner's."""
    r2 = r * r
    return ((c7 * r + c6) * r2 + (c5 * r + c4)) * (r2 * r2) + ((c3 * r + c2) * r2 + (c1 * r + c0))


@kernel
def normal_quantile(p):
    """Quantile of the standard normal at ``p`` in (0, 1).

    References
    ----------
    Wichura (1988), Algorithm AS 241 (PPND16), Applied Statistics 37(3).
    """
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        num = _of_degree_7(
            r, 3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
            45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
        )  # fmt: skip
        den = _of_degree_7(
            r, 1.0, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867,
            39307.89580009271061, 28729.085735721942674, 5226.495278852545925,
        )  # fmt: skip
        return q * num / den
    r = p if q < 0.0 else 1.0 - p
    r = math.sqrt(-math.log(r))
    if r <= 5.0:
        r -= 1.6
        num = _of_degree_7(
            r, 1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
            1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4,
        )  # fmt: skip
        den = _of_degree_7(
            r, 1.0, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
            0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9,
        )  # fmt: skip
    else:
        r -= 5.0
        num = _of_degree_7(
            r, 6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123,
            0.026532189526576123093, 0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
        )  # fmt: skip
        den = _of_degree_7(
            r, 1.0, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525,
            7.868691311456132591e-4, 1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
        )  # fmt: skip
    return -num / den if q < 0.0 else num / den


@inline_kernel
def normal(stream, id_, event_):
    """Standard normal."""
    return normal_quantile(uniform(stream, id_, event_))


@inline_kernel
def lognormal(stream, id_, event_, log_mean, log_sd):
    """Lognormal with the mean and standard deviation of the logarithm; see :func:`lognormal_law`."""
    return math.exp(log_mean + log_sd * normal_quantile(uniform(stream, id_, event_)))


@inline_kernel
def exponential(stream, id_, event_, mean):
    """Exponential with the given mean."""
    return -math.log(uniform(stream, id_, event_)) * mean


@kernel
def erlang(stream, id_, event_, shape, mean):
    """Erlang with a whole number of phases and the given mean of the sum.

    Phase k takes its own bits from the event and k, so that more phases do not move other draws.
    """
    total = 0.0
    for phase in range(shape):
        word = bits(stream, id_, event_) if phase == 0 else bits(stream ^ (np.uint64(phase) * _EVENT_STEP), id_, event_)
        total -= math.log((np.float64(word >> _S12) + 0.5) * _TWO_POW_MINUS_52)
    return total * mean / shape


@kernel
def categorical(stream, id_, event_, cumulative):
    """Index of a category from cumulative weights (ascending, last is the total, greater than 0)."""
    u = uniform(stream, id_, event_) * cumulative[-1]
    low = 0
    high = cumulative.size - 1
    while low < high:
        middle = (low + high) >> 1
        if cumulative[middle] > u:
            high = middle
        else:
            low = middle + 1
    return low


@kernel
def uniforms(stream, ids, event_):
    """One uniform per id: (n,) uint64 in, (n,) float64 out."""
    out = np.empty(ids.size, np.float64)
    for i in range(ids.size):
        out[i] = uniform(stream, ids[i], event_)
    return out


@kernel
def normals(stream, ids, event_):
    """One standard normal per id: (n,) uint64 in, (n,) float64 out."""
    out = np.empty(ids.size, np.float64)
    for i in range(ids.size):
        out[i] = normal(stream, ids[i], event_)
    return out


@kernel
def exponentials(stream, ids, event_, mean):
    """One exponential per id: (n,) uint64 in, (n,) float64 out."""
    out = np.empty(ids.size, np.float64)
    for i in range(ids.size):
        out[i] = exponential(stream, ids[i], event_, mean)
    return out


@kernel
def poisson_counts(stream, ids, means):
    """Poisson number of each id, as :func:`poisson_count`: (n,) uint64, (n,) float64 in, (n,) int64 out."""
    out = np.zeros(ids.size, np.int64)
    for i in range(ids.size):
        # The sum of exponentials is minus the logarithm of a product of uniforms, taken before it gets too small.
        left = means[i]
        least = math.exp(-left) if left < _LONGEST_PRODUCT else 0.0
        product = 1.0
        while True:
            product *= uniform(stream, ids[i], np.uint64(out[i]))
            if product < least:
                break
            out[i] += 1
            if product < _LEAST_PRODUCT:
                left += math.log(product)
                least = math.exp(-left) if left < _LONGEST_PRODUCT else 0.0
                product = 1.0
    return out


def lognormal_law(mean: float, cv: float) -> tuple[float, float]:
    """Mean and standard deviation of the logarithm, from mean and coefficient of variation.

    Raises
    ------
    ValueError
        If ``mean`` is not greater than 0 or ``cv`` is negative.
    """
    if not mean > 0 or not cv >= 0:
        raise ValueError(f"mean must be greater than 0 and cv at least 0, got {mean} and {cv}")
    variance = math.log1p(cv * cv)
    return math.log(mean) - variance / 2, math.sqrt(variance)


def poisson_count(stream: np.uint64, id_: int, mean: float) -> int:
    """Poisson number of a key; drawn outside kernels, once per slot of a demand table.

    The count is the number of unit exponentials that fit into ``mean``. Raising the mean only adds to the
    count of the same key, so a demand a little larger keeps everyone it had.
    """
    return int(poisson_counts(stream, np.array([id_], np.uint64), np.array([mean]))[0])
