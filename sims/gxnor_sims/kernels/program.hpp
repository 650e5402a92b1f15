// A program owns the plain data of ops.hpp and is the only way to make it: every index is checked here, once,
// so that the kernels need not. All errors are std::invalid_argument.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "ops.hpp"
#include "storage.hpp"

namespace gxnor {

// A projection as the caller describes it. Group g of the entries belongs to digit g / outputs (sign and power
// of two of its coefficients) and to output channel g % outputs of the term's own channels.
struct TermSpec {
    std::int32_t source;
    Window window;
    std::int64_t first_channel, outputs;
    std::vector<std::array<std::int32_t, 2>> digits;  // sign, level
    std::vector<std::int64_t> runs;                   // [digit][channel][tap] start in channels; one end mark
    std::vector<std::int32_t> channels;               // source channel of each entry
    std::vector<std::int64_t> constants;              // [channel][tap]
};

struct SumSpec {
    std::int32_t target;
    std::int64_t out_height, out_width;
    std::int32_t counter_planes;
    std::vector<std::int64_t> lows;
    bool keeps_sums;
    std::vector<std::uint64_t> thresholds;  // [channel][k]
    std::vector<std::uint8_t> inverted;     // [channel]
    std::vector<std::uint64_t> rises;       // [k]
};

struct RowSpec {
    Mask mask;
    std::vector<std::int64_t> factors;  // per neuron of the slab, in slab order
};

// Projections of one population whose targets are watched; a spec's digits are weight planes, its constants unused.
struct ReachedSpec {
    std::int32_t target;
    std::int64_t out_height, out_width;
};

// Admissible levels; see Limits. No list stands for all of low..high.
struct LimitsSpec {
    std::int64_t low, high;
    std::vector<std::uint8_t> allowed;
};

// Checks the limits and stores their list.
Limits limits_of(const LimitsSpec& spec, Storage& storage);

// What one thread needs, in planes or in elements.
struct Needs {
    std::int64_t arena_planes = 0;
    std::int64_t mask_planes = 0;
    std::int64_t counter_planes = 0;
    std::int64_t sum_planes = 0;
    std::int64_t line_planes = 0;
    std::int64_t list_entries = 0;
    std::int64_t readings = 0;
    std::int64_t reaches = 0;
    std::int64_t waiting = 0;
};

class Program {
public:
    std::int32_t add_slab(std::int64_t positions, std::int64_t channels, std::int32_t planes, Form form, std::int64_t lowest,
                          std::int64_t step);
    std::int32_t add_input(std::int32_t slab, const LimitsSpec& limits);
    void add_sum(const SumSpec& spec, const std::vector<TermSpec>& terms);
    void add_pool(std::int32_t source, std::int32_t target, const Window& window, std::int64_t out_height,
                  std::int64_t out_width, std::int64_t first_channel, const std::vector<std::uint8_t>& minimum);
    // Marks a slab complete. The rows get the next free row numbers, in order; the first one's is returned.
    std::int64_t add_done(std::int32_t slab, std::int32_t magnitude_planes, const std::vector<RowSpec>& rows);
    std::int32_t add_readout(std::int32_t slab);
    // Fills the target, binary and of the source's size, with lowest + step * u of the source, or a part of it.
    void add_part(std::int32_t source, std::int32_t target, std::int64_t lowest, std::int64_t step, Part part);
    // Counts per term the open (output, weight plane, source plane), then the outputs with at least one of any
    // term. The rows get the next free row numbers; the first one's is returned.
    std::int64_t add_reached(const ReachedSpec& spec, const std::vector<TermSpec>& terms);

    // Nothing can be added once a view was taken.
    ProgramView view();
    const Needs& needs() const { return needs_; }
    const Slab& slab(std::int32_t index) const;  // checks the index
    std::size_t n_slabs() const { return slabs_.size(); }
    const std::vector<std::int32_t>& inputs() const { return inputs_; }
    const std::vector<std::int32_t>& readouts() const { return readouts_; }
    std::int64_t n_rows() const { return n_rows_; }
    // Into how many chunks each sum is cut, in order; 1 where it is not.
    std::vector<std::int64_t> chunks() const;
    bool is_done(std::int32_t slab) const { return done_[static_cast<std::size_t>(slab)] != 0; }

private:
    void require_open() const;
    void add_step(StepKind kind, std::size_t index);
    Term make_term(const TermSpec& spec, const SumSpec& sum);
    void make_segments(SumOp& op, const std::vector<TermSpec>& terms);
    void make_tiles(SumOp& op, const std::vector<TermSpec>& terms);
    void make_chunks(SumOp& op);
    TallyRow make_row(const RowSpec& spec, const Slab& slab, const TallyOp& op);

    template <class T>
    const T* keep(std::vector<T> values) {
        return storage_.keep(std::move(values));
    }

    std::vector<Slab> slabs_;
    std::vector<std::uint8_t> written_;  // [slab]
    std::vector<std::uint8_t> done_;     // [slab]
    std::vector<Step> steps_;
    std::vector<std::int32_t> inputs_;
    std::vector<Limits> limits_;  // [input]
    std::vector<std::int32_t> readouts_;
    std::vector<SumOp> sums_;
    std::vector<PoolOp> pools_;
    std::vector<TallyOp> tallies_;  // [slab]
    std::vector<PartOp> parts_;
    std::vector<ReachedOp> reached_;
    std::int64_t n_rows_ = 0;
    Needs needs_;
    std::atomic<bool> sealed_{false};  // set by runs, which may be several at a time
    Storage storage_;
};

}  // namespace gxnor
