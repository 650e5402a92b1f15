// The part of Program that cuts large sums into chunks; see Chunks.
#include <algorithm>
#include <array>
#include <map>

#include "checks.hpp"
#include "program.hpp"

namespace gxnor {
namespace {

constexpr std::int64_t chunk_planes = 448;    // 28 KiB of AVX-512 planes: most of a first-level cache
constexpr std::int64_t chunk_reads = 96;      // planes a channel must find in a chunk, or keeping its counter costs more
constexpr std::int64_t block_planes = 3072;   // counters kept while chunks pass: a fifth of a second-level cache
constexpr std::int64_t whole_tree = 32;       // planes; lists come in multiples, so that no tail breaks the flow
constexpr std::int64_t most_copies = 12;      // of all entries, over the patterns
constexpr std::int64_t most_pieces = (1 << 16) - 1;  // of a channel: they are counted in 16 bits

// Output places that have the same valid taps, in every term.
using Pattern = std::vector<std::array<Taps, 2>>;

std::int64_t taps_of(const Term& term) { return term.window.kernel_y * term.window.kernel_x; }

Pattern pattern_at(const SumOp& op, std::int64_t y, std::int64_t x) {
    Pattern pattern;
    for (std::int64_t t = 0; t < op.n_terms; ++t) {
        std::array<Taps, 2> taps = {rows_of(op.terms[t].window, y), columns_of(op.terms[t].window, x)};
        if (taps[0].first == taps[0].last || taps[1].first == taps[1].last) taps = {Taps{0, 0}, Taps{0, 0}};
        pattern.push_back(taps);
    }
    return pattern;
}

std::int64_t valid_taps(const std::array<Taps, 2>& taps) {
    return (taps[0].last - taps[0].first) * (taps[1].last - taps[1].first);
}

// The patterns of a sum, and which one each place has.
struct Patterns {
    std::vector<Pattern> found;
    std::vector<std::int32_t> of_place;

    explicit Patterns(const SumOp& op) {
        std::map<std::vector<std::int64_t>, std::int32_t> known;
        for (std::int64_t y = 0; y < op.out_height; ++y)
            for (std::int64_t x = 0; x < op.out_width; ++x) {
                Pattern pattern = pattern_at(op, y, x);
                std::vector<std::int64_t> key;
                for (const auto& taps : pattern)
                    for (const Taps& along : taps) key.insert(key.end(), {along.first, along.last});
                const auto entry = known.emplace(std::move(key), static_cast<std::int32_t>(found.size()));
                if (entry.second) found.push_back(std::move(pattern));
                of_place.push_back(entry.first->second);
            }
    }
};

// Source planes that an output place of a pattern reads.
std::int64_t planes_of(const SumOp& op, const Pattern& pattern, const std::vector<Slab>& slabs) {
    std::int64_t planes = 0;
    for (std::int64_t t = 0; t < op.n_terms; ++t)
        planes += valid_taps(pattern[static_cast<std::size_t>(t)]) * op.terms[t].window.channels *
                  slabs[static_cast<std::size_t>(op.terms[t].source)].planes;
    return planes;
}

}  // namespace

// Builds the lists of one sum, pattern by pattern, in the order in which they are used.
class ChunkBuilder {
public:
    ChunkBuilder(const SumOp& op, const std::vector<Slab>& slabs, std::int64_t chunks, std::int64_t block)
        : op_(op), slabs_(slabs), chunks_(chunks), block_(block) {}

    void add(const Pattern& pattern) {
        piece_start.push_back(static_cast<std::int64_t>(pieces.size()));
        for (std::int64_t begin = 0; begin < op_.channels; begin += block_) {
            const std::int64_t end = std::min(begin + block_, op_.channels);
            gather(pattern, begin, end);
            for (std::int64_t chunk = 0; chunk < chunks_; ++chunk)
                for (std::int64_t channel = begin; channel < end; ++channel)
                    for (std::int64_t half = 0; half < 2; ++half) add_half(chunk, channel, (chunk + half) & 1);
        }
    }

    std::vector<std::int64_t> piece_start;
    std::vector<std::uint16_t> pieces_in;
    std::vector<Piece> pieces;
    std::vector<std::uint32_t> entries;

private:
    void gather(const Pattern& pattern, std::int64_t begin, std::int64_t end) {
        lists_.clear();
        list_at_.clear();
        first_segment_ = op_.segment_start[begin];
        for (std::int64_t s = first_segment_; s < op_.segment_start[end]; ++s) {
            if (s == first_segment_ || !same_list(op_.segments[s - 1], op_.segments[s]))
                lists_.push_back(list_of(op_.segments[s], pattern));
            list_at_.push_back(lists_.size() - 1);
        }
    }

    // The planes of a source that enter one by one read the same entries, which are kept once.
    static bool same_list(const Segment& a, const Segment& b) {
        return a.term == b.term && a.group == b.group && a.width == b.width;
    }

    // The valid entries of a segment's group, relative to the first valid tap.
    std::vector<std::uint32_t> list_of(const Segment& segment, const Pattern& pattern) const {
        const Term& term = op_.terms[segment.term];
        const Slab& source = slabs_[static_cast<std::size_t>(term.source)];
        const Window& w = term.window;
        const auto& taps = pattern[static_cast<std::size_t>(segment.term)];
        const std::int64_t neuron = w.channels * source.planes;
        const std::uint32_t skip = static_cast<std::uint32_t>(
            (taps[0].first * w.dilation_y * w.width + taps[1].first * w.dilation_x) * neuron);
        const std::int64_t* runs = term.runs + segment.group * taps_of(term);
        std::vector<std::uint32_t> list;
        for (std::int64_t ky = taps[0].first; ky < taps[0].last; ++ky) {
            const std::int64_t row = ky * w.kernel_x;
            for (std::int64_t i = runs[row + taps[1].first]; i < runs[row + taps[1].last]; ++i)
                list.push_back(term.entries[i] - skip);
        }
        return list;
    }

