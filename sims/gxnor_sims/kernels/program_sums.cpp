// The part of Program that lays out weighted sums: entries, segments, tiles.
#include <algorithm>

#include "checks.hpp"
#include "program.hpp"

namespace gxnor {
namespace {

constexpr std::int64_t window_bytes = 512 * 1024;  // what a tile of columns may read: about half a second-level cache
constexpr std::int64_t max_tile = 16;

}  // namespace

Term Program::make_term(const TermSpec& spec, const SumSpec& sum) {
    const Slab& source = slab(spec.source);
    const Slab& target = slab(sum.target);
    require(written_[static_cast<std::size_t>(spec.source)] != 0, "term: its source has no levels yet");
    check_window(spec.window, source, sum.out_height, sum.out_width);
    require(spec.first_channel >= 0 && spec.outputs >= 1 && spec.outputs <= target.channels &&
                spec.first_channel <= target.channels - spec.outputs,
            "term: channels outside its target");
    for (const auto& digit : spec.digits)
        require((digit[0] == 1 || digit[0] == -1) && digit[1] >= 0 && digit[1] <= 63, "term: digit out of range");
    const std::int64_t taps = spec.window.kernel_y * spec.window.kernel_x;
    const std::size_t groups = spec.digits.size() * static_cast<std::size_t>(spec.outputs);
    const std::size_t n_runs = groups * static_cast<std::size_t>(taps);
    require(spec.runs.size() == n_runs + 1 && spec.runs.front() == 0, "term: wrong number of runs");
    require(std::is_sorted(spec.runs.begin(), spec.runs.end()), "term: runs must not decrease");
    require(spec.runs.back() == static_cast<std::int64_t>(spec.channels.size()), "term: runs do not end with the entries");
    require(spec.constants.size() == static_cast<std::size_t>(spec.outputs * taps), "term: wrong number of constants");

    std::vector<std::uint32_t> entries(spec.channels.size());
    for (std::size_t run = 0; run < n_runs; ++run) {
        const std::int64_t tap = static_cast<std::int64_t>(run) % taps;
        const std::int64_t y = tap / spec.window.kernel_x * spec.window.dilation_y;
        const std::int64_t x = tap % spec.window.kernel_x * spec.window.dilation_x;
        // A tap that can never be in range may lie far away; unsigned arithmetic wraps, and it is never read.
        const std::uint64_t place = static_cast<std::uint64_t>(y) * static_cast<std::uint64_t>(spec.window.width) +
                                    static_cast<std::uint64_t>(x);
        for (std::int64_t i = spec.runs[run]; i < spec.runs[run + 1]; ++i) {
            const std::int64_t channel = spec.channels[static_cast<std::size_t>(i)];
            require(channel >= 0 && channel < spec.window.channels, "term: entry outside its source");
            const std::uint64_t neuron = place * static_cast<std::uint64_t>(spec.window.channels) +
                                         static_cast<std::uint64_t>(channel);
            entries[static_cast<std::size_t>(i)] =
                static_cast<std::uint32_t>(neuron * static_cast<std::uint64_t>(source.planes));
        }
    }
    Term term{};
    term.source = spec.source;
    term.window = spec.window;
    term.entries = keep(std::move(entries));
    term.runs = keep(spec.runs);
    term.tap_constants = keep(std::vector<std::uint64_t>(spec.constants.begin(), spec.constants.end()));
    term.first_channel = spec.first_channel;
    term.last_channel = spec.first_channel + spec.outputs;
    return term;
}

// The planes that enter together from a list of `count` binary numbers: all, unless trees do better plane by plane.
static std::int32_t as_number(const Slab& source, std::int64_t count) {
    const bool fits = source.planes >= 3 && source.planes <= most_number_planes;
    return fits && count <= 8 * source.planes ? source.planes : 1;
}

// Per channel: all segments of negative sign, then all of positive sign.
void Program::make_segments(SumOp& op, const std::vector<TermSpec>& terms) {
    std::vector<Segment> segments;
    std::vector<std::int64_t> start{0}, positive;
    for (std::int64_t channel = 0; channel < op.channels; ++channel) {
        std::int64_t entries = 0;
        for (const std::int32_t sign : {-1, 1}) {
            if (sign == 1) positive.push_back(static_cast<std::int64_t>(segments.size()));
            for (std::size_t t = 0; t < terms.size(); ++t) {
                const TermSpec& term = terms[t];
                const std::int64_t own = channel - term.first_channel;
                if (own < 0 || own >= term.outputs) continue;
                const Slab& source = slab(term.source);
                const std::int64_t taps = term.window.kernel_y * term.window.kernel_x;
                for (std::size_t d = 0; d < term.digits.size(); ++d) {
                    if (term.digits[d][0] != sign) continue;
                    const std::int64_t group = static_cast<std::int64_t>(d) * term.outputs + own;
                    const std::int64_t count = term.runs[static_cast<std::size_t>((group + 1) * taps)] -
                                               term.runs[static_cast<std::size_t>(group * taps)];
                    if (count == 0) continue;
                    entries += count;
                    const bool thermometer = source.form == Form::thermometer;
                    for (std::int32_t j = 0; j < source.planes;) {
                        const std::int32_t width = thermometer ? std::min(2, source.planes - j) : as_number(source, count);
                        const std::int32_t level = term.digits[d][1] + (thermometer ? 0 : j);
                        if (level < op.counter_planes)
                            segments.push_back({group, static_cast<std::int32_t>(t), j, level, width});
                        j += width;
                    }
                }
            }
        }
        start.push_back(static_cast<std::int64_t>(segments.size()));
        needs_.list_entries = std::max(needs_.list_entries, entries);
        needs_.readings = std::max(needs_.readings, start.back() - start[start.size() - 2]);
    }
    op.segments = keep(std::move(segments));
    op.segment_start = keep(std::move(start));
    op.positive_start = keep(std::move(positive));
}

// Runs of output columns that have the same valid taps in every term and whose windows fit the cache.
void Program::make_tiles(SumOp& op, const std::vector<TermSpec>& terms) {
    std::int64_t widest = max_tile;
    for (const TermSpec& term : terms) {
        const Window& w = term.window;
        const std::int64_t column = std::min(w.kernel_y, w.height) * w.channels * slab(term.source).planes * 64;
        const std::int64_t fit = window_bytes / column - (w.kernel_x - 1) * w.dilation_x - 1;
        widest = std::min(widest, std::max<std::int64_t>(1, fit / w.stride_x + 1));
    }
    std::vector<std::int64_t> tiles;
    for (std::int64_t x = 0; x < op.out_width; ++x) {
        const bool joins = !tiles.empty() && x - tiles[tiles.size() - 2] < widest &&
                           std::all_of(terms.begin(), terms.end(), [x](const TermSpec& term) {
                               const Taps here = columns_of(term.window, x), before = columns_of(term.window, x - 1);
                               return here.first == before.first && here.last == before.last;
                           });
        if (joins)
            tiles.back() = x + 1;
        else
            tiles.insert(tiles.end(), {x, x + 1});
    }
    op.n_tiles = static_cast<std::int64_t>(tiles.size() / 2);
    op.tiles = keep(std::move(tiles));
}

void Program::add_sum(const SumSpec& spec, const std::vector<TermSpec>& terms) {
    require_open();
    const Slab& target = slab(spec.target);
    const std::size_t channels = static_cast<std::size_t>(target.channels);
    require(spec.counter_planes >= 1 && spec.counter_planes <= max_counter_planes, "sum: counter planes out of range");
    require(extent(spec.out_height) && extent(spec.out_width) && spec.out_height * spec.out_width == target.positions,
            "sum: output size does not match its target");
    require(spec.lows.size() == channels && spec.inverted.size() == channels, "sum: needs one low and direction per channel");
    require(spec.thresholds.size() == channels * spec.rises.size(), "sum: wrong number of thresholds");
    const std::uint64_t top = std::uint64_t{1} << spec.counter_planes;
    for (const std::uint64_t threshold : spec.thresholds) require(threshold < top, "sum: threshold out of range");
    for (const std::uint64_t rise : spec.rises) require(rise < std::uint64_t{1} << target.planes, "sum: rise out of range");
    const bool thermometer = target.form == Form::thermometer;
    require(!thermometer || spec.rises.size() == static_cast<std::size_t>(target.planes),
            "sum: a thermometer has one plane per threshold");
    require(!spec.keeps_sums || (!thermometer && target.step == 1 && target.planes <= spec.counter_planes),
            "sum: the target does not hold the sums");

    std::vector<Term> made;
    for (const TermSpec& term : terms) made.push_back(make_term(term, spec));
    SumOp op{};
    op.target = spec.target;
    op.counter_planes = spec.counter_planes;
    op.out_height = spec.out_height;
    op.out_width = spec.out_width;
    op.channels = target.channels;
    op.n_terms = static_cast<std::int64_t>(made.size());
    op.terms = keep(std::move(made));
    op.lows = keep(spec.lows);
    op.keeps_sums = spec.keeps_sums;
    op.n_thresholds = static_cast<std::int64_t>(spec.rises.size());
    op.thresholds = keep(spec.thresholds);
    op.inverted = keep(spec.inverted);
    op.rises = keep(spec.rises);
    make_segments(op, terms);
    make_tiles(op, terms);
    make_chunks(op);
    needs_.reaches = std::max(needs_.reaches, op.n_terms);
    sums_.push_back(op);
    written_[static_cast<std::size_t>(spec.target)] = 1;
    add_step(StepKind::sum, sums_.size() - 1);
}

}  // namespace gxnor
