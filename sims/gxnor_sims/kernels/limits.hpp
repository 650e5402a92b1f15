// Whether input levels are admissible, checked while they are read.
#pragma once

#include <cstdint>
#include <limits>

#include "ops.hpp"

namespace gxnor {

template <class V, class T>
inline bool allowed_as(const unsigned char* data, std::int64_t count, const Limits& limits) {
    using Bounds = std::numeric_limits<T>;
    const T* levels = reinterpret_cast<const T*>(data);
    constexpr std::int64_t least = Bounds::is_signed ? static_cast<std::int64_t>(Bounds::min()) : 0;
    constexpr bool wide = !Bounds::is_signed && sizeof(T) == 8;  // its largest value is beyond int64
    constexpr std::int64_t most =
        wide ? std::numeric_limits<std::int64_t>::max() : static_cast<std::int64_t>(Bounds::max());
    if (limits.low > most || limits.high < least) return count == 0;
    const T low = static_cast<T>(limits.low < least ? least : limits.low);
    const T high = static_cast<T>(limits.high > most ? most : limits.high);
    T lowest = high, highest = low;  // of what was seen, each with an admissible value among it
    for (std::int64_t i = 0; i < count; ++i) {
        lowest = levels[i] < lowest ? levels[i] : lowest;
        highest = levels[i] > highest ? levels[i] : highest;
    }
    if (lowest < low || highest > high) return false;
    if (limits.allowed == nullptr) return true;
    bool good = true;
    for (std::int64_t i = 0; i < count; ++i)
        good = limits.allowed[static_cast<std::int64_t>(levels[i]) - limits.low] != 0 && good;
    return good;
}

// True if all `count` levels of every sample first .. first+samples-1 are admissible.
template <class V>
inline bool levels_allowed(const InputArray& input, const Limits& limits, std::int64_t count, std::int64_t first,
                           std::int64_t samples) {
    using Check = bool (*)(const unsigned char*, std::int64_t, const Limits&);
    static constexpr Check table[] = {  // in the order of DType
        allowed_as<V, std::int8_t>,  allowed_as<V, std::uint8_t>,  allowed_as<V, std::int16_t>, allowed_as<V, std::uint16_t>,
        allowed_as<V, std::int32_t>, allowed_as<V, std::uint32_t>, allowed_as<V, std::int64_t>, allowed_as<V, std::uint64_t>,
    };
    const Check check = table[static_cast<int>(input.dtype)];
    for (std::int64_t s = first; s < first + samples; ++s)
        if (!check(input.data + s * input.sample_bytes, count, limits)) return false;
    return true;
}

}  // namespace gxnor
