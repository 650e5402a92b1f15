#include "program.hpp"

#include <algorithm>
#include <numeric>

#include "checks.hpp"

namespace gxnor {
namespace {

constexpr std::int64_t max_slab_planes = (std::int64_t{1} << 31) - 1;  // entries are 32-bit offsets
constexpr std::int64_t max_total = std::int64_t{1} << 61;
constexpr std::int64_t max_step = std::int64_t{1} << 31;

// The row of a mask as planes that say "u is at least so much".
void set_planes(TallyRow& row, const Slab& slab, const TallyOp& op, std::int64_t total) {
    const bool above = row.mask != Mask::negative, below = row.mask != Mask::positive;
    if (above && op.positive_from <= 0) row.base += total;
    if (above && op.positive_from >= 1 && op.positive_from <= slab.planes)
        row.plus = static_cast<std::int32_t>(op.positive_from - 1);
    if (below && op.nonnegative_from > 0) row.base += total;
    if (below && op.nonnegative_from >= 1 && op.nonnegative_from <= slab.planes)
        row.minus = static_cast<std::int32_t>(op.nonnegative_from - 1);
}

}  // namespace

Limits limits_of(const LimitsSpec& spec, Storage& storage) {
    constexpr std::int64_t widest = std::int64_t{1} << 62;
    require(spec.low >= -widest && spec.high <= widest && spec.low <= spec.high, "limits: out of range");
    if (spec.allowed.empty()) return {spec.low, spec.high, nullptr};
    const std::uint64_t last = static_cast<std::uint64_t>(spec.high) - static_cast<std::uint64_t>(spec.low);
    require(spec.allowed.size() - 1 == last, "limits: needs one mark per level");
    return {spec.low, spec.high, storage.keep(spec.allowed)};
}

const Slab& Program::slab(std::int32_t index) const {
    require(index >= 0 && static_cast<std::size_t>(index) < slabs_.size(), "no such slab");
    return slabs_[static_cast<std::size_t>(index)];
}

void Program::require_open() const { require(!sealed_, "it runs already, nothing can be added"); }

void Program::add_step(StepKind kind, std::size_t index) {
    steps_.push_back({kind, static_cast<std::int32_t>(index)});
}

std::int32_t Program::add_slab(std::int64_t positions, std::int64_t channels, std::int32_t planes, Form form,
                               std::int64_t lowest, std::int64_t step) {
    require_open();
    require(extent(positions) && extent(channels), "slab: sizes out of range");
    require(planes >= 1 && planes <= max_counter_planes, "slab: planes out of range");
    require(positions * channels <= max_slab_planes / planes, "slab: too many planes");
    require(form == Form::binary || form == Form::thermometer, "slab: unknown form");
    require(form != Form::thermometer || planes == 2, "slab: a thermometer has two planes");
    require(step >= 1 && step <= max_step, "slab: step out of range");
    slabs_.push_back({needs_.arena_planes, positions, channels, lowest, step, planes, form});
    tallies_.push_back({});
    written_.push_back(0);
    done_.push_back(0);
    needs_.arena_planes += positions * channels * planes;
    return static_cast<std::int32_t>(slabs_.size() - 1);
}

std::int32_t Program::add_input(std::int32_t index, const LimitsSpec& limits) {
    require_open();
    needs_.line_planes = std::max(needs_.line_planes, std::int64_t{64 * pack_tiles} * slab(index).planes);
    limits_.push_back(limits_of(limits, storage_));
    written_[static_cast<std::size_t>(index)] = 1;
    inputs_.push_back(index);
    add_step(StepKind::pack, inputs_.size() - 1);
    return static_cast<std::int32_t>(inputs_.size() - 1);
}

void Program::add_pool(std::int32_t source_index, std::int32_t target_index, const Window& w, std::int64_t out_height,
                       std::int64_t out_width, std::int64_t first_channel, const std::vector<std::uint8_t>& minimum) {
    require_open();
    const Slab& source = slab(source_index);
    const Slab& target = slab(target_index);
    require(written_[static_cast<std::size_t>(source_index)] != 0, "pool: its source has no levels yet");
    require(source_index != target_index, "pool: source and target are the same slab");
    check_window(w, source, out_height, out_width);
    require(w.channels == source.channels && minimum.size() == static_cast<std::size_t>(w.channels),
            "pool: needs the channels of its source");
    require(out_height * out_width == target.positions, "pool: output size does not match its target");
    require(first_channel >= 0 && first_channel <= target.channels - w.channels, "pool: channels outside its target");
    require(source.planes == target.planes && source.form == target.form && source.lowest == target.lowest &&
                source.step == target.step,
            "pool: source and target have different planes");
    for (std::int64_t y = 0; y < out_height; ++y)
        require(rows_of(w, y).last > rows_of(w, y).first, "pool: a window lies outside its source");
    for (std::int64_t x = 0; x < out_width; ++x)
        require(columns_of(w, x).last > columns_of(w, x).first, "pool: a window lies outside its source");
    PoolOp op{};
    op.source = source_index;
    op.target = target_index;
    op.window = w;
    op.out_height = out_height;
    op.out_width = out_width;
    op.first_channel = first_channel;
    op.minimum = keep(minimum);
    pools_.push_back(op);
    written_[static_cast<std::size_t>(target_index)] = 1;
    add_step(StepKind::pool, pools_.size() - 1);
}

TallyRow Program::make_row(const RowSpec& spec, const Slab& own, const TallyOp& op) {
    const std::int64_t size = own.positions * own.channels;
    const std::int32_t magnitude_planes = op.magnitude_planes;
    require(spec.mask >= Mask::positive && spec.mask <= Mask::ones, "count: unknown mask");
    require(spec.mask != Mask::ones || magnitude_planes > 0, "count: needs the planes of the magnitude");
    require(spec.factors.size() == static_cast<std::size_t>(size), "count: needs one factor per neuron");
    const std::int64_t weight = spec.mask == Mask::ones ? magnitude_planes : 1;
    std::int64_t common = 0, total = 0, largest = 0;
    for (const std::int64_t factor : spec.factors) {
        require(factor >= 0 && factor <= (max_total - total) / weight, "count: factors out of range");
        total += factor * weight;
        common = std::gcd(common, factor);
        largest = std::max(largest, factor);
    }
    const std::int64_t unit = std::max<std::int64_t>(common, 1);
    const std::int64_t chunk_size = op.direct ? direct_chunk : tally_chunk, chunks = (size + chunk_size - 1) / chunk_size;
    const std::int64_t stride = op.direct ? own.planes : fixed_masks + magnitude_planes;
    TallyRow row{};
    row.mask = spec.mask;
    row.bits = bit_length(static_cast<std::uint64_t>(largest / unit));
    row.counter_planes = std::max(1, bit_length(static_cast<std::uint64_t>(total / unit)));
    row.factor = unit;
    row.out = n_rows_++;
    std::vector<std::uint32_t> entries;
    std::vector<std::int64_t> runs{0};
    for (std::int32_t bit = 0; bit < row.bits; ++bit)
        for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
            const std::int64_t begin = chunk * chunk_size, end = std::min(begin + chunk_size, size);
            for (std::int64_t i = begin; i < end; ++i)
                if ((spec.factors[static_cast<std::size_t>(i)] / unit >> bit) & 1)
                    entries.push_back(static_cast<std::uint32_t>((i - begin) * stride));
            runs.push_back(static_cast<std::int64_t>(entries.size()));
        }
    row.entries = keep(std::move(entries));
    row.runs = keep(std::move(runs));
    row.plus = row.minus = -1;
    if (op.direct) set_planes(row, own, op, total / unit);
    return row;
}

