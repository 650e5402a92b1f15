#include "rate.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "isa.hpp"

namespace gxnor {

double measure_ops(const Isa& isa, double seconds) {
    using Clock = std::chrono::steady_clock;
    constexpr double slice = 1e-3;  // long against the clock's grain, short against a time slice of the system
    std::atomic<std::uint64_t> seen{0};
    std::int64_t rounds = 1000;
    double best = 0.0;
    const Clock::time_point start = Clock::now();
    do {
        const Clock::time_point before = Clock::now();
        seen.fetch_xor(isa.logic_rounds(rounds), std::memory_order_relaxed);  // used, so it is computed
        const double spent = std::chrono::duration<double>(Clock::now() - before).count();
        if (spent < slice) {
            rounds *= 2;
            continue;
        }
        best = std::max(best, static_cast<double>(rounds * rate_ops_per_round) / spent);
    } while (best == 0.0 || std::chrono::duration<double>(Clock::now() - start).count() < seconds);
    return best;
}

}  // namespace gxnor