    void add_half(std::int64_t chunk, std::int64_t channel, std::int64_t sign) {
        const std::int64_t turn = op_.positive_start[channel];
        const std::int64_t from = sign == 0 ? op_.segment_start[channel] : turn;
        const std::int64_t to = sign == 0 ? turn : op_.segment_start[channel + 1];
        std::uint16_t made = 0;
        for (std::int64_t s = from; s < to; ++s) {
            const Segment& segment = op_.segments[s];
            const std::vector<std::uint32_t>& list = lists_[list_at_[static_cast<std::size_t>(s - first_segment_)]];
            const std::int64_t size = static_cast<std::int64_t>(list.size());
            const std::int64_t first = share(size, chunk, segment.width), last = share(size, chunk + 1, segment.width);
            if (first >= last) continue;
            const bool same = s > from && same_list(op_.segments[s - 1], segment);
            const std::int64_t at = same ? pieces.back().first : static_cast<std::int64_t>(entries.size());
            pieces.push_back({at, static_cast<std::int32_t>(last - first), segment.term, segment.plane,
                              static_cast<std::int16_t>(segment.level), static_cast<std::int16_t>(segment.width)});
            if (!same) entries.insert(entries.end(), list.begin() + first, list.begin() + last);
            ++made;
        }
        pieces_in.push_back(made);
    }

    // How many entries come before a chunk: equal shares in whole trees of adders, the rest in the last.
    std::int64_t share(std::int64_t size, std::int64_t chunk, std::int64_t width) const {
        const std::int64_t whole = whole_tree / width;
        const std::int64_t each = (2 * size + whole * chunks_) / (2 * whole * chunks_) * whole;
        return chunk == chunks_ ? size : std::min(size, each * chunk);
    }

    const SumOp& op_;
    const std::vector<Slab>& slabs_;
    const std::int64_t chunks_, block_;
    std::int64_t first_segment_ = 0;
    std::vector<std::vector<std::uint32_t>> lists_;  // of the block
    std::vector<std::size_t> list_at_;               // [segment of the block] its list
};

std::vector<std::int64_t> Program::chunks() const {
    std::vector<std::int64_t> counts;
    for (const SumOp& op : sums_) counts.push_back(std::max<std::int64_t>(1, op.chunks.count));
    return counts;
}

// Cuts a sum into as many chunks as make each fit the first cache, but no more than leave a channel enough to add; not at
// all where that is one, or where padding makes too many patterns or projections too many pieces.
void Program::make_chunks(SumOp& op) {
    op.chunks = {};
    std::int64_t reads = 0, planes = 0, room = 0;
    for (std::int64_t s = 0; s < op.segment_start[op.channels]; ++s) {
        const Segment& segment = op.segments[s];
        const Term& term = op.terms[segment.term];
        reads += (term.runs[(segment.group + 1) * taps_of(term)] - term.runs[segment.group * taps_of(term)]) * segment.width;
    }
    for (std::int64_t t = 0; t < op.n_terms; ++t) {
        const Window& w = op.terms[t].window;
        planes += std::min(w.kernel_y, w.height) * std::min(w.kernel_x, w.width) * w.channels *
                  slabs_[static_cast<std::size_t>(op.terms[t].source)].planes;
    }
    const std::int64_t count = std::min((planes + chunk_planes - 1) / chunk_planes, reads / op.channels / chunk_reads);
    if (planes <= chunk_planes * 4 / 3 || count < 2) return;
    for (std::int64_t channel = 0; channel < op.channels; ++channel)
        if (op.segment_start[channel + 1] - op.segment_start[channel] > most_pieces) return;
    const Patterns patterns(op);
    for (const Pattern& pattern : patterns.found) room += planes_of(op, pattern, slabs_);
    if (room > most_copies * planes) return;
    op.chunks.count = count;
    op.chunks.kept_planes = (op.counter_planes + 1) / 2 * 2;
    const auto plain = [&op](std::int32_t width) {
        return std::all_of(op.segments, op.segments + op.segment_start[op.channels],
                           [width](const Segment& s) { return s.level == 0 && s.width == width; });
    };
    op.chunks.plain_width = plain(2) ? 2 : plain(1) ? 1 : 0;
    op.chunks.channel_block = std::min(op.channels, std::max<std::int64_t>(1, block_planes / op.chunks.kept_planes));
    ChunkBuilder builder(op, slabs_, count, op.chunks.channel_block);
    for (const Pattern& pattern : patterns.found) builder.add(pattern);
    op.chunks.pattern = keep(patterns.of_place);
    op.chunks.piece_start = keep(std::move(builder.piece_start));
    op.chunks.pieces_in = keep(std::move(builder.pieces_in));
    op.chunks.pieces = keep(std::move(builder.pieces));
    op.chunks.entries = keep(std::move(builder.entries));
    needs_.sum_planes = std::max(needs_.sum_planes, op.chunks.channel_block * op.chunks.kept_planes);
}

}  // namespace gxnor