std::int64_t Program::add_done(std::int32_t index, std::int32_t magnitude_planes, const std::vector<RowSpec>& rows) {
    require_open();
    const Slab& own = slab(index);
    const std::size_t place = static_cast<std::size_t>(index);
    require(written_[place] != 0 && done_[place] == 0, "done: the slab has no levels yet, or is done already");
    require(magnitude_planes >= 0 && magnitude_planes <= 31 && own.planes <= 31, "done: planes out of range");
    require(own.lowest >= -max_lowest && own.lowest <= max_lowest, "done: lowest out of range");
    const std::int64_t first_row = n_rows_;
    TallyOp op{};
    op.slab = index;
    op.positive_from = own.lowest > 0 ? 0 : -own.lowest / own.step + 1;
    op.nonnegative_from = nonnegative_from(own);
    op.magnitude_planes = magnitude_planes;
    op.direct = magnitude_planes == 0 && (own.form == Form::thermometer || own.planes == 1);
    std::vector<TallyRow> made;
    for (const RowSpec& row : rows) made.push_back(make_row(row, own, op));
    op.n_rows = static_cast<std::int64_t>(made.size());
    op.rows = keep(std::move(made));
    tallies_[place] = op;
    done_[place] = 1;
    needs_.mask_planes = std::max(needs_.mask_planes, tally_chunk * (fixed_masks + magnitude_planes));
    needs_.counter_planes = std::max(needs_.counter_planes, op.n_rows * counter_room);
    add_step(StepKind::done, place);
    return first_row;
}

std::int32_t Program::add_readout(std::int32_t index) {
    require_open();
    slab(index);
    require(written_[static_cast<std::size_t>(index)] != 0, "readout: the slab has no sums yet");
    readouts_.push_back(index);
    add_step(StepKind::readout, readouts_.size() - 1);
    return static_cast<std::int32_t>(readouts_.size() - 1);
}

ProgramView Program::view() {
    sealed_ = true;
    return {slabs_.data(), steps_.data(), static_cast<std::int64_t>(steps_.size()), inputs_.data(), sums_.data(),
            pools_.data(), tallies_.data(), readouts_.data(), parts_.data(), reached_.data(), limits_.data()};
}

}  // namespace gxnor
