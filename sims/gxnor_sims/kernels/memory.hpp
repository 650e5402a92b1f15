// Working memory of one thread, in either form. It is kept with the program between runs, so that a run of few
// samples allocates nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "neuron_program.hpp"
#include "program.hpp"
#include "storage.hpp"

namespace gxnor {

class SampleMemory {
public:
    SampleMemory(const Needs& needs, int words)
        : words_(words),
          bytes_((needs.arena_planes + needs.mask_planes + needs.counter_planes + needs.sum_planes + needs.line_planes) * words * 8 +
                 needs.list_entries * 4),
          arena_(allocate_words(needs.arena_planes * words)),
          masks_(allocate_words(needs.mask_planes * words)),
          counters_(allocate_words(needs.counter_planes * words)),
          sums_(allocate_words(needs.sum_planes * words)),
          lines_(allocate_words(needs.line_planes * words)),
          lists_(static_cast<std::size_t>(needs.list_entries)),
          readings_(static_cast<std::size_t>(needs.readings)),
          reaches_(static_cast<std::size_t>(needs.reaches)),
          waiting_(static_cast<std::size_t>(needs.waiting)) {}

    Frame frame(Poll* poll) {
        return {arena_.get(), masks_.get(),     counters_.get(), sums_.get(),     lines_.get(), lists_.data(),
                readings_.data(), reaches_.data(), waiting_.data(), poll, false};
    }

    int words() const { return words_; }
    std::int64_t bytes() const { return bytes_; }

private:
    int words_;
    std::int64_t bytes_;  // of what is large
    Words arena_, masks_, counters_, sums_, lines_;
    std::vector<std::uint32_t> lists_;
    std::vector<Reading> readings_;
    std::vector<Reach> reaches_;
    std::vector<std::int64_t> waiting_;
};

class NeuronMemory {
public:
    explicit NeuronMemory(const NeuronNeeds& needs)
        : bytes_(needs.levels * 4 + needs.sums * 8 + (needs.events + needs.lists) * 4 + needs.starts * 8),
          planes_(allocate_words(counter_room * 8)),
          levels_(static_cast<std::size_t>(needs.levels)),
          sums_(static_cast<std::size_t>(needs.sums)),
          values_(static_cast<std::size_t>(needs.values)),
          active_(static_cast<std::size_t>(needs.values)),
          events_(static_cast<std::size_t>(needs.events)),
          starts_(static_cast<std::size_t>(needs.starts)),
          lists_(static_cast<std::size_t>(needs.lists)) {}

    NeuronFrame frame(Poll* poll) {
        return {levels_.data(), sums_.data(),  values_.data(), active_.data(), events_.data(), starts_.data(),
                lists_.data(),  planes_.get(), poll,           false};
    }

    std::int64_t bytes() const { return bytes_; }

private:
    std::int64_t bytes_;  // of what is large
    Words planes_;
    std::vector<std::int32_t> levels_;
    std::vector<std::uint64_t> sums_;
    std::vector<std::int64_t> values_;
    std::vector<std::uint32_t> active_, events_;
    std::vector<std::int64_t> starts_;
    std::vector<std::uint32_t> lists_;
};

}  // namespace gxnor
