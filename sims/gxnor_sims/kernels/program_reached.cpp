// The part of Program that lays out full counts: slabs made for counting, and lists to be "or"ed.
#include <algorithm>
#include <numeric>

#include "checks.hpp"
#include "program.hpp"

namespace gxnor {

void Program::add_part(std::int32_t source_index, std::int32_t target_index, std::int64_t lowest, std::int64_t step, Part part) {
    require_open();
    const Slab& source = slab(source_index);
    const Slab& target = slab(target_index);
    require(written_[static_cast<std::size_t>(source_index)] != 0, "part: its source has no levels yet");
    require(source_index != target_index, "part: source and target are the same slab");
    require(source.positions == target.positions && source.channels == target.channels, "part: sizes differ");
    require(target.form == Form::binary, "part: its target must be binary");
    require(part >= Part::plain && part <= Part::positive, "part: unknown part");
    require(step >= 0, "part: step must not be negative");
    require(source.lowest >= -max_lowest && source.lowest <= max_lowest, "part: lowest out of range");
    PartOp op{};
    op.source = source_index;
    op.target = target_index;
    op.lowest = lowest;
    op.step = step;
    op.nonnegative_from = nonnegative_from(source);
    op.part = part;
    parts_.push_back(op);
    written_[static_cast<std::size_t>(target_index)] = 1;
    add_step(StepKind::part, parts_.size() - 1);
}

std::int64_t Program::add_reached(const ReachedSpec& spec, const std::vector<TermSpec>& terms) {
    require_open();
    const Slab& target = slab(spec.target);
    require(extent(spec.out_height) && extent(spec.out_width) && spec.out_height * spec.out_width == target.positions,
            "reached: output size does not match its target");
    SumSpec place{};
    place.target = spec.target;
    place.out_height = spec.out_height;
    place.out_width = spec.out_width;
    std::vector<Term> made;
    std::vector<std::int64_t> weight_planes, work(static_cast<std::size_t>(target.channels), 16);
    std::vector<std::int32_t> counter_planes;
    for (const TermSpec& term : terms) {
        made.push_back(make_term(term, place));
        const std::int64_t digits = static_cast<std::int64_t>(term.digits.size());
        const std::int64_t planes = slab(term.source).planes;
        require(digits <= 62, "reached: too many weight planes");
        // positions * channels < 2^31, so this stays far below 2^62
        const std::int64_t most = std::max<std::int64_t>(1, target.positions * term.outputs * digits * planes);
        counter_planes.push_back(bit_length(static_cast<std::uint64_t>(most)));
        weight_planes.push_back(digits);
        const std::int64_t taps = term.window.kernel_y * term.window.kernel_x;
        for (std::int64_t group = 0; group < digits * term.outputs; ++group) {
            const std::int64_t count = term.runs[static_cast<std::size_t>((group + 1) * taps)] -
                                       term.runs[static_cast<std::size_t>(group * taps)];
            work[static_cast<std::size_t>(term.first_channel + group % term.outputs)] += (count + 4) * planes;
        }
    }
    counter_planes.push_back(bit_length(static_cast<std::uint64_t>(target.positions * target.channels)));
    std::vector<std::uint32_t> all(tally_chunk);
    std::iota(all.begin(), all.end(), 0u);
    const std::int64_t rows = static_cast<std::int64_t>(made.size()) + 1, first_row = n_rows_;
    ReachedOp op{};
    op.out_height = spec.out_height;
    op.out_width = spec.out_width;
    op.channels = target.channels;
    op.n_terms = rows - 1;
    op.terms = keep(std::move(made));
    op.weight_planes = keep(std::move(weight_planes));
    op.work = keep(std::move(work));
    op.counter_planes = keep(std::move(counter_planes));
    op.all = keep(std::move(all));
    op.out = first_row;
    n_rows_ += rows;
    needs_.mask_planes = std::max(needs_.mask_planes, rows * tally_chunk);
    needs_.counter_planes = std::max(needs_.counter_planes, rows * counter_room);
    needs_.reaches = std::max(needs_.reaches, rows - 1);
    needs_.waiting = std::max(needs_.waiting, rows);
    reached_.push_back(op);
    add_step(StepKind::reached, reached_.size() - 1);
    return first_row;
}

}  // namespace gxnor
